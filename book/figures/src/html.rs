//! Text in HTML and SVG.

/// With everything escaped that has a meaning there.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(letter),
        }
    }
    safe
}

/// A translated sentence with its gaps filled: `{0}`, `{1}` …
pub(crate) fn filled(sentence: &str, words: &[&str]) -> String {
    let gap = |text: String, (at, word): (usize, &&str)| text.replace(&format!("{{{at}}}"), word);
    words.iter().enumerate().fold(sentence.to_owned(), gap)
}
