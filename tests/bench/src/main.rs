//! `cargo workshop bench`: how fast it is.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::options::main()
}
