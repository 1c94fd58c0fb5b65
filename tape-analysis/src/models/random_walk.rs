//! The likelihood of a damped random walk, and its maximum.

use argmin::core::{CostFunction, Executor, State};
use argmin::solver::neldermead::NelderMead;
use tape_core::{Cancellation, LightCurve, count};

/// The damped random walk of maximum likelihood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    /// ln τ and ln σ.
    pub(crate) parameters: [f64; 2],
    /// Standard deviations of `parameters`, from the curvature of the likelihood.
    pub(crate) deviations: [f64; 2],
    pub(crate) log_likelihood: f64,
}

/// Largest τ in units of the duration. The likelihood cannot tell larger values from this bound.
const LONGEST: f64 = 10.0;
/// Smallest τ in units of the shortest interval. The likelihood cannot tell smaller values from this bound.
const SHORTEST: f64 = 0.1;
/// A maximum with ln τ closer than this to a bound counts as being at the bound.
const NEAR: f64 = 0.05;

/// Returns the walk of maximum likelihood, or `None` if the likelihood has no maximum between the bounds.
pub(crate) fn likeliest(light_curve: &LightCurve<'_>) -> Option<Walk> {
    let epochs = Epochs::of(light_curve);
    let [lowest, highest] = epochs.bounds()?;
    // The likelihood may have several maxima, so start from the best point of a grid.
    let (steps, spread) = (24, epochs.spread.ln());
    let grid = (0..=steps).flat_map(|i| {
        let ln_tau = lowest + (highest - lowest) * count(i) / count(steps);
        [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0].map(|ln_sigma| [ln_tau, spread + 0.7 * ln_sigma])
    });
    let start = grid.max_by(|a, b| epochs.log_likelihood(*a).total_cmp(&epochs.log_likelihood(*b)))?;
    let parameters = climb(&epochs, start)?;
    if parameters[0] < lowest + NEAR || parameters[0] > highest - NEAR {
        return None;
    }
    let deviations = epochs.deviations(parameters)?;
    Some(Walk { parameters, deviations, log_likelihood: epochs.log_likelihood(parameters) })
}

/// Climbs from a starting point to a maximum, by the Nelder–Mead method.
fn climb(epochs: &Epochs<'_>, [ln_tau, ln_sigma]: [f64; 2]) -> Option<[f64; 2]> {
    let simplex = vec![vec![ln_tau, ln_sigma], vec![ln_tau + 0.4, ln_sigma], vec![ln_tau, ln_sigma + 0.3]];
    let solver = NelderMead::new(simplex).with_sd_tolerance(1e-10).ok()?;
    let ran = Executor::new(epochs, solver).configure(|state| state.max_iters(300)).run().ok()?;
    let best = ran.state().get_best_param()?;
    <[f64; 2]>::try_from(&best[..]).ok().filter(|best| best.iter().all(|number| number.is_finite()))
}

/// A light curve with centred fluxes.
struct Epochs<'a> {
    time: &'a [f64],
    flux: Vec<f64>,
    error: &'a [f64],
    /// Standard deviation of the fluxes.
    spread: f64,
    cancellation: Cancellation,
}

impl CostFunction for &Epochs<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, argmin::core::Error> {
        let likelihood = self.log_likelihood([parameters[0], parameters[1]]);
        Ok(if likelihood.is_finite() { -likelihood } else { f64::MAX })
    }
}

impl<'a> Epochs<'a> {
    fn of(light_curve: &LightCurve<'a>) -> Self {
        let mean = light_curve.flux().iter().sum::<f64>() / count(light_curve.len());
        let flux: Vec<f64> = light_curve.flux().iter().map(|flux| flux - mean).collect();
        let spread = (flux.iter().map(|flux| flux * flux).sum::<f64>() / count(flux.len())).sqrt();
        let (time, error, cancellation) = (light_curve.time(), light_curve.error(), light_curve.cancellation());
        Self { time, flux, error, spread, cancellation }
    }

    /// Returns the logarithms of the smallest and largest τ, or `None` if all times or all fluxes are equal.
    fn bounds(&self) -> Option<[f64; 2]> {
        let intervals = self.time.windows(2).map(|pair| pair[1] - pair[0]).filter(|interval| *interval > 0.0);
        let shortest = intervals.fold(f64::INFINITY, f64::min);
        let duration = self.time.last()? - self.time.first()?;
        (shortest.is_finite() && self.spread > 0.0).then(|| [(SHORTEST * shortest).ln(), (LONGEST * duration).ln()])
    }

