//! `workshop`: the guide through the exercises, which `cargo workshop` starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    grader::guide::main()
}
