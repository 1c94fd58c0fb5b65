//! The structure function of many light curves that are added one by one.

use tape_core::{Info, LightCurve, ManyRows, Output, Value, count};

use super::scattered::Scattered;
use super::{Bin, Binning, Method, StructureFunction, refused};
use crate::error::Error;

/// The number of pairs of a bin, and the sums of their Δt and of the two terms that the method averages.
type Sums = [f64; 4];

/// A structure function of many light curves that accumulates sums for given edges, and stores no pairs. Light curves
/// may be added in any order, as long as each is complete.
///
/// - Depends on: the same inputs as [`StructureFunction::of_ensemble`], which takes all light curves at once and
///   returns the same bins, up to the rounding of sums.
/// - Memory: four floats for each bin, and the pairs of the current light curve.
///
/// ```
/// use tape_analysis::structure_function::{Binning, Method, StructureFunction};
/// use tape_core::LightCurve;
/// let function = StructureFunction::new(Method::Basic).binned(Binning::Edges(vec![0.5, 1.5, 2.5]))?;
/// let mut combined = function.combined()?;
/// for flux in [[1.0, 2.0, 3.0], [1.0, 4.0, 7.0]] {
///     combined.add(&LightCurve::new(&flux).with_time(&[0.0, 1.0, 2.0]));
/// }
/// let sf2: Vec<f64> = combined.bins().iter().map(|bin| bin.sf2).collect();
/// assert_eq!(sf2, [5.0, 20.0]);
/// # Ok::<(), tape_analysis::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Combined {
    function: StructureFunction,
    edges: Vec<f64>,
    sums: Vec<Sums>,
}

impl StructureFunction {
    /// Creates a structure function of light curves that are added one by one.
    ///
    /// # Errors
    /// [`Error::BadValue`] if edges are not given ([`StructureFunction::edges`] computes some), with resampling, or if
    /// the method needs all pairs at once, like [`Method::Macleod2012`].
    pub fn combined(&self) -> Result<Combined, Error> {
        let Binning::Edges(edges) = &self.binning else {
            return Err(refused("edges", "none", "given edges, because other bins depend on all pairs"));
        };
        if self.method == Method::Macleod2012 {
            return Err(refused(
                "method",
                self.method.name(),
                "a method of means, because quartiles need all pairs at once",
            ));
        }
        if let Some(resampling) = &self.resampling {
            return Err(refused("repetitions", resampling.repetitions, "0, because samples are drawn from all pairs"));
        }
        Ok(Combined { function: self.clone(), edges: edges.clone(), sums: vec![[0.0; 4]; edges.len() - 1] })
    }

    /// Returns the edges of the bins of several light curves together, for example of a sample of a survey, to use them
    /// for the whole survey. `None` if there are no bins.
    #[must_use]
    pub fn edges(&self, light_curves: &[LightCurve<'_>]) -> Option<Vec<f64>> {
        let all: Vec<_> = light_curves.iter().filter_map(|one| self.differences(one)).collect();
        let cancellation = light_curves.first().map(LightCurve::cancellation).unwrap_or_default();
        super::edges(&self.binning, &mut Scattered::new(&super::Differences::together(&all), &cancellation)?)
    }
}

impl Combined {
    /// Adds the pairs of a light curve.
    pub fn add(&mut self, light_curve: &LightCurve<'_>) {
        let all = self.sums_of(light_curve).unwrap_or_default();
        self.sums.iter_mut().zip(all).for_each(|(sums, more)| add(sums, more));
    }

    /// Adds a row of [`BinSums`].
    ///
    /// # Errors
    /// [`Error::BadValue`] if there is no such bin.
    pub fn add_sums(&mut self, bin: usize, more: Sums) -> Result<(), Error> {
        let bins = self.sums.len();
        let sums = self.sums.get_mut(bin).ok_or_else(|| refused("bin", bin, &format!("a number below {bins}")))?;
        add(sums, more);
        Ok(())
    }

    /// Returns the bins of the light curves that were added.
    #[must_use]
    pub fn bins(&self) -> Vec<Bin> {
        let bin = |&[n, dt, a, b]: &Sums| {
            let sf2 = self.function.method.of_means(a / n, b / n);
            Bin { dt: dt / n, sf2, quantiles: None }
        };
        self.sums.iter().map(bin).collect()
    }

