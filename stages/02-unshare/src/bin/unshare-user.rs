//! `unshare-user [--map INSIDE:OUTSIDE:COUNT]… -- COMMAND`: run a command with ids of its own.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Parser;
use groundwork::Kernel;
use groundwork::cli::{Command, Stage, Telling};
use groundwork::refusal::WithHint;
use unshare::user::{self, Maps, Range};

const EXAMPLES: &str = "\
Examples:
  unshare-user -- id                                root; outside it is you
  unshare-user -- cat /proc/self/uid_map            0, your id, 1: inside, outside, how many
  unshare-user -- cat /proc/self/setgroups          deny: the price of writing one's own gid_map
  unshare-user --sub-ids -- cat /proc/self/uid_map  65536 more, if /etc/subuid grants them to you
  unshare-user --map 1000:$(id -u):1 --map-groups 1000:$(id -g):1 -- id
  unshare-user --map 0:100000:65536 -- id           root is 100000 outside: not even you

What to know:
  - Inside, you have every capability, over what belongs to this user namespace. Over what belongs
    to the host you have what you had before: your root reads no file that you may not read.
  - Anyone may map their own id, once. To map others takes CAP_SETUID outside, or newuidmap(1),
    which has it and asks /etc/subuid.
  - A map is written once, and never again. An id that is not mapped shows as 65534, nobody.

See also: unshare(2), user_namespaces(7), subuid(5), newuidmap(1), capabilities(7)";

/// Run a command with user and group ids of its own
///
/// A user namespace has its own numbers for users and groups, and its own root. A map says which
/// id inside stands for which id outside; the kernel asks the outer one whenever it matters. It is
/// the one namespace that needs no privilege to make, and it gives the privilege to make the rest.
#[derive(Parser)]
#[command(name = env!("CARGO_BIN_NAME"), version, after_help = EXAMPLES)]
struct Options {
    /// Map COUNT user and group ids from INSIDE on to those from OUTSIDE on; may be given again
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT")]
    map: Vec<Range>,
    /// Other lines for groups than for users
    #[arg(long, value_name = "INSIDE:OUTSIDE:COUNT", requires = "map")]
    map_groups: Vec<Range>,
    /// Map every id you may have: your own as root, and those that /etc/subuid grants you
    #[arg(long, conflicts_with = "map")]
    sub_ids: bool,
    #[command(flatten)]
    command: Command,
    #[command(flatten)]
    telling: Telling,
}

impl Stage for Options {
    fn telling(&self) -> &Telling {
        &self.telling
    }

    fn run(self, kernel: &Kernel) -> Result<ExitCode> {
        let maps = self.maps()?;
        if maps.are_mine() {
            user::own_ids_as(kernel, &maps)?;
            return self.command.program().exec(kernel);
        }
        user::own_mapped_ids(kernel, &maps, || self.command.program().exec(kernel))
    }
}

impl Options {
    fn maps(&self) -> Result<Maps> {
        if self.sub_ids {
            let widest = Maps::widest();
            let narrow = || Err(anyhow!("--sub-ids: nobody grants you more ids than your own"));
            return if widest.are_mine() { narrow().hint(GRANTS) } else { Ok(widest) };
        }
        if self.map.is_empty() {
            return Ok(Maps::only_me());
        }
        let groups = if self.map_groups.is_empty() { &self.map } else { &self.map_groups };
        Ok(Maps { users: self.map.clone(), groups: groups.clone() })
    }
}

const GRANTS: &str = "as root: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 NAME`, \
                      and install the package uidmap";

fn main() -> ExitCode {
    groundwork::cli::main::<Options>()
}
