//! What is to be started in a sandbox, and by whom.

use std::path::Path;

/// Who runs a program in the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Who {
    /// A user without any rights.
    #[default]
    Ordinary,
    /// Root: of the host when that is who runs the grader, otherwise of the sandbox.
    Root,
    /// Whoever runs the grader, and owns its files.
    Grader,
}

/// A program to start.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// A program that becomes it, and its own arguments; mostly none. It is not part of the command that is told.
    pub gate: &'a [&'a str],
    /// Its path inside, and its arguments.
    pub arguments: &'a [String],
    /// Its environment.
    pub environment: &'a [(String, String)],
    /// Where it starts.
    pub directory: &'a Path,
    /// Who runs it.
    pub who: Who,
}
