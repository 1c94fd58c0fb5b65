//! The variability of each kind of star: a factor on its mean flux, by time and band.

use std::f64::consts::PI;

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Exp1, Pareto, StandardNormal};

use super::passband::Passband;

/// The kind of a simulated object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Constant, with noise only.
    Constant,
    /// A pulsator with a steep rise and a period of half a day; amplitude: peak to trough.
    RrLyrae,
    /// A red giant with a period of months; amplitude: peak to trough.
    Mira,
    /// Two stars that eclipse each other; amplitude: depth of the primary eclipse.
    EclipsingBinary,
    /// A red dwarf with flares of hours; amplitude: that of the median flare at its peak.
    FlareStar,
    /// An explosion in a galaxy, within the window and in season; amplitude: brightening at the peak.
    Supernova,
    /// An accreting black hole, varying as a damped random walk; amplitude: the structure function at long lags.
    DampedRandomWalk,
}

impl Kind {
    /// The kinds that vary; each gets an equal share of the variable objects.
    pub const VARIABLE: [Self; 6] =
        [Self::RrLyrae, Self::Mira, Self::EclipsingBinary, Self::FlareStar, Self::Supernova, Self::DampedRandomWalk];

    /// Returns the name in the truth table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::RrLyrae => "rr_lyrae",
            Self::Mira => "mira",
            Self::EclipsingBinary => "eclipsing_binary",
            Self::FlareStar => "flare_star",
            Self::Supernova => "supernova",
            Self::DampedRandomWalk => "damped_random_walk",
        }
    }

    /// Returns the range of `g - r`, which also determines the other colours.
    pub(super) const fn colour(self) -> (f64, f64) {
        match self {
            Self::Constant => (0.2, 1.4),
            Self::RrLyrae => (0.1, 0.3),
            Self::Mira => (1.2, 1.7),
            Self::EclipsingBinary => (0.2, 1.0),
            Self::FlareStar => (1.2, 1.5),
            Self::Supernova => (0.4, 0.9),
            Self::DampedRandomWalk => (0.0, 0.4),
        }
    }
}

/// The variability of one object. Must be queried in order of time, because flares and the random walk have state.
#[derive(Debug)]
pub(super) struct Variation {
    /// The period in days, if the variation is periodic.
    pub(super) period: Option<f64>,
    /// The amplitude in magnitudes at the reference wavelength, as defined for the kind.
    pub(super) amplitude: f64,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Constant,
    Pulsation { start: f64, period: f64, amplitude: f64, rise: f64, reddening: f64 },
    Eclipses { start: f64, period: f64, primary: f64, secondary: f64, half_width: f64 },
    Flares { rate: f64, decay: f64, peak: Pareto<f64>, before: Option<f64>, last: Option<(f64, f64)> },
    Explosion { peak_at: f64, rise: f64, decay: f64, peak: f64 },
    Walk { memory: f64, sigma: f64, before: Option<(f64, f64)> },
}

impl Variation {
    /// Draws a variation for an object observed at `times`, which are sorted.
    pub(super) fn draw(kind: Kind, times: &[f64], rng: &mut impl Rng) -> Self {
        let start = times.first().copied().unwrap_or_default();
        match kind {
            Kind::Constant => Self { period: None, amplitude: 0.0, shape: Shape::Constant },
            Kind::RrLyrae => {
                let period = rng.random_range(0.42..0.80);
                // Short periods pulsate more: the Oosterhoff relation, roughly.
                let amplitude = 1.7 - 1.4 * period + rng.random_range(-0.1..0.1);
                Self::pulsation(start, period, amplitude, 0.16, 0.7, rng)
            }
            Kind::Mira => {
                let period = rng.random_range(120.0..550.0);
                let amplitude = rng.random_range(2.5..5.0);
                Self::pulsation(start, period, amplitude, 0.45, 0.8, rng)
            }
            Kind::EclipsingBinary => Self::eclipses(start, rng),
            Kind::FlareStar => Self::flares(rng),
            Kind::Supernova => Self::explosion(times, rng),
            Kind::DampedRandomWalk => {
                let amplitude = rng.random_range(0.3..0.7);
                let memory = log_uniform(50.0, 500.0, rng);
                let sigma = amplitude / 2_f64.sqrt();
                Self { period: None, amplitude, shape: Shape::Walk { memory, sigma, before: None } }
            }
        }
    }

    fn pulsation(start: f64, period: f64, amplitude: f64, rise: f64, reddening: f64, rng: &mut impl Rng) -> Self {
        let start = start - period * rng.random::<f64>();
        let shape = Shape::Pulsation { start, period, amplitude, rise, reddening };
        Self { period: Some(period), amplitude, shape }
    }

    fn eclipses(start: f64, rng: &mut impl Rng) -> Self {
        let period = log_uniform(0.3, 8.0, rng);
        let start = start - period * rng.random::<f64>();
        let primary = rng.random_range(0.4..1.5);
        let secondary = primary * rng.random_range(0.2..0.9);
        // Close pairs fill more of their orbit with eclipses.
        let half_width = 0.13 * period.powf(-0.25);
        let shape = Shape::Eclipses { start, period, primary, secondary, half_width };
        Self { period: Some(period), amplitude: primary, shape }
    }

