//! Band codes that mean the same in every process: places in the list of the labels that an output has.

use tape_core::{Bands, NO_BAND, Results, Rows};

use crate::error::{Error, Result};

/// Turns the codes of a process into places in a list of labels, in the order in which the output first has them: a task leaves
/// the same bytes whoever runs it. The code of rows without a band stays.
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
            // A survey without bands has one code, and no label.
            None => code,
        };
        self.places[usize::from(code)] = Some(place);
        place
    }
}

/// Turns places in a list of labels into the codes of a process.
pub(super) struct InputLabels([u8; 256]);

impl InputLabels {
    /// From places in `labels` to the codes that `bands` has for them; it learns the new ones.
    pub(super) fn new(bands: &Bands, labels: &[String]) -> Result<Self> {
        let mut codes = [NO_BAND; 256];
        codes[0] = 0;
        for (label, place) in labels.iter().zip(0u8..NO_BAND) {
            codes[usize::from(place)] = bands.code(label).map_err(|error| Error::Source(error.into()))?;
        }
        Ok(Self(codes))
    }

    /// Decodes the rows after the first `from`.
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
    fn codes_of_two_processes_become_the_same_places_and_go_back() {
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
            assert_eq!(labels.labels, ["r", "g"], "only those that occur");
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
