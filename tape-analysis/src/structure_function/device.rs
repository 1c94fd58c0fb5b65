//! Structure functions on a device, for bins whose edges do not depend on the light curve.

use tape_core::{LightCurve, PairBins, PairKernel, PairSums, Pairwise, Value, count};

use super::bins::place;
use super::statistic::{PerBin, row};
use super::{Binning, Method, StructureFunction};

/// Creates a kernel. The tolerance of SF² is relative to ⟨Δx²⟩ + ⟨σ²⟩, because SF² is a difference of both.
const fn kernel(name: &'static str, wgsl: &'static str) -> PairKernel {
    PairKernel { name, wgsl, tolerance: |n| f64::from(f32::EPSILON) * (64.0 + 0.25 * count(n)) }
}

static SQUARES: PairKernel = kernel(
    "squared_changes",
    "fn term(change: f32, variance: f32) -> vec2<f32> { return vec2(change * change, variance); }\n",
);
static SIZES: PairKernel = kernel(
    "sizes_of_changes",
    "fn term(change: f32, variance: f32) -> vec2<f32> { return vec2(abs(change), variance); }\n",
);

impl StructureFunction {
    /// Returns the kernel, or `None` if a device does not support the settings.
    pub(super) fn on_device(&self) -> Option<&'static PairKernel> {
        let fixed = matches!(self.binning, Binning::Edges(_)) && self.resampling.is_none();
        let kernel = match self.method {
            Method::Basic | Method::Bauer2009a => &SQUARES,
            Method::Bauer2009b => &SIZES,
            // Quartiles need all pairs, and the sums do not bound the rounding error of a mean of differences of roots.
            Method::Macleod2012 | Method::Schmidt2010 => return None,
        };
        fixed.then_some(kernel)
    }

    /// Converts a light curve to ticks, in time order.
    fn in_ticks(&self, light_curve: &LightCurve<'_>) -> Option<PairBins> {
        let Binning::Edges(edges) = &self.binning else { return None };
        let series = self.series(light_curve)?;
        let (ticks, tick) = ticks(&series.time)?;
        let mut order: Vec<usize> = (0..ticks.len()).collect();
        order.sort_by_key(|&i| ticks[i]);
        let first = *series.flux.first()?;
        let reference = first + series.flux.iter().map(|x| x - first).sum::<f64>() / count(series.flux.len());
        let in_order = |of: &dyn Fn(usize) -> f64| order.iter().map(|&i| of(i)).collect();
        let time: Vec<u64> = order.iter().map(|&i| ticks[i]).collect();
        let longest = time.last()?.saturating_sub(1) + 1;
        Some(PairBins {
            bins: limits(edges, tick, longest),
            flux: in_order(&|i| series.flux[i] - reference),
            variance: in_order(&|i| series.error.get(i).map_or(0.0, |error| error * error)),
            time,
            tick,
        })
    }

    /// Returns ⟨Δt⟩ and SF² from sums, or `None` if they have too few digits.
    fn of_sums(&self, bins: &PairBins, sums: &PairSums) -> Option<[f64; 2]> {
        let n = f64::from(sums.pairs);
        let [a, b] = sums.terms.map(|sum| sum / n);
        let square = if self.method == Method::Bauer2009b { std::f64::consts::FRAC_PI_2 * a * a } else { a };
        // A change has the rounding error of the fluxes, even if it is small.
        let largest = bins.flux.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        let keeps_digits = sums.pairs == 0 || largest <= 16.0 * (square + b).sqrt();
        keeps_digits.then(|| [sums.dt / n, square - b])
    }
}

impl Pairwise for PerBin {
    fn kernel(&self) -> &'static PairKernel {
        self.function.on_device().unwrap_or(&SQUARES)
    }

    fn bins(&self, light_curve: &LightCurve<'_>) -> Option<PairBins> {
        self.function.in_ticks(light_curve)
    }

    fn rows_from(&self, bins: &PairBins, sums: &[PairSums], out: &mut Vec<Value>) -> bool {
        // A light curve with fewer than two pairs has no structure function. Only the CPU counts pairs outside the
        // bins.
        if sums.iter().map(|bin| u64::from(bin.pairs)).sum::<u64>() < 2 {
            return false;
        }
        let values: Option<Vec<[f64; 2]>> = sums.iter().map(|sums| self.function.of_sums(bins, sums)).collect();
        let Some(values) = values else { return false };
        for (number, [dt, sf2]) in (0..).zip(values) {
            out.extend(row(number, dt, sf2));
        }
        true
    }
}

