// The Lomb–Scargle power at one frequency: sums over the epochs, and the fraction of χ² that a sine and a constant
// explain.

struct Sums {
    cos: f32,
    sin: f32,
    cos_cos: f32,
    cos_sin: f32,
    flux_cos: f32,
    flux_sin: f32,
}

fn nothing() -> Sums {
    return Sums(0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
}

fn combine(a: Sums, b: Sums) -> Sums {
    return Sums(
        a.cos + b.cos,
        a.sin + b.sin,
        a.cos_cos + b.cos_cos,
        a.cos_sin + b.cos_sin,
        a.flux_cos + b.flux_cos,
        a.flux_sin + b.flux_sin,
    );
}

fn add(sums: Sums, turn: vec2<f32>, weight: f32, flux: f32) -> Sums {
    let weighted = weight * turn.x;
    return Sums(
        sums.cos + weighted,
        sums.sin + weight * turn.y,
        sums.cos_cos + weighted * turn.x,
        sums.cos_sin + weighted * turn.y,
        sums.flux_cos + flux * turn.x,
        sums.flux_sin + flux * turn.y,
    );
}

// Returns the power p, or −1 − p if it has too few digits for the tolerance, or −2 if it has none.
fn value(sums: Sums) -> f32 {
    let cc = sums.cos_cos - sums.cos * sums.cos;
    let ss = (1.0 - sums.cos_cos) - sums.sin * sums.sin;
    let cs = sums.cos_sin - sums.cos * sums.sin;
    let determinant = cc * ss - cs * cs;
    if determinant < NO_DIGITS {
        return -2.0;
    }
    let explained = ss * sums.flux_cos * sums.flux_cos + cc * sums.flux_sin * sums.flux_sin
        - 2.0 * cs * sums.flux_cos * sums.flux_sin;
    let power = clamp(explained / determinant, 0.0, 1.0);
    return select(power, -1.0 - power, determinant < FEW_DIGITS);
}

const NO_DIGITS = 1e-3;
const FEW_DIGITS = 2e-2;
