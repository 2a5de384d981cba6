//! `binder`: builds, serves and tests the book, which `cargo workshop book` starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    binder::cli::main()
}
