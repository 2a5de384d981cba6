//! Rows of words as columns that line up.

/// The rows with each column as wide as its widest word; columns of numbers end where their heading ends.
///
/// The first row is the heading.
pub fn table(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|word| word.chars().count()).max();
    let widths: Vec<_> = (0..).map_while(width).collect();
    let is_numeric = |column: usize| {
        rows.iter().skip(1).filter_map(|row| row.get(column)).all(|word| word == "-" || word.parse::<u64>().is_ok())
    };
    let numeric: Vec<_> = (0..widths.len()).map(is_numeric).collect();
    let lines = rows.iter().map(|row| {
        let words = row.iter().enumerate().map(|(column, word)| {
            let width = widths[column];
            if numeric[column] { format!("{word:>width$}") } else { format!("{word:<width$}") }
        });
        words.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    });
    lines.collect()
}

/// A row of words.
pub fn row<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// At most this many letters of a command line, so that a row stays one line.
pub fn shortened(text: &str) -> String {
    const MOST: usize = 48;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_and_numbers_end_in_one_line() {
        let rows = [row(["KIND", "PID", "COMMAND"]), row(["net", "7", "sh"]), row(["cgroup", "1234", ""])];
        assert_eq!(table(&rows), "KIND     PID  COMMAND\nnet        7  sh\ncgroup  1234\n");
    }

    #[test]
    fn a_long_command_says_that_it_was_cut() {
        assert_eq!(shortened("short"), "short");
        let cut = shortened(&"é".repeat(80));
        assert!(cut.ends_with('…') && cut.chars().count() == 48);
    }
}