    fn flares(rng: &mut impl Rng) -> Self {
        let rate = log_uniform(0.7, 3.0, rng);
        let smallest = rng.random_range(0.3..0.6);
        let slope = 1.5;
        let median = smallest * 2_f64.powf(1.0 / slope);
        // The Pareto distribution needs a positive slope and scale, which is always the case here.
        let Ok(peak) = Pareto::new(smallest, slope) else {
            return Self { period: None, amplitude: 0.0, shape: Shape::Constant };
        };
        let shape = Shape::Flares { rate, decay: rng.random_range(0.04..0.10), peak, before: None, last: None };
        Self { period: None, amplitude: brightening(median), shape }
    }

    /// Draws an explosion shortly before an epoch, because a supernova that was never observed would not be in a
    /// catalogue.
    fn explosion(times: &[f64], rng: &mut impl Rng) -> Self {
        let seen = if times.is_empty() { 0.0 } else { times[rng.random_range(0..times.len())] };
        let peak_at = seen - rng.random_range(0.0..12.0);
        let peak = log_uniform(1.5, 15.0, rng);
        let (rise, decay) = (rng.random_range(6.0..10.0), rng.random_range(22.0..38.0));
        let shape = Shape::Explosion { peak_at, rise, decay, peak };
        Self { period: None, amplitude: brightening(peak), shape }
    }

    /// Returns the flux over the mean flux. Times must not decrease from call to call.
    pub(super) fn factor(&mut self, time: f64, band: &Passband, rng: &mut impl Rng) -> f64 {
        match &mut self.shape {
            Shape::Constant => 1.0,
            Shape::Pulsation { start, period, amplitude, rise, reddening } => {
                let fainter = *amplitude * skewed_wave(phase(time, *start, *period), *rise);
                fading(fainter * band.blueness.powf(*reddening))
            }
            Shape::Eclipses { start, period, primary, secondary, half_width } => {
                let phase = phase(time, *start, *period);
                let fainter = *primary * dip(phase, 0.0, *half_width) + *secondary * dip(phase, 0.5, *half_width);
                fading(fainter)
            }
            Shape::Flares { rate, decay, peak, before, last } => {
                // In a Poisson process the time since the last flare is exponential, and if it reaches back beyond the
                // epoch before, then the flare that was the last one there still is.
                let since: f64 = Distribution::<f64>::sample(&Exp1, rng) / *rate;
                if before.is_none_or(|before| time - since > before) {
                    *last = Some((time - since, peak.sample(rng)));
                }
                *before = Some(time);
                last.map_or(1.0, |(flare, peak)| 1.0 + peak * (-(time - flare) / *decay).exp() * band.blueness.powi(4))
            }
            Shape::Explosion { peak_at, rise, decay, peak } => {
                let days = time - *peak_at;
                let light = if days < 0.0 {
                    (-0.5 * (days / *rise).powi(2)).exp()
                } else {
                    (-days * band.blueness / *decay).exp()
                };
                1.0 + *peak * light
            }
            Shape::Walk { memory, sigma, before } => {
                let kick: f64 = StandardNormal.sample(rng);
                let magnitude = before.map_or(*sigma * kick, |(then, magnitude)| {
                    let kept = (-(time - then) / *memory).exp();
                    magnitude * kept + *sigma * (1.0 - kept * kept).sqrt() * kick
                });
                *before = Some((time, magnitude));
                fading(magnitude * band.blueness.sqrt())
            }
        }
    }
}

fn phase(time: f64, start: f64, period: f64) -> f64 {
    ((time - start) / period).rem_euclid(1.0)
}

/// Returns a wave in magnitudes that falls from 0.5 to -0.5 within `rise` of a cycle and rises in the rest: stars
/// brighten faster than they fade.
fn skewed_wave(phase: f64, rise: f64) -> f64 {
    if phase < rise { 0.5 * (PI * phase / rise).cos() } else { -0.5 * (PI * (phase - rise) / (1.0 - rise)).cos() }
}

/// Returns the shape of an eclipse: 1 in its middle, 0 outside.
fn dip(phase: f64, middle: f64, half_width: f64) -> f64 {
    let away = (phase - middle).abs();
    let away = away.min(1.0 - away) / half_width;
    if away < 1.0 { (0.5 * PI * away).cos().powi(2) } else { 0.0 }
}

/// Returns the factor on the flux for fading by `magnitudes`.
fn fading(magnitudes: f64) -> f64 {
    10_f64.powf(-0.4 * magnitudes)
}

/// Returns the brightening in magnitudes if `added` is added to a flux of 1.
fn brightening(added: f64) -> f64 {
    2.5 * (1.0 + added).log10()
}

fn log_uniform(low: f64, high: f64, rng: &mut impl Rng) -> f64 {
    low * (high / low).powf(rng.random())
}
