//! What `--help` says of every program: lines that can be read, and how its exit status is meant.
//!
//! clap breaks lines only with one more crate; all that is needed of it is here.

use clap::builder::{Resettable, StyledStr};
use clap::{Arg, Command};

/// The longest line.
const WIDTH: usize = 100;
/// How far clap moves in what it says of an option.
const INDENT: usize = 10;

const OF_A_COMMAND: &str = "\
Exit status: that of the command, 128 + n when signal n ended it; 125 when this program failed,
126 when the command cannot be run, 127 when it is not there.";
const OF_ITS_OWN: &str = "Exit status: 0 when all is done, 125 when it is not, 128 + n when signal n ended it.";

/// The same program, as people read it.
pub(super) fn readable(mut command: Command) -> Command {
    // Verbs are filled in only now: see `Command::defer`.
    command.build();
    in_readable_lines(command)
}

fn in_readable_lines(command: Command) -> Command {
    let (about, long) = (text(command.get_about(), WIDTH), text(command.get_long_about(), WIDTH));
    let after = with_exit_status(&command);
    let command = command.about(about).long_about(long).after_help(after);
    command.mut_args(readable_argument).mut_subcommands(in_readable_lines)
}

fn readable_argument(argument: Arg) -> Arg {
    let width = WIDTH - INDENT;
    let (help, long) = (text(argument.get_help(), width), text(argument.get_long_help(), width));
    argument.help(help).long_help(long)
}

fn text(text: Option<&StyledStr>, width: usize) -> Resettable<StyledStr> {
    text.map(|text| in_lines(&text.to_string(), width).into()).into()
}

/// What stands below the options. The last paragraph names what to read next, and stays the last.
fn with_exit_status(command: &Command) -> String {
    let own = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let status = if runs_a_command(command) { OF_A_COMMAND } else { OF_ITS_OWN };
    match own.rsplit_once("\n\n") {
        _ if own.contains("Exit status:") => own,
        Some((first, last)) => format!("{first}\n\n{status}\n\n{last}"),
        None if own.is_empty() => status.to_owned(),
        None => format!("{own}\n\n{status}"),
    }
}

fn runs_a_command(command: &Command) -> bool {
    command.get_arguments().any(Arg::is_last_set) || command.get_subcommands().any(runs_a_command)
}

/// Breaks lines that are longer than this between two words.
fn in_lines(text: &str, width: usize) -> String {
    text.lines().map(|line| broken(line, width)).collect::<Vec<_>>().join("\n")
}

fn broken(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    let (mut lines, mut length) = (String::new(), 0);
    for word in line.split(' ') {
        let letters = word.chars().count();
        if length > 0 && length + 1 + letters > width {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += letters;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(in_lines("one two three\n\nfour", 8), "one two\nthree\n\nfour");
        assert_eq!(in_lines("longer-than-that one", 8), "longer-than-that\none");
        assert_eq!(in_lines("  indented", 10), "  indented");
    }

    #[test]
    fn what_to_read_next_stays_the_last() {
        let program = Command::new("one").after_help("Examples:\n  one\n\nSee also: one(1)");
        assert_eq!(with_exit_status(&program), format!("Examples:\n  one\n\n{OF_ITS_OWN}\n\nSee also: one(1)"));
    }

    #[test]
    fn a_program_that_runs_a_command_ends_like_it() {
        let runs = Command::new("two").arg(Arg::new("command").num_args(0..).last(true));
        assert_eq!(with_exit_status(&runs), OF_A_COMMAND);
        assert_eq!(with_exit_status(&Command::new("verbs").subcommand(runs)), OF_A_COMMAND);
        let knows = Command::new("three").after_help("Exit status: always 0.");
        assert_eq!(with_exit_status(&knows), "Exit status: always 0.");
    }
}
