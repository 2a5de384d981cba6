//! What mdBook's own page says around the text, and how one turns from one language to the other.

/// The words of mdBook's page.
pub const WORDS: [&str; 0] = [];
