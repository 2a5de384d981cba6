//! `cargo workshop vm`: a machine of the course's own. Inside it, the same program is the first process.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::process::id() == 1 { machine::guest::main() } else { machine::main() }
}
