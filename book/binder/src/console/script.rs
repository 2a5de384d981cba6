//! What a chapter has typed: its console blocks, their flags, their commands, and what each is expected to print.

use anyhow::{Result, bail};

use crate::markdown::{Block, Piece, pieces};

/// What stands after `console` in the info of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Typed by root.
    pub root: bool,
    /// What the host must be able to do: names of groundwork's `Need`, and `Cargo`.
    pub needs: Vec<String>,
    /// Never executed.
    pub norun: bool,
    /// What no flag is called.
    pub unknown: Vec<String>,
}

/// A console block of a chapter.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Where it stands: the number of the line with its fence.
    pub line: usize,
    /// What stands before each of its lines.
    pub indent: String,
    /// For whom and where.
    pub flags: Flags,
    /// Why it is not run, for a block that is not.
    pub norun: Option<String>,
    /// What is typed, in order.
    pub commands: Vec<Command>,
}

/// One command, and what it prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The number of its line.
    pub line: usize,
    /// True when it is typed to the shell that the command before has started.
    pub nested: bool,
    /// How many lines it has.
    pub lines: usize,
    /// The command, without its prompts.
    pub text: String,
    /// What it is expected to print.
    pub expected: Vec<String>,
}

impl Flags {
    /// Reads them.
    pub fn of(block: &Block) -> Self {
        let mut flags = Self::default();
        for word in block.flags() {
            match (word, word.strip_prefix("needs-")) {
                ("root", _) => flags.root = true,
                ("norun", _) => flags.norun = true,
                (_, Some(need)) => flags.needs.push(need.to_owned()),
                _ => flags.unknown.push(word.to_owned()),
            }
        }
        flags
    }
}

/// The console blocks of a chapter.
///
/// # Errors
/// A block that breaks the conventions, with its line.
pub fn transcripts(text: &str) -> Result<Vec<Transcript>> {
    let mut found = Vec::new();
    let mut before = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Line(_, line) if line.trim().is_empty() => {}
            Piece::Line(_, line) => before = line,
            Piece::Block(block) if block.language() == "console" => {
                let reason = before.trim().strip_prefix("<!-- norun:").and_then(|rest| rest.strip_suffix("-->"));
                found.push(transcript(&block, reason.map(|reason| reason.trim().to_owned()))?);
                before.clear();
            }
            Piece::Block(_) => before.clear(),
        }
    }
    Ok(found)
}

fn transcript(block: &Block, reason: Option<String>) -> Result<Transcript> {
    let flags = Flags::of(block);
    let line = block.line;
    match (&flags.unknown[..], &reason) {
        ([unknown, ..], _) => bail!("line {line}: there is no flag {unknown}: root, needs-NEED, norun"),
        (_, None) if flags.norun => {
            bail!("line {line}: `<!-- norun: why -->` must stand above a block that is not run")
        }
        (_, Some(_)) if !flags.norun => bail!("line {line}: a reason not to run it, and no flag norun"),
        _ => {}
    }
    let commands = commands(block)?;
    Ok(Transcript { line, indent: block.indent.clone(), flags, norun: reason, commands })
}

fn commands(block: &Block) -> Result<Vec<Command>> {
    let mut found: Vec<Command> = Vec::new();
    for (at, line) in block.body.iter().enumerate() {
        let number = block.line_of(at);
        let typed = prompt(line, found.last(), found.is_empty());
        match (typed, found.last_mut()) {
            (Some((nested, text)), _) => {
                let (text, expected) = (text.to_owned(), Vec::new());
                found.push(Command { line: number, nested, lines: 1, text, expected });
            }
            (None, Some(last)) if last.expected.is_empty() && is_continuation(line) => {
                last.text.push('\n');
                last.text.push_str(line.get(2..).unwrap_or_default());
                last.lines += 1;
            }
            (None, Some(last)) => last.expected.push(line.clone()),
            (None, None) => bail!("line {number}: a console block begins with `$ `, or with `# ` if the shell goes on"),
        }
    }
    match found.is_empty() {
        true => bail!("line {}: nothing is typed in this block", block.line),
        false => Ok(found),
    }
}

/// What a line types, if it does: in a block that a `$ ` begins, `# ` comes from whoever reads what that has started.
fn prompt<'a>(line: &'a str, last: Option<&Command>, is_first: bool) -> Option<(bool, &'a str)> {
    if let Some(text) = line.strip_prefix("$ ") {
        return Some((false, text));
    }
    let text = line.strip_prefix("# ")?;
    let left = last.is_some_and(|last| last.nested && last.text.trim() == "exit");
    (is_first || !left).then_some((true, text))
}

fn is_continuation(line: &str) -> bool {
    line.starts_with("> ") || line == ">"
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAPTER: &str = "\
# A chapter

```console,needs-Overlayfs
$ echo one \\
> two
one two
$ sh
hello
# echo $$
1
# exit
$ echo last
last
```

<!-- norun: it never ends -->

```console root,norun
$ sleep inf
```
";

    #[test]
    fn a_block_is_commands_and_what_they_print() {
        let found = transcripts(CHAPTER).unwrap();
        assert_eq!(found[0].flags.needs, ["Overlayfs"]);
        let commands: Vec<_> = found[0].commands.iter().map(|one| (one.line, one.nested, one.text.as_str())).collect();
        let expected = [(4, false, "echo one \\\ntwo"), (7, false, "sh"), (9, true, "echo $$"), (11, true, "exit")];
        assert_eq!(commands[..4], expected);
        assert_eq!(found[0].commands[1].expected, ["hello"]);
        assert_eq!(found[0].commands[4].expected, ["last"]);
        assert!(found[1].flags.root && found[1].flags.norun);
        assert_eq!(found[1].norun.as_deref(), Some("it never ends"));
    }

    #[test]
    fn what_breaks_the_conventions_is_named_with_its_line() {
        for (wrong, said) in [
            ("```console\nls\n```\n", "line 2"),
            ("```console\n```\n", "nothing is typed"),
            ("```console,norun\n$ ls\n```\n", "norun: why"),
            ("<!-- norun: x -->\n```console\n$ ls\n```\n", "no flag norun"),
            ("```console,rot\n$ ls\n```\n", "rot"),
        ] {
            let error = transcripts(wrong).unwrap_err().to_string();
            assert!(error.contains(said), "{wrong:?}: {error}");
        }
    }
}
