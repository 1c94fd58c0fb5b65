//! Band codes that have the same meaning in every process: positions in a list of labels that belongs to an output.

use tape_core::{Bands, NO_BAND, Results, Rows};

use crate::error::{Error, Result};

/// Converts the band codes of a process to positions in a list of labels. Labels are listed in the order in which the
/// output first uses them, so a task writes the same bytes in any process. The code for rows without a band does not
/// change.
pub(super) struct OutputLabels<'a> {
    bands: &'a Bands,
    places: [Option<u8>; 256],
    pub(super) labels: Vec<String>,
}

impl<'a> OutputLabels<'a> {
    pub(super) const fn new(bands: &'a Bands) -> Self {
        let mut places = [None; 256];
        places[NO_BAND as usize] = Some(NO_BAND);
        Self { bands, places, labels: vec![] }
    }

    pub(super) fn encode(&mut self, codes: &mut [u8]) {
        codes.iter_mut().for_each(|code| *code = self.places[usize::from(*code)].unwrap_or_else(|| self.place(*code)));
    }

    fn place(&mut self, code: u8) -> u8 {
        let place = match self.bands.labels().get(usize::from(code)) {
            Some(label) => {
                self.labels.push(label.clone());
                u8::try_from(self.labels.len() - 1).unwrap_or(NO_BAND)
            }
            // A survey without bands uses one code, without a label.
            None => code,
        };
        self.places[usize::from(code)] = Some(place);
        place
    }
}

/// Converts positions in a list of labels to the band codes of a process.
pub(super) struct InputLabels([u8; 256]);

impl InputLabels {
    /// Maps positions in `labels` to the codes of `bands`, which learns new labels.
    pub(super) fn new(bands: &Bands, labels: &[String]) -> Result<Self> {
        let mut codes = [NO_BAND; 256];
        codes[0] = 0;
        for (label, place) in labels.iter().zip(0u8..NO_BAND) {
            codes[usize::from(place)] = bands.code(label).map_err(|error| Error::Source(error.into()))?;
        }
        Ok(Self(codes))
    }

    /// Decodes the rows from `from` on.
    pub(super) fn decode_rows(&self, rows: &mut Rows, from: usize) {
        self.decode(rows.band.get_mut(from..).unwrap_or_default());
    }

    pub(super) fn decode_results(&self, results: &mut Results) {
        self.decode(&mut results.band);
    }

    fn decode(&self, places: &mut [u8]) {
        places.iter_mut().for_each(|place| *place = self.0[usize::from(*place)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_two_processes_round_trip_through_the_same_positions() {
        let processes = [["u", "r", "g"], ["g", "r", "u"]].map(|labels| {
            let bands = Bands::default();
            for label in labels {
                bands.code(label).expect("few");
            }
            bands
        });
        for bands in &processes {
            let own = ["r", "g", "r"].map(|label| bands.find(label).expect("it has one"));
            let mut codes = [own[0], own[1], own[2], NO_BAND];
            let mut labels = OutputLabels::new(bands);
            labels.encode(&mut codes);
            assert_eq!(labels.labels, ["r", "g"], "only labels that occur");
            assert_eq!(codes, [0, 1, 0, NO_BAND]);
            InputLabels::new(bands, &labels.labels).expect("few").decode(&mut codes);
            assert_eq!((&codes[..3], codes[3]), (&own[..], NO_BAND));
        }
    }

    #[test]
    fn a_survey_without_bands_keeps_its_one_code() {
        let bands = Bands::default();
        let (mut labels, mut codes) = (OutputLabels::new(&bands), [0, 0]);
        labels.encode(&mut codes);
        assert!(labels.labels.is_empty());
        InputLabels::new(&bands, &labels.labels).expect("none").decode(&mut codes);
        assert_eq!(codes, [0, 0]);
    }
}
