//! Least-squares fits of a model to a light curve, by the Levenberg–Marquardt method.

use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use nalgebra::storage::Owned;
use nalgebra::{Const, DVector, Dyn, OMatrix, OVector, SVector};
use tape_core::Cancellation;

/// A model with `P` parameters that may be any real numbers.
pub(crate) trait Model<const P: usize> {
    /// Returns the flux at a time and its derivatives with respect to the parameters.
    fn at(&self, time: f64, parameters: &[f64; P]) -> (f64, [f64; P]);
}

/// Epochs to fit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epochs<'a> {
    pub(crate) time: &'a [f64],
    pub(crate) flux: &'a [f64],
    pub(crate) error: &'a [f64],
    pub(crate) cancellation: &'a Cancellation,
}

/// A fit that converged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit<const P: usize> {
    pub(crate) parameters: [f64; P],
    /// Sum of the squared residuals, each in units of its error.
    pub(crate) chi2: f64,
}

/// Returns the best fit over all starting points, or `None` if no fit converges to finite parameters.
pub(crate) fn best<const P: usize>(model: &impl Model<P>, epochs: Epochs<'_>, starts: &[[f64; P]]) -> Option<Fit<P>> {
    let fits = starts.iter().filter_map(|start| fit(model, epochs, start));
    fits.min_by(|a, b| a.chi2.total_cmp(&b.chi2))
}

fn fit<const P: usize>(model: &impl Model<P>, epochs: Epochs<'_>, start: &[f64; P]) -> Option<Fit<P>> {
    let problem = Problem { model, epochs, parameters: SVector::from(*start) };
    let (problem, report) = LevenbergMarquardt::new().with_patience(40).minimize(problem);
    let parameters: [f64; P] = problem.parameters.into();
    let fit = Fit { parameters, chi2: 2.0 * report.objective_function };
    let finite = parameters.iter().chain([&fit.chi2]).all(|number| number.is_finite());
    (finite && report.termination.was_successful()).then_some(fit)
}

struct Problem<'a, M, const P: usize> {
    model: &'a M,
    epochs: Epochs<'a>,
    parameters: SVector<f64, P>,
}

impl<M: Model<P>, const P: usize> Problem<'_, M, P> {
    /// Iterates over the index and error of each epoch, and the model flux and derivatives at its time.
    fn each(&self) -> impl Iterator<Item = (usize, f64, f64, [f64; P])> + '_ {
        let parameters: [f64; P] = self.parameters.into();
        let Epochs { time, error, .. } = self.epochs;
        time.iter().zip(error).enumerate().map(move |(i, (&time, &error))| {
            let (flux, slopes) = self.model.at(time, &parameters);
            (i, error, flux, slopes)
        })
    }
}

impl<M: Model<P>, const P: usize> LeastSquaresProblem<f64, Dyn, Const<P>> for Problem<'_, M, P> {
    type ResidualStorage = Owned<f64, Dyn>;
    type JacobianStorage = Owned<f64, Dyn, Const<P>>;
    type ParameterStorage = Owned<f64, Const<P>>;

    fn set_params(&mut self, parameters: &OVector<f64, Const<P>>) {
        self.parameters = *parameters;
    }

    fn params(&self) -> OVector<f64, Const<P>> {
        self.parameters
    }

    // `None` ends the fit once the run is cancelled.
    fn residuals(&self) -> Option<DVector<f64>> {
        self.epochs.cancellation.proceed()?;
        let mut residuals = DVector::zeros(self.epochs.flux.len());
        for (i, error, flux, _) in self.each() {
            residuals[i] = (flux - self.epochs.flux[i]) / error;
        }
        Some(residuals)
    }

    fn jacobian(&self) -> Option<OMatrix<f64, Dyn, Const<P>>> {
        self.epochs.cancellation.proceed()?;
        let mut jacobian = OMatrix::<f64, Dyn, Const<P>>::zeros(self.epochs.flux.len());
        for (i, error, _, slopes) in self.each() {
            for (column, slope) in slopes.into_iter().enumerate() {
                jacobian[(i, column)] = slope / error;
            }
        }
        Some(jacobian)
    }
}

/// Returns the largest absolute difference between a model's derivatives and the finite differences of its values.
#[cfg(test)]
pub(crate) fn worst_derivative<const P: usize>(model: &impl Model<P>, times: &[f64], parameters: &[f64; P]) -> f64 {
    let mut worst: f64 = 0.0;
    for &time in times {
        let (_, slopes) = model.at(time, parameters);
        for (i, slope) in slopes.into_iter().enumerate() {
            let step = 1e-6;
            let moved = |by: f64| {
                let mut parameters = *parameters;
                parameters[i] += by;
                model.at(time, &parameters).0
            };
            worst = worst.max((slope - (moved(step) - moved(-step)) / (2.0 * step)).abs());
        }
    }
    worst
}
