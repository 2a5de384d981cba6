//! A container runtime: everything else is in the library.

#![cfg_attr(target_env = "gnu", no_main)]

use groundwork::cli;
use runtime::verbs::Boxwright;

/// Called by the C library: see [`groundwork::cli::begin`].
#[cfg(target_env = "gnu")]
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "its name is the C library's; watched by a_stream_that_was_closed_is_no_file_of_ours")]
extern "C" fn main() -> std::ffi::c_int {
    cli::begin(cli::main::<Boxwright>)
}

/// Other C libraries tell a program's words to its main alone, and Rust's own keeps them.
#[cfg(not(target_env = "gnu"))]
fn main() -> std::process::ExitCode {
    cli::main::<Boxwright>()
}
