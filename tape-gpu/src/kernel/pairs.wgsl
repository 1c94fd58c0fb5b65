// Sums over pairs of epochs of one light curve in one bin, with one workgroup per bin. Epochs are in time order, so the
// partners of an epoch are contiguous, and bisection finds them.

struct Epoch {
    // Ticks, as two 32-bit halves.
    high: u32,
    low: u32,
    flux: f32,
    variance: f32,
}

struct Bin {
    first: u32,
    number: u32,
    // Lower edge of the bin (inclusive) and upper edge (exclusive), as 32-bit halves.
    from_high: u32,
    from_low: u32,
    to_high: u32,
    to_low: u32,
}

struct Sums {
    pairs: u32,
    // In ticks.
    dt: f32,
    one: f32,
    other: f32,
}

@group(0) @binding(0) var<storage, read> epochs: array<Epoch>;
@group(0) @binding(1) var<storage, read> bins: array<Bin>;
@group(0) @binding(2) var<storage, read_write> sums: array<Sums>;

const LANES = 64u;

var<workgroup> of_lanes: array<Sums, LANES>;

// Returns whether the time between two epochs is less than an interval.
fn nearer(epoch: Epoch, than: Epoch, high: u32, low: u32) -> bool {
    let limit_low = than.low + low;
    let limit_high = than.high + high + select(0u, 1u, limit_low < low);
    return epoch.high < limit_high || (epoch.high == limit_high && epoch.low < limit_low);
}

fn ticks(one: Epoch, next: Epoch) -> f32 {
    let borrow = select(0u, 1u, next.low < one.low);
    return f32(next.high - one.high - borrow) * 4294967296.0 + f32(next.low - one.low);
}

fn combine(a: Sums, b: Sums) -> Sums {
    return Sums(a.pairs + b.pairs, a.dt + b.dt, a.one + b.one, a.other + b.other);
}

// Sums the pairs of an epoch with later epochs.
fn of_epoch(bin: Bin, i: u32) -> Sums {
    let one = epochs[bin.first + i];
    var low = i + 1u;
    var high = bin.number;
    while low < high {
        let middle = (low + high) / 2u;
        if nearer(epochs[bin.first + middle], one, bin.from_high, bin.from_low) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    var all = Sums(0u, 0.0, 0.0, 0.0);
    for (var j = low; j < bin.number; j += 1u) {
        let next = epochs[bin.first + j];
        if !nearer(next, one, bin.to_high, bin.to_low) {
            break;
        }
        let terms = term(next.flux - one.flux, next.variance + one.variance);
        all = combine(all, Sums(1u, ticks(one, next), terms.x, terms.y));
    }
    return all;
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    for (var b = group.x; b < arrayLength(&bins); b += groups.x) {
        let bin = bins[b];
        var own = Sums(0u, 0.0, 0.0, 0.0);
        for (var i = lane; i < bin.number; i += LANES) {
            own = combine(own, of_epoch(bin, i));
        }
        // The first lane must read the old values before any lane overwrites them.
        workgroupBarrier();
        of_lanes[lane] = own;
        for (var half = LANES / 2u; half > 0u; half >>= 1u) {
            workgroupBarrier();
            if lane < half {
                of_lanes[lane] = combine(of_lanes[lane], of_lanes[lane + half]);
            }
        }
        if lane == 0u {
            sums[b] = of_lanes[0];
        }
    }
}
