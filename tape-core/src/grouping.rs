//! Which bands count, in which order, and what must be valid: the rule by which rows become light curves.

use crate::bands::{Bands, order_of};
use crate::statistic::Inputs;

/// The place of a band that was not asked for.
pub(crate) const SKIP: u8 = u8::MAX;

/// How rows become light curves in a run: the bands, in the order of the results, and what the statistics need.
#[derive(Clone, Debug)]
pub struct Grouping {
    labels: Vec<String>,
    /// Codes of the bands asked for, in the order of results.
    pub(crate) order: Vec<u8>,
    /// For each code its place in `order`, or [`SKIP`].
    pub(crate) place: [u8; 256],
    pub(crate) inputs: Inputs,
}

impl Grouping {
    /// For the bands met so far, of which only `asked` count if given, and the inputs of a run's statistics.
    #[must_use]
    pub fn new(bands: &Bands, asked: Option<&[String]>, inputs: Inputs) -> Self {
        let mut labels = bands.labels();
        if labels.is_empty() {
            // A survey without a band column has one band without a name, and that is always asked for.
            labels.push(String::new());
        }
        let is_asked = |label: &String| label.is_empty() || asked.is_none_or(|asked| asked.contains(label));
        let mut order = order_of(&labels);
        order.retain(|&code| is_asked(&labels[usize::from(code)]));
        let mut place = [SKIP; 256];
        for (at, &code) in (0u8..).zip(&order) {
            place[usize::from(code)] = at;
        }
        Self { labels, order, place, inputs }
    }

    /// The label of a band.
    #[must_use]
    pub fn label(&self, code: u8) -> &str {
        &self.labels[usize::from(code)]
    }

    /// The place of a band in the order of results; 255 if it was not asked for.
    #[must_use]
    pub fn place(&self, code: u8) -> u8 {
        self.place[usize::from(code)]
    }

    /// Whether it knows all of `bands`: readers meet new labels while a run goes on.
    #[must_use]
    pub fn knows(&self, bands: &Bands) -> bool {
        bands.len().max(1) == self.labels.len()
    }
}