/// Returns times as integer ticks since the first, and the days per tick, a power of two. Returns `None` if 62 bits are
/// not enough.
fn ticks(time: &[f64]) -> Option<(Vec<u64>, f64)> {
    let bits = time.iter().map(|time| fraction_bits(*time)).max()?;
    // The limit of a float and a 128-bit integer.
    if bits > 70 {
        return None;
    }
    let scale = 2.0_f64.powi(bits);
    let whole: Vec<i128> = time.iter().map(|time| whole(time * scale)).collect::<Option<_>>()?;
    let first = *whole.iter().min()?;
    let since = |time: &i128| u64::try_from(time - first).ok().filter(|ticks| *ticks < 1 << 62);
    Some((whole.iter().map(since).collect::<Option<_>>()?, 1.0 / scale))
}

/// Converts a float without a fraction to an integer, or returns `None` if it is too large.
#[expect(clippy::cast_possible_truncation, reason = "it is below 2¹²⁰")]
fn whole(x: f64) -> Option<i128> {
    (x.abs() < 2.0_f64.powi(120)).then_some(x as i128)
}

/// Returns the number of binary digits after the point.
fn fraction_bits(x: f64) -> i32 {
    if x == 0.0 {
        return 0;
    }
    let bits = x.to_bits();
    let (exponent, mantissa) = ((bits >> 52) & 0x7FF, bits & ((1 << 52) - 1));
    if exponent == 0 {
        return 1074;
    }
    let zeros = i64::from((mantissa | (1 << 52)).trailing_zeros());
    i32::try_from((1075 - exponent.cast_signed() - zeros).max(0)).unwrap_or(i32::MAX)
}

/// Returns, for each bin, its shortest interval and the shortest interval beyond it, in ticks. No interval is longer
/// than `longest`.
fn limits(edges: &[f64], tick: f64, longest: u64) -> Vec<[u64; 2]> {
    // Rounded like the difference of two times.
    #[expect(clippy::cast_precision_loss, reason = "rounds to the nearest, like a difference")]
    let days = |ticks: u64| ticks as f64 * tick;
    let mut starts: Vec<u64> =
        edges[..edges.len() - 1].iter().map(|edge| first_from(1, longest + 1, |ticks| days(ticks) >= *edge)).collect();
    // Intervals slightly beyond the last edge may belong to the last bin.
    let last = starts.last().copied().unwrap_or(1);
    starts.push(first_from(last, longest + 1, |ticks| place(edges, days(ticks)).is_none()));
    starts.windows(2).map(|pair| [pair[0], pair[1]]).collect()
}

/// Returns the first number in `low..high` for which `holds` is true, or `high` if it is never true. If `holds` is true
/// for a number, it must be true for all larger ones.
fn first_from(mut low: u64, mut high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_exact() {
        let time = [60_000.25, 60_000.0 + 2.0_f64.powi(-37), 60_700.125, 59_999.0];
        let (ticks, tick) = ticks(&time).expect("they have 47 bits");
        assert_eq!(tick, 2.0_f64.powi(-37));
        let back: Vec<f64> = ticks.iter().map(|&ticks| 59_999.0 + ticks as f64 * tick).collect();
        assert_eq!(back, time);
    }

    #[test]
    fn times_with_too_many_bits_give_none() {
        assert!(ticks(&[1e-9, 60_000.1]).is_none());
        assert!(ticks(&[f64::MIN_POSITIVE, 1.0]).is_none());
        assert_eq!(ticks(&[1e30, 1e30]), Some((vec![0, 0], 1.0)));
    }

    #[test]
    fn limits_are_where_the_bin_of_an_interval_changes() {
        let edges = [0.0, 0.1, 0.25, 3.0];
        let tick = 2.0_f64.powi(-20);
        let limits = limits(&edges, tick, 10 << 20);
        assert_eq!(limits[0][0], 1, "an interval of zero is not a pair");
        for (bin, [from, to]) in limits.iter().enumerate() {
            for ticks in [*from, from + 1, to - 1] {
                assert_eq!(place(&edges, ticks as f64 * tick), Some(bin), "{ticks}");
            }
            assert_ne!(place(&edges, *to as f64 * tick), Some(bin));
        }
        assert!(limits[2][1] as f64 * tick > 3.0, "an interval equal to the last edge belongs to the last bin");
    }
}
