//! A container runtime: everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    groundwork::cli::main::<runtime::verbs::Boxwright>()
}