    /// Returns the sums of each bin, or `None` if there are no pairs or the run is cancelled.
    fn sums_of(&self, light_curve: &LightCurve<'_>) -> Option<Vec<Sums>> {
        let mut pairs = Scattered::new(&self.function.differences(light_curve)?, &light_curve.cancellation())?;
        let places = pairs.places(&self.edges)?;
        pairs.sums(&places).collect()
    }
}

fn add(sums: &mut Sums, more: Sums) {
    sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// The contribution of each light curve to a [`Combined`] structure function, as a statistic of a run. It has a row for
/// each bin with pairs, with the number of the bin and the sums.
#[derive(Clone, Debug)]
pub struct BinSums {
    info: Info,
    combined: Combined,
}

impl BinSums {
    /// Creates the statistic of the sums that `combined` adds up.
    #[must_use]
    pub fn new(combined: &Combined) -> Self {
        let function = &combined.function;
        let outputs = ["pairs", "dt_sum", "first_sum", "second_sum"].map(Output::float);
        let info = Info {
            summary: "contributions of a light curve to a structure function, bin by bin".into(),
            formula: "number of pairs, Σ Δt, and the sums of the terms that the method averages".into(),
            outputs: [Output::int("bin")].into_iter().chain(outputs).collect(),
            min_epochs: 3,
            reference: function.method.reference().into(),
            ..Info::new("structure_function_sums", function.inputs())
        };
        Self { info, combined: combined.clone() }
    }
}

impl ManyRows for BinSums {
    fn info(&self) -> &Info {
        &self.info
    }

    fn rows(&self, light_curve: &LightCurve<'_>, out: &mut Vec<Value>) {
        for (bin, sums) in (0..).zip(self.combined.sums_of(light_curve).unwrap_or_default()) {
            if sums[0] >= count(1) {
                out.push(Value::Int(bin));
                out.extend(sums.map(Value::from));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn adding_one_by_one_equals_all_at_once() {
        let sine = testing::sine(120, 1.0);
        let flux: Vec<f64> = sine.flux[..50].iter().map(|flux| 3.0 * flux).collect();
        let both = [
            LightCurve::new(&sine.flux).with_error(&sine.error).with_time(&sine.time),
            LightCurve::new(&flux).with_error(&sine.error[..50]).with_time(&sine.time[..50]),
        ];
        for method in Method::ALL.into_iter().filter(|method| *method != Method::Macleod2012) {
            let by_size = StructureFunction::new(method);
            let edges = by_size.edges(&both).expect("there are pairs");
            let function = by_size.binned(Binning::Edges(edges)).expect("they ascend");
            let mut combined = function.combined().expect("edges are given");
            both.iter().rev().for_each(|light_curve| combined.add(light_curve));
            let want = function.of_ensemble(&both);
            assert!(want.len() > 20, "{}", want.len());
            for (got, want) in combined.bins().iter().zip(&want) {
                let is_near = |a: f64, b: f64| (a - b).abs() <= 1e-11 * b.abs().max(1e-3);
                assert!(is_near(got.dt, want.dt) && is_near(got.sf2, want.sf2), "{method:?}: {got:?}, not {want:?}");
            }
        }
    }

    #[test]
    fn settings_that_need_all_pairs_are_refused() {
        let given =
            |method| StructureFunction::new(method).binned(Binning::Edges(vec![1.0, 2.0])).expect("they ascend");
        let why = |function: StructureFunction| function.combined().expect_err("it needs all pairs").to_string();
        assert!(why(StructureFunction::new(Method::Basic)).contains("edges"));
        assert!(why(given(Method::Macleod2012)).contains("quartiles"));
        let sampled = given(Method::Basic).resampled(super::super::Resampling::default()).expect("allowed");
        assert!(why(sampled).contains("samples"));
        let error = given(Method::Basic).combined().expect("means").add_sums(1, [1.0; 4]);
        assert!(error.expect_err("there is one bin").to_string().contains("bin"));
    }
}
