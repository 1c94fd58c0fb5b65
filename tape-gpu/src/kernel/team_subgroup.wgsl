// One subgroup per segment. Lanes exchange states directly, without workgroup memory.

// Combines the states of all lanes. Returns the same value in all lanes.
fn team(of_lane: State) -> State {
    var state = of_lane;
    for (var distance = 1u; distance < width; distance <<= 1u) {
        var other = state;
        for (var k = 0u; k < LEN; k += 1u) {
            other[k] = subgroupShuffleXor(state[k], distance);
        }
        state = combine(state, other);
    }
    return state;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) invocation: u32,
    @builtin(subgroup_size) size: u32,
) {
    lane = invocation;
    width = size;
    for (var i = group.x * subgroups + subgroup; i < arrayLength(&todo); i += groups.x * subgroups) {
        reduce(todo[i]);
    }
}
