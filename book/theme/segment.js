// Chinese has no spaces between its words: two characters each are found together. The index is made in the same way, by
// book/binder/src/languages/search.rs; this stands at the end of the search engine of editions that need it.
"use strict";

(() => {
  const RUNS = /\p{Script=Han}+|[^\p{Script=Han}\u2010-\u2027\u3000-\u303f\uff00-\uffef]+/gu;
  const isHan = (word) => /^\p{Script=Han}/u.test(word);
  // One character alone stands for all words that begin with it: the index has the last one of each run by itself.
  const pairs = (run) => {
    const letters = [...run];
    return letters.length === 1 ? letters : letters.slice(1).map((letter, at) => letters[at] + letter);
  };
  const { tokenizer, trimmer } = elasticlunr;
  const segmented = (text) =>
    tokenizer(text).flatMap((word) => (word.match(RUNS) ?? []).flatMap((run) => (isHan(run) ? pairs(run) : [run])));
  elasticlunr.tokenizer = Object.assign(segmented, tokenizer);
  elasticlunr.Pipeline.registerFunction((word) => (isHan(word) ? word : trimmer(word)), "trimmer-han");

  const BEFORE = 30;
  const AFTER = 90;
  /** The part of a text (HTML, escaped) around the first of the words, which are marked. */
  elasticlunr.teaser = (text, words) => {
    const quoted = words.filter((word) => word !== "").map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const wanted = new RegExp(quoted.join("|") || "$^", "gi");
    const found = Math.max(text.search(wanted), 0);
    const from = Math.max(found - BEFORE, 0);
    // Half an entity would be shown as what it is written with.
    const part = text.slice(from, found + AFTER).replace(/^[^&;]{0,5};/, "").replace(/&[^;]{0,5}$/, "");
    return part.replace(wanted, "<em>$&</em>");
  };
})();
