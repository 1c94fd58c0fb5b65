//! The rules by which rows become light curves: which bands are selected, their order, and which inputs must be valid.

use crate::bands::{Bands, order_of};
use crate::statistic::Inputs;

/// The position of a band that is not selected.
pub(crate) const SKIP: u8 = u8::MAX;

/// Rules for grouping the rows of a run: the selected bands in the order of results, and the inputs of the statistics.
#[derive(Clone, Debug)]
pub struct Grouping {
    labels: Vec<String>,
    /// Codes of the selected bands, in the order of results.
    pub(crate) order: Vec<u8>,
    /// For each code, its position in `order`, or [`SKIP`].
    pub(crate) place: [u8; 256],
    pub(crate) inputs: Inputs,
}

impl Grouping {
    /// Creates the rules for the bands met so far. Only the bands in `asked` are selected, if given.
    #[must_use]
    pub fn new(bands: &Bands, asked: Option<&[String]>, inputs: Inputs) -> Self {
        let mut labels = bands.labels();
        if labels.is_empty() {
            // A survey without a band column has one unnamed band, which is always selected.
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

    /// Returns the label of a band.
    #[must_use]
    pub fn label(&self, code: u8) -> &str {
        &self.labels[usize::from(code)]
    }

    /// Returns the position of a band in the order of results, or 255 if it is not selected.
    #[must_use]
    pub fn place(&self, code: u8) -> u8 {
        self.place[usize::from(code)]
    }

    /// Returns true if all of `bands` are known. Readers may meet new labels during a run.
    #[must_use]
    pub fn knows(&self, bands: &Bands) -> bool {
        bands.len().max(1) == self.labels.len()
    }
}
