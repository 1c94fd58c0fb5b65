// Writes the results of a part, on one lane.

fn put(part: u32, out: Out) {
    var all = out;
    if lane == 0u {
        for (var k = 0u; k < OUT; k += 1u) {
            numbers[part * OUT + k] = all[k];
        }
    }
}
