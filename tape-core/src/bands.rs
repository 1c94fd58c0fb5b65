//! Band labels, and the small integer codes that replace them in memory.

use std::sync::{PoisonError, RwLock};

/// The code of a row whose band is null.
pub const NO_BAND: u8 = u8::MAX;

/// The labels met so far, shared by all readers of a survey.
///
/// A label keeps its code for the life of the dictionary. Codes are assigned in the order in which readers meet the
/// labels, which differs from run to run. Nothing that a user sees may depend on them: sort with [`Bands::order`].
#[derive(Debug, Default)]
pub struct Bands {
    labels: RwLock<Vec<String>>,
    /// Pairs of a stored label and its display name.
    names: &'static [(&'static str, &'static str)],
}

/// The survey has more labels than fit in a code, most likely because the wrong column was chosen as the band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {} different bands: is this the band column?", NO_BAND)]
pub struct TooManyBands;

impl Bands {
    /// Creates an empty dictionary. `names` pairs each stored label with its display name.
    #[must_use]
    pub fn named(names: &'static [(&'static str, &'static str)]) -> Self {
        Self { names, ..Self::default() }
    }

    /// Returns the display name of the stored label `label`.
    #[must_use]
    pub fn name_of<'a>(&self, label: &'a str) -> &'a str {
        self.names.iter().find(|(stored, _)| *stored == label).map_or(label, |(_, name)| name)
    }

    /// Returns the code of the stored label `label`, and assigns a new one to a new label.
    ///
    /// # Errors
    /// [`TooManyBands`] if there are 255 other labels already.
    pub fn code(&self, label: &str) -> Result<u8, TooManyBands> {
        let label = self.name_of(label);
        if let Some(code) = self.find(label) {
            return Ok(code);
        }
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        // Another reader may have added it between the two locks.
        let position = labels.iter().position(|known| known == label).unwrap_or(labels.len());
        let code = u8::try_from(position).ok().filter(|&code| code != NO_BAND).ok_or(TooManyBands)?;
        if position == labels.len() {
            labels.push(label.to_owned());
        }
        Ok(code)
    }

    /// Returns the code of `label`, if the label was met.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<u8> {
        let labels = self.labels.read().unwrap_or_else(PoisonError::into_inner);
        labels.iter().position(|known| known == label).and_then(|i| u8::try_from(i).ok())
    }

    /// The number of labels met so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Returns true if no label was met.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all labels, indexed by code.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        self.labels.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Returns all codes in the order of results: sorted by label, or numerically if every label is a number.
    #[must_use]
    pub fn order(&self) -> Vec<u8> {
        order_of(&self.labels())
    }
}

/// Returns the codes of `labels` in the order of results.
#[must_use]
pub fn order_of(labels: &[String]) -> Vec<u8> {
    let numbers: Option<Vec<i64>> = labels.iter().map(|label| label.parse().ok()).collect();
    let mut codes: Vec<u8> = (0..NO_BAND).take(labels.len()).collect();
    match numbers {
        Some(numbers) => codes.sort_by_key(|&code| numbers[usize::from(code)]),
        None => codes.sort_by_key(|&code| &labels[usize::from(code)]),
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_follows_labels_not_codes() {
        let bands = Bands::default();
        for label in ["r", "u", "g"] {
            bands.code(label).expect("three bands fit");
        }
        assert_eq!(bands.order(), [2, 0, 1]);
        assert_eq!(order_of(&["10".into(), "9".into()]), [1, 0], "numeric labels sort as numbers");
    }

    #[test]
    fn a_stored_label_may_have_a_display_name() {
        let bands = Bands::named(&[("1", "g"), ("2", "r")]);
        let codes = ["2", "1", "r", "3"].map(|stored| bands.code(stored).expect("few"));
        assert_eq!((codes, bands.labels()), ([0, 1, 0, 2], ["r", "g", "3"].map(str::to_owned).to_vec()));
        assert_eq!(bands.find("g"), Some(1));
    }

    #[test]
    fn the_256th_band_is_refused() {
        let bands = Bands::default();
        for i in 0..255 {
            assert_eq!(bands.code(&i.to_string()), Ok(i));
        }
        assert_eq!(bands.code("one too many"), Err(TooManyBands));
        assert_eq!(bands.code("7"), Ok(7));
    }
}
