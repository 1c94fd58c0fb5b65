// Values at many frequencies. Each workgroup has a tile of neighbouring frequencies, four per lane, and loads the
// epochs of the light curve through workgroup memory.
//
// Phases are 32-bit fractions of a turn, so that full turns wrap around. Each epoch stores its phase at the first
// frequency, and the step per frequency in 64 bits. After millions of steps the phase is still accurate to the last of
// the 32 bits. In single precision, phases of a thousand turns would be off by a hundredth of a radian.

// The phase at frequency k is `phase` plus the upper 32 bits of k * (`high`, `low`).
struct Epoch {
    phase: u32,
    high: u32,
    low: u32,
    weight: f32,
    flux: f32,
}

@group(0) @binding(0) var<storage, read> epochs: array<Epoch>;
// First epoch and number of epochs of each series.
@group(0) @binding(1) var<storage, read> series: array<vec2<u32>>;
// Series, first frequency, number of frequencies, and the index of the first value.
@group(0) @binding(2) var<storage, read> tiles: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> values: array<f32>;

const LANES = 128u;

// Epochs, with their phase at the first frequency of the tile.
var<workgroup> near: array<Epoch, LANES>;

// Returns the upper half of a product.
fn upper(a: u32, b: u32) -> u32 {
    let low = (a & 0xffffu) * (b & 0xffffu);
    let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
    let other = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
    return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (other >> 16u);
}

// Returns the cosine and sine of a phase, from Taylor series around the nearest quarter turn, accurate to the last
// digit of single precision. Built-in functions may be off by 5e-4.
fn turn(phase: u32) -> vec2<f32> {
    let quarter = (phase + 0x20000000u) >> 30u;
    let x = f32(bitcast<i32>(phase - (quarter << 30u))) * 1.4629180792671596e-9;
    let y = x * x;
    let s = x * (1.0 + y * (-1.0 / 6.0 + y * (1.0 / 120.0 + y * (-1.0 / 5040.0 + y * (1.0 / 362880.0)))));
    let c = 1.0 + y * (-0.5 + y * (1.0 / 24.0 + y * (-1.0 / 720.0 + y * (1.0 / 40320.0))));
    let odd = (quarter & 1u) == 1u;
    let cosine = select(c, s, odd);
    let sine = select(s, c, odd);
    return vec2(select(cosine, -cosine, quarter == 1u || quarter == 2u), select(sine, -sine, quarter >= 2u));
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    for (var t = group.x; t < arrayLength(&tiles); t += groups.x) {
        let tile = tiles[t];
        let range = series[tile.x];
        var all_0 = nothing();
        var all_1 = nothing();
        var all_2 = nothing();
        var all_3 = nothing();
        for (var first = 0u; first < range.y; first += LANES) {
            // All lanes must read the old values before any lane overwrites them.
            workgroupBarrier();
            if first + lane < range.y {
                var epoch = epochs[range.x + first + lane];
                epoch.phase += epoch.high * tile.y + upper(epoch.low, tile.y);
                near[lane] = epoch;
            }
            workgroupBarrier();
            // Partial sums, to avoid adding small terms to large sums.
            var sums_0 = nothing();
            var sums_1 = nothing();
            var sums_2 = nothing();
            var sums_3 = nothing();
            for (var i = 0u; i < min(LANES, range.y - first); i += 1u) {
                let epoch = near[i];
                // Upper half of `low` times a number below 2⁷, without exceeding 32 bits.
                let phase = epoch.phase + epoch.high * lane + (((epoch.low >> 7u) * lane) >> 25u);
                let stride = (epoch.high << 7u) + (epoch.low >> 25u);
                sums_0 = add(sums_0, turn(phase), epoch.weight, epoch.flux);
                sums_1 = add(sums_1, turn(phase + stride), epoch.weight, epoch.flux);
                sums_2 = add(sums_2, turn(phase + 2u * stride), epoch.weight, epoch.flux);
                sums_3 = add(sums_3, turn(phase + 3u * stride), epoch.weight, epoch.flux);
            }
            all_0 = combine(all_0, sums_0);
            all_1 = combine(all_1, sums_1);
            all_2 = combine(all_2, sums_2);
            all_3 = combine(all_3, sums_3);
        }
        put(tile, lane, all_0);
        put(tile, lane + LANES, all_1);
        put(tile, lane + 2u * LANES, all_2);
        put(tile, lane + 3u * LANES, all_3);
    }
}

fn put(tile: vec4<u32>, k: u32, sums: Sums) {
    if k < tile.z {
        values[tile.w + k] = value(sums);
    }
}
