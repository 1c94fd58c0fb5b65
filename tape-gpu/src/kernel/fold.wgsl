// A fold: each lane takes every width-th epoch, then the team combines.

fn reduce(part: u32) {
    let range = parts[part];
    var state = empty();
    for (var i = range.x + lane; i < range.x + range.y; i += width) {
        state = combine(state, lift(fluxes[i], errors[i]));
    }
    put(part, team(state));
}
