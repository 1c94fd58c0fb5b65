//! Band codes that mean the same in every process: places in a sorted list of labels.

use tape_core::{Bands, NO_BAND, Results, Rows, TooManyBands};

/// Which codes occur.
pub(super) struct Used([bool; 256]);

impl Used {
    pub(super) const fn new() -> Self {
        Self([false; 256])
    }

    pub(super) fn add(&mut self, codes: &[u8]) {
        codes.iter().for_each(|&code| self.0[usize::from(code)] = true);
    }

    /// The labels of the codes that occur, and what turns the codes into places among them.
    pub(super) fn labels(&self, bands: &Bands) -> (Vec<String>, Labels) {
        let all = bands.labels();
        let mut used: Vec<(&String, u8)> =
            all.iter().zip(0u8..).filter(|(_, code)| self.0[usize::from(*code)]).collect();
        used.sort();
        let mut table = identity();
        for ((_, code), place) in used.iter().zip(0u8..) {
            table[usize::from(*code)] = place;
        }
        (used.into_iter().map(|(label, _)| label.clone()).collect(), Labels { table })
    }
}

/// Turns codes of one list of labels into those of another. The code of rows without a band stays.
#[derive(Clone, Debug)]
pub struct Labels {
    table: [u8; 256],
}

/// A survey without bands has one code, and no label.
fn identity() -> [u8; 256] {
    let mut table = [NO_BAND; 256];
    table[0] = 0;
    table
}

impl Labels {
    /// From places in `labels` to the codes that `bands` has for them; it learns those that are new.
    ///
    /// # Errors
    /// [`TooManyBands`].
    pub fn known_to(bands: &Bands, labels: &[String]) -> Result<Self, TooManyBands> {
        let mut table = identity();
        for (label, place) in labels.iter().zip(0u8..NO_BAND) {
            table[usize::from(place)] = bands.code(label)?;
        }
        Ok(Self { table })
    }

    /// Turns the codes of some rows.
    pub fn of_rows(&self, rows: &mut Rows, from: usize) {
        self.codes(rows.band.get_mut(from..).unwrap_or_default());
    }

    /// Turns the codes of some results.
    pub fn of_results(&self, results: &mut Results) {
        self.codes(&mut results.band);
    }

    pub(super) fn codes(&self, codes: &mut [u8]) {
        codes.iter_mut().for_each(|code| *code = self.table[usize::from(*code)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_two_processes_become_the_same_places_and_go_back() {
        let processes = [["u", "r", "g"], ["g", "r", "u"]].map(|labels| {
            let bands = Bands::default();
            for label in labels {
                bands.code(label).expect("few");
            }
            bands
        });
        let mut places = vec![];
        for bands in &processes {
            let own = ["r", "g", "r"].map(|label| bands.find(label).expect("it has one"));
            let mut codes = [own[0], own[1], own[2], NO_BAND];
            let mut used = Used::new();
            used.add(&codes);
            let (labels, table) = used.labels(bands);
            assert_eq!(labels, ["g", "r"], "only those that occur");
            table.codes(&mut codes);
            places.push(codes);
            Labels::known_to(bands, &labels).expect("few").codes(&mut codes);
            assert_eq!(codes[..3], own);
            assert_eq!(codes[3], NO_BAND);
        }
        assert_eq!(places[0], places[1]);
        assert_eq!(places[0], [1, 0, 1, NO_BAND]);
    }

    #[test]
    fn a_survey_without_bands_keeps_its_one_code() {
        let bands = Bands::default();
        let mut used = Used::new();
        used.add(&[0, 0]);
        let (labels, table) = used.labels(&bands);
        assert!(labels.is_empty());
        let mut codes = [0, 0];
        table.codes(&mut codes);
        Labels::known_to(&bands, &labels).expect("none").codes(&mut codes);
        assert_eq!(codes, [0, 0]);
    }
}
