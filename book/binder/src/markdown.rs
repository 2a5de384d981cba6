//! Markdown, taken apart line by line: lines, and fenced blocks.

/// A part of a chapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A line outside of any block.
    Line(usize, String),
    /// A fenced block.
    Block(Block),
}

/// A fenced block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the line with the opening fence, counted from 1.
    pub line: usize,
    /// What stands before the fence, on each line: a block may belong to an item of a list.
    pub indent: String,
    /// The fence: three backticks or more.
    pub fence: String,
    /// What stands after the opening fence: `console,root`.
    pub info: String,
    /// The lines between the fences, without the indentation.
    pub body: Vec<String>,
}

impl Block {
    /// The words of the info: the language, then flags.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.info.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty())
    }

    /// The language.
    pub fn language(&self) -> &str {
        self.words().next().unwrap_or_default()
    }

    /// The flags after it.
    pub fn flags(&self) -> impl Iterator<Item = &str> {
        self.words().skip(1)
    }

    /// The number of a line of the body, counted from 1 in its file.
    pub fn line_of(&self, at: usize) -> usize {
        self.line + 1 + at
    }
}

/// Takes a text apart. A block that is never closed reaches to the end.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in text.lines().enumerate() {
        match &mut open {
            Some(block) if closes(line, &block.fence) => found.extend(open.take().map(Piece::Block)),
            Some(block) => block.body.push(line.strip_prefix(block.indent.as_str()).unwrap_or(line).to_owned()),
            None => match opened(at + 1, line) {
                Some(block) => open = Some(block),
                None => found.push(Piece::Line(at + 1, line.to_owned())),
            },
        }
    }
    found.extend(open.map(Piece::Block));
    found
}

/// The fenced blocks of a text.
pub fn blocks(text: &str) -> impl Iterator<Item = Block> {
    pieces(text).into_iter().filter_map(|piece| if let Piece::Block(block) = piece { Some(block) } else { None })
}

fn opened(line: usize, text: &str) -> Option<Block> {
    let rest = text.trim_start_matches(' ');
    let mark = rest.chars().next().filter(|mark| ['`', '~'].contains(mark))?;
    let info = rest.trim_start_matches(mark);
    let fence = &rest[..rest.len() - info.len()];
    // An inline span may stand alone on a line too, and then its backticks come again.
    if fence.len() < 3 || (mark == '`' && info.contains('`')) {
        return None;
    }
    let indent = text[..text.len() - rest.len()].to_owned();
    Some(Block { line, indent, fence: fence.to_owned(), info: info.trim().to_owned(), body: Vec::new() })
}

fn closes(line: &str, fence: &str) -> bool {
    let line = line.trim();
    line.len() >= fence.len() && fence.chars().next().is_some_and(|mark| line.chars().all(|other| other == mark))
}

/// A fence that is longer than any in the text.
pub fn fence_for(text: &str) -> String {
    let longest = text.lines().map(|line| line.trim_start().chars().take_while(|mark| *mark == '`').count()).max();
    "`".repeat(longest.unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_knows_its_line_its_flags_and_its_body() {
        let text = "one\n\n- item\n  ```console,root needs-Overlayfs\n  $ ls\n    x\n  ```\nlast\n";
        let found: Vec<_> = blocks(text).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].language()), (4, "console"));
        assert_eq!(found[0].flags().collect::<Vec<_>>(), ["root", "needs-Overlayfs"]);
        assert_eq!(found[0].body, ["$ ls", "  x"]);
        assert_eq!(found[0].line_of(0), 5);
        assert_eq!(pieces(text).last(), Some(&Piece::Line(8, "last".to_owned())));
    }

    #[test]
    fn a_longer_fence_holds_shorter_ones() {
        let found: Vec<_> = blocks("````text\n```\nx\n```\n````\n").collect();
        assert_eq!(found[0].body, ["```", "x", "```"]);
        assert_eq!(fence_for("a\n```\n"), "````");
        assert_eq!(fence_for("a\n"), "```");
    }

    #[test]
    fn a_span_of_code_is_no_fence() {
        assert_eq!(blocks("```x``` is a span\n").count(), 0);
    }
}
