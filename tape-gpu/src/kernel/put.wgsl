// One lane writes the numbers of a part.

fn put(part: u32, state: State) {
    var all = state;
    if lane == 0u {
        for (var k = 0u; k < LEN; k += 1u) {
            numbers[part * LEN + k] = all[k];
        }
    }
}
