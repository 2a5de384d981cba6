//! A small pen: lines, boxes and words, measured well enough to fit.
//!
//! Everything is drawn in the colour of the text around it, so that it can be read on any ground. What is new or our own is
//! told by a pattern and a word, and never by a colour.

use std::fmt::Write;

use crate::html::escaped;

/// The height of a line of text.
pub const LINE: f64 = 18.0;
/// How wide a letter of a size of 13 is at most, in a font in which all are alike.
const LETTER: f64 = 7.85;

/// How something is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// A thin line.
    #[default]
    Plain,
    /// Hatched, with a thick line.
    Own,
    /// A broken line.
    Dashed,
}

/// A drawing that grows as things are put on it.
#[derive(Debug, Default)]
pub struct Svg {
    /// Unique on a page: the patterns are named after it.
    name: String,
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    /// Nothing yet. The name is unique on a page.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    fn reaches(&mut self, x: f64, y: f64) {
        self.width = self.width.max(x);
        self.height = self.height.max(y);
    }

    /// Words whose line begins here; gives the place where it ends.
    pub fn text(&mut self, x: f64, y: f64, text: &str) -> f64 {
        self.words(x, y, text, "", 1.0)
    }

    /// Words that stand out.
    pub fn strong(&mut self, x: f64, y: f64, text: &str) -> f64 {
        self.words(x, y, text, " font-weight=\"bold\"", 1.0)
    }

    /// Words in the middle of a place.
    pub fn middle(&mut self, x: f64, y: f64, text: &str) {
        self.words(x, y, text, " text-anchor=\"middle\"", 0.5);
    }

    fn words(&mut self, x: f64, y: f64, text: &str, attributes: &str, share: f64) -> f64 {
        let _ = writeln!(self.body, "<text x=\"{x}\" y=\"{y}\"{attributes}>{}</text>", escaped(text));
        let end = x + width(text) * share;
        self.reaches(end, y + 6.0);
        end
    }

    /// A box, with this corner and of this size.
    pub fn rect(&mut self, x: f64, y: f64, wide: f64, high: f64, look: Look) {
        let name = &self.name;
        let style = match look {
            Look::Plain => "fill=\"none\" stroke-width=\"1\"".to_owned(),
            Look::Own => format!("fill=\"url(#hatch-{name})\" stroke-width=\"2\""),
            Look::Dashed => "fill=\"none\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"".to_owned(),
        };
        let _ = writeln!(
            self.body,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{high}\" rx=\"4\" {style} stroke=\"currentColor\"/>"
        );
        self.reaches(x + wide, y + high);
    }

    /// From place to place.
    pub fn line(&mut self, places: &[(f64, f64)]) {
        self.drawn(places, "");
    }

    /// The same, with a head at its end.
    pub fn arrow(&mut self, places: &[(f64, f64)]) {
        let head = format!(" marker-end=\"url(#head-{})\"", self.name);
        self.drawn(places, &head);
    }

    fn drawn(&mut self, places: &[(f64, f64)], head: &str) {
        let points: Vec<_> = places.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let points = points.join(" ");
        let _ = writeln!(self.body, "<polyline points=\"{points}\" fill=\"none\" stroke=\"currentColor\"{head}/>");
        places.iter().for_each(|(x, y)| self.reaches(*x, *y));
    }

    /// How far down it reaches.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The whole, with a name and a description for those who do not see it.
    pub fn finished(&self, title: &str, description: &str) -> String {
        let name = &self.name;
        let (wide, high) = (self.width + 8.0, self.height + 8.0);
        let (title, description) = (escaped(title), escaped(description));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title-{name} desc-{name}\" \
             viewBox=\"-4 -4 {wide} {high}\" width=\"{wide}\" height=\"{high}\" fill=\"currentColor\" \
             font-family=\"ui-monospace, 'DejaVu Sans Mono', monospace\" font-size=\"13\" style=\"max-width: 100%; height: auto\">\n\
             <title id=\"title-{name}\">{title}</title>\n\
             <desc id=\"desc-{name}\">{description}</desc>\n\
             <defs>\n\
             <pattern id=\"hatch-{name}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
             <line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"currentColor\" stroke-width=\"1\" stroke-opacity=\"0.3\"/></pattern>\n\
             <marker id=\"head-{name}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
             <path d=\"M0,0 L8,4 L0,8 z\"/></marker>\n\
             </defs>\n{}</svg>\n",
            self.body
        )
    }
}

/// How wide these words are at most. A Chinese letter is as wide as two of ours.
pub fn width(text: &str) -> f64 {
    let letters = text.chars().map(|letter| if u32::from(letter) >= 0x2e80 { 2.0 } else { 1.0 });
    letters.sum::<f64>() * LETTER
}