    /// Returns ln L at ln τ and ln σ, maximised over the mean, or NaN once the run is cancelled.
    ///
    /// A Kalman filter runs over the fluxes and, in parallel, over ones. The innovations of both give the mean and χ²,
    /// and the variances of the innovations give the determinant.
    fn log_likelihood(&self, [ln_tau, ln_sigma]: [f64; 2]) -> f64 {
        if self.cancellation.is_cancelled() {
            return f64::NAN;
        }
        let (tau, variance) = (ln_tau.exp(), (2.0 * ln_sigma).exp());
        let (mut expected, mut expected_one, mut uncertainty) = (0.0, 0.0, variance);
        let (mut determinant, mut squares, mut products, mut ones) = (0.0, 0.0, 0.0, 0.0);
        let mut before = self.time.first().copied().unwrap_or(0.0);
        for ((&time, &flux), &error) in self.time.iter().zip(&self.flux).zip(self.error) {
            let kept = (-(time - before) / tau).exp();
            before = time;
            expected *= kept;
            expected_one *= kept;
            uncertainty = kept * kept * uncertainty + variance * (1.0 - kept * kept);
            let of_flux = uncertainty + error * error;
            let (new, new_one) = (flux - expected, 1.0 - expected_one);
            determinant += of_flux.ln();
            squares += new * new / of_flux;
            products += new * new_one / of_flux;
            ones += new_one * new_one / of_flux;
            let gain = uncertainty / of_flux;
            expected += gain * new;
            expected_one += gain * new_one;
            uncertainty *= 1.0 - gain;
        }
        let chi2 = squares - products * products / ones;
        -0.5 * (chi2 + determinant + count(self.flux.len()) * std::f64::consts::TAU.ln())
    }

    /// Returns the standard deviations of the parameters at a maximum, from second differences, or `None` if the point
    /// is not a maximum.
    fn deviations(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        const STEP: f64 = 1e-3;
        let at = |i: f64, j: f64| self.log_likelihood([x + i * STEP, y + j * STEP]);
        let here = at(0.0, 0.0);
        let curvature = |along: f64, back: f64| -(along - 2.0 * here + back) / (STEP * STEP);
        let (xx, yy) = (curvature(at(1.0, 0.0), at(-1.0, 0.0)), curvature(at(0.0, 1.0), at(0.0, -1.0)));
        let xy = -(at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0)) / (4.0 * STEP * STEP);
        let determinant = xx * yy - xy * xy;
        (xx > 0.0 && determinant > 0.0).then(|| [(yy / determinant).sqrt(), (xx / determinant).sqrt()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns ln L of three epochs from the covariance matrix. Shares no code with the filter.
    fn by_matrix(time: [f64; 3], flux: [f64; 3], error: [f64; 3], tau: f64, sigma: f64) -> f64 {
        let covariance = |i: usize, j: usize| {
            let noise = if i == j { error[i] * error[i] } else { 0.0 };
            sigma * sigma * (-(time[i] - time[j]).abs() / tau).exp() + noise
        };
        let matrix = nalgebra::Matrix3::from_fn(covariance);
        let inverse = matrix.try_inverse().expect("the matrix is positive definite");
        let (flux, ones) = (nalgebra::Vector3::from(flux), nalgebra::Vector3::repeat(1.0));
        let mean = (ones.transpose() * inverse * flux)[0] / (ones.transpose() * inverse * ones)[0];
        let rest = flux - ones * mean;
        let chi2 = (rest.transpose() * inverse * rest)[0];
        -0.5 * (chi2 + matrix.determinant().ln() + 3.0 * std::f64::consts::TAU.ln())
    }

    #[test]
    fn the_filter_agrees_with_the_covariance_matrix() {
        let (time, flux, error) = ([0.0, 3.0, 3.5], [1.0, -2.0, 4.0], [0.3, 0.5, 0.2]);
        for (tau, sigma) in [(1.0, 1.0), (10.0, 0.5), (0.1, 3.0), (1e4, 2.0)] {
            let flux_of = flux.to_vec();
            let cancellation = Cancellation::never();
            let epochs = Epochs { time: &time, flux: flux_of, error: &error, spread: 1.0, cancellation };
            let (filtered, wanted) =
                (epochs.log_likelihood([f64::ln(tau), f64::ln(sigma)]), by_matrix(time, flux, error, tau, sigma));
            assert!((filtered - wanted).abs() < 1e-9 * wanted.abs(), "{filtered} is not {wanted}");
        }
    }
}
