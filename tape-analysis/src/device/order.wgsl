// Order statistics by selection: the bits of a value are found one by one, from the highest, by counting the values
// below. This needs no sort and no memory, so segments may have any length.

const LEN = 2u;
alias State = array<real, LEN>;

fn empty() -> State {
    return State(real(0.0), real(3.4e38));
}

// Adds the counts, and takes the minimum of the values.
fn combine(a: State, b: State) -> State {
    return State(a[0] + b[0], min(a[1], b[1]));
}

// Returns value i: a flux, or its distance from a centre.
fn selected(i: u32, centre: f32, distances: bool) -> f32 {
    return select(fluxes[i], abs(fluxes[i] - centre), distances);
}

// Maps a float to an integer with the same order.
fn key(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

fn number(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u));
}

// Returns the value of a rank, counted from 0 in ascending order, and the next value, or the same value twice if it is
// the last.
fn of_rank(first: u32, n: u32, rank: u32, centre: f32, distances: bool) -> vec2<f32> {
    let below = f32(rank);
    var low = 0u;
    for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
        let candidate = low | bit;
        var state = empty();
        for (var i = first + lane; i < first + n; i += width) {
            state[0] += select(0.0, 1.0, key(selected(i, centre, distances)) < candidate);
        }
        if team(state)[0] <= below {
            low = candidate;
        }
    }
    // The next value is different only if no other element has this value.
    var state = empty();
    for (var i = first + lane; i < first + n; i += width) {
        let x = selected(i, centre, distances);
        if key(x) <= low {
            state[0] += 1.0;
        } else {
            state[1] = min(state[1], x);
        }
    }
    let upper = team(state);
    let lower = number(low);
    return vec2(lower, select(upper[1], lower, rank + 1u >= n || upper[0] >= below + 2.0));
}

fn median(first: u32, n: u32, centre: f32, distances: bool) -> f32 {
    let middle = of_rank(first, n, (n - 1u) / 2u, centre, distances);
    return select(0.5 * (middle.x + middle.y), middle.x, n % 2u == 1u);
}
