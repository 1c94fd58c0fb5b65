// Stetson's J and a bound on its rounding error.

const LEN = 4u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(0.0), real(0.0), real(0.0));
}

fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]);
}

// The first epochs of each lane are read once and kept in registers, because there are up to 22 passes over them. A
// segment of at most 8 epochs per lane of its team fits completely.
const KEPT = 8u;
var<private> kept_flux: array<real, KEPT>;
var<private> kept_error: array<real, KEPT>;

fn keep(first: u32, n: u32) {
    for (var k = 0u; k < KEPT; k += 1u) {
        let i = lane + k * width;
        if i < n {
            kept_flux[k] = fluxes[first + i];
            kept_error[k] = errors[first + i];
        }
    }
}

// The mean minus the reference, and a bound on its difference from the CPU's mean.
struct Mean {
    value: real,
    uncertainty: real,
}

// Returns the sums of weighted deviations, of weights, and of absolute weighted deviations, where each weight is
// divided by 1 + `robust` (δ/2)².
fn sums(first: u32, n: u32, mean: real, robust: real) -> State {
    let quarter = robust * real(0.25) * real(n) / real(n - 1u);
    var state = empty();
    for (var k = 0u; k < KEPT; k += 1u) {
        if lane + k * width < n {
            state = combine(state, term(kept_flux[k], kept_error[k], mean, quarter));
        }
    }
    for (var i = first + lane + KEPT * width; i < first + n; i += width) {
        state = combine(state, term(fluxes[i], errors[i], mean, quarter));
    }
    return team(state);
}

fn term(flux: real, error: real, mean: real, quarter: real) -> State {
    let inverse = real(1.0) / error;
    let deviation = flux - mean;
    let in_errors = deviation * inverse;
    let weight = inverse * inverse / (real(1.0) + quarter * in_errors * in_errors);
    return State(weight * deviation, weight, weight * abs(deviation), real(0.0));
}

fn robust_mean(first: u32, n: u32, reference: real) -> Mean {
    let little = real(1e-6);
    let start = sums(first, n, real(0.0), real(0.0));
    var mean = start[0] / start[1];
    var uncertainty = real(0.0);
    var smallest = real(3e38);
    for (var k = 0u; k < 20u; k += 1u) {
        let all = sums(first, n, mean, real(1.0));
        let step = all[0] / all[1];
        mean += step;
        let moved = abs(step);
        let rounding = real(2.0) * EPSILON * (all[2] / all[1] + abs(mean));
        // The rounding errors of device and CPU grow with the steps.
        let growth = moved / max(smallest, rounding);
        uncertainty = real(4.0) * rounding * max(real(1.0), growth * growth);
        smallest = min(smallest, moved);
        let whole = reference + mean;
        let margin = rounding + real(8.0) * EPSILON * little;
        let unsure = abs(moved - little) < margin
            || abs(moved - little * abs(whole)) < margin + little * rounding
            || abs(whole) < rounding;
        if unsure {
            uncertainty += moved;
        }
        // `moved / whole` is negative if the mean is.
        if whole == real(0.0) || (moved / whole < little && moved < little) {
            break;
        }
    }
    return Mean(mean, uncertainty);
}

fn evaluate(first: u32, n: u32, reference: real) -> State {
    keep(first, n);
    let mean = robust_mean(first, n, reference);
    let factor = real(n) / real(n - 1u);
    var state = empty();
    for (var k = 0u; k < KEPT; k += 1u) {
        if lane + k * width < n {
            state = combine(state, root(kept_flux[k], kept_error[k], mean, factor));
        }
    }
    for (var i = first + lane + KEPT * width; i < first + n; i += width) {
        state = combine(state, root(fluxes[i], errors[i], mean, factor));
    }
    let all = team(state);
    return State(all[0] / real(n), all[1] / real(n), real(0.0), real(0.0));
}

// Returns the contribution of an epoch to J and to the bound on its rounding error.
fn root(flux: real, error: real, mean: Mean, factor: real) -> State {
    let in_errors = (flux - mean.value) / error;
    let delta2 = factor * in_errors * in_errors;
    let p = delta2 - real(1.0);
    let size = sqrt(abs(p));
    let of_mean = real(2.0) * factor * abs(in_errors) * mean.uncertainty / error;
    let of_p = of_mean + real(2.0) * EPSILON * delta2 + EPSILON;
    let of_root = sqrt(of_p);
    let bound = select(of_root, of_p / (real(2.0) * size), size > of_root);
    return State(select(size, -size, p < real(0.0)), bound, real(0.0), real(0.0));
}
