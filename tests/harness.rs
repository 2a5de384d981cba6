//! What the judges share. A judge reads:
//!
//! ```ignore
//! #[test]
//! fn a_host_name_is_private() {
//!     needs!(UserNamespaces);
//!     let room = room!();
//!     assert_eq!(room.run("unshare-uts", ["--", "hostname"]).ok(), "box\n");
//! }
//! ```
//!
//! At its end the room looks around: whatever is on the host that was not there before is named, and fails the judge.

mod attribution;
mod audit;
mod filters;
mod needs;
mod process;
mod programs;
mod ran;
mod room;
mod rootfs;
mod terminal;

pub use audit::cgroups;
pub use needs::{Need, are_met, is_root};
pub use process::{Process, namespace_of, namespaces_of};
pub use programs::{program, programs, repository, target_directory};
pub use ran::{Ran, Running};
pub use room::Room;
pub use rootfs::rootfs;
pub use terminal::Terminal;

/// The first line of a judge: what it needs. Where that is missing, says so and ends the judge.
macro_rules! needs {
    ($($need:ident),+ $(,)?) => {
        if !$crate::harness::are_met(name!(), &[$($crate::harness::Need::$need),+]) {
            return;
        }
    };
}

/// A room for this judge alone.
macro_rules! room {
    () => {
        $crate::harness::Room::new(name!())
    };
}

/// The path of the function this stands in.
macro_rules! name {
    () => {{
        fn here() {}
        let name = std::any::type_name_of_val(&here);
        name.trim_end_matches("::here").trim_start_matches("judges::")
    }};
}
