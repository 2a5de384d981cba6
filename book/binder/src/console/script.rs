//! What a chapter has typed: its console blocks, their flags, their commands, and what each is expected to print.

use anyhow::{Result, bail};

use crate::markdown::{Block, Piece, pieces};

/// What is typed to the shell of a session.
const OUTER: &str = "$ ";
/// What is typed to whatever shell that has started.
const INNER: &str = "# ";

/// What stands after `console` in the info of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Typed by root.
    pub root: bool,
    /// What the host must be able to do: names of groundwork's `Need`.
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
    let blocks = consoles(text);
    let transcript = |(at, (block, reason)): (usize, &(Block, Option<String>))| {
        let flags = Flags::of(block);
        let next = blocks[at + 1..].iter().find(|(next, _)| Flags::of(next).root == flags.root);
        let goes_on = next.is_some_and(|(next, _)| next.body.first().is_some_and(|line| line.starts_with(INNER)));
        transcript(block, flags, reason.clone(), goes_on)
    };
    blocks.iter().enumerate().map(transcript).collect()
}

/// The console blocks, and the reasons why some of them are not run.
fn consoles(text: &str) -> Vec<(Block, Option<String>)> {
    let mut found = Vec::new();
    let mut before = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Line(_, line) if line.trim().is_empty() => {}
            Piece::Line(_, line) => before = line,
            Piece::Block(block) => {
                let reason = before.trim().strip_prefix("<!-- norun:").and_then(|rest| rest.strip_suffix("-->"));
                let reason = reason.map(|reason| reason.trim().to_owned());
                if block.language() == "console" {
                    found.push((block, reason));
                }
                before.clear();
            }
        }
    }
    found
}

fn transcript(block: &Block, flags: Flags, reason: Option<String>, goes_on: bool) -> Result<Transcript> {
    let line = block.line;
    match (&flags.unknown[..], &reason) {
        ([unknown, ..], _) => bail!("line {line}: there is no flag {unknown}: root, needs-NEED, norun"),
        (_, None) if flags.norun => {
            bail!("line {line}: `<!-- norun: why -->` must stand above a block that is not run")
        }
        (_, Some(_)) if !flags.norun => bail!("line {line}: a reason not to run it, and no flag norun"),
        _ => {}
    }
    let commands = commands(block, goes_on)?;
    Ok(Transcript { line, indent: block.indent.clone(), flags, norun: reason, commands })
}

/// The lines of a block as commands. `goes_on`: the next block is typed to the shell that the last command has started.
fn commands(block: &Block, goes_on: bool) -> Result<Vec<Command>> {
    let mut found: Vec<Command> = Vec::new();
    for (at, line) in block.body.iter().enumerate() {
        let number = block.line_of(at);
        let typed = match (line.strip_prefix(OUTER), line.strip_prefix(INNER)) {
            (Some(text), _) => Some((false, text)),
            (_, Some(text)) if is_typed(&block.body, at, goes_on) => Some((true, text)),
            _ => None,
        };
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

/// Whether a line that begins with `# ` is typed. `--explain` prints such lines too: so they are typed only up to a
/// `# exit` that comes before the next `$ `, in this block or in one that follows.
fn is_typed(body: &[String], at: usize, goes_on: bool) -> bool {
    let mut after = body[at..].iter().take_while(|line| !line.starts_with(OUTER));
    let ends_here = after.any(|line| line.split_whitespace().take(2).eq(["#", "exit"]));
    let is_last = !body[at..].iter().any(|line| line.starts_with(OUTER));
    let follows = body[0].starts_with(INNER) && !body[..at].iter().any(|line| line.starts_with(OUTER));
    ends_here || (is_last && goes_on) || (follows && at == 0)
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
    fn a_reason_that_is_told_is_not_typed() {
        let text = "```console\n$ a --explain\n# why\ncall() = 0\n$ sh\n# x\n# exit\n$ b\n# c\n```\n\n```console\n$ sh\n```\n\n```console\n# y\n# exit\n```\n";
        let found = transcripts(text).unwrap();
        let typed = |at: usize| found[at].commands.iter().map(|one| one.text.as_str()).collect::<Vec<_>>();
        assert_eq!(
            [typed(0), typed(1), typed(2)],
            [vec!["a --explain", "sh", "x", "exit", "b"], vec!["sh"], vec!["y", "exit"]]
        );
        assert_eq!(found[0].commands[0].expected, ["# why", "call() = 0"]);
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
