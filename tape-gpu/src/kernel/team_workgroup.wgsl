// One workgroup per segment. Lanes exchange states through workgroup memory.

var<workgroup> states: array<State, WORKGROUP>;

// Combines the states of all lanes. Returns the same value in all lanes.
fn team(of_lane: State) -> State {
    states[lane] = of_lane;
    for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
        workgroupBarrier();
        if lane < half {
            states[lane] = combine(states[lane], states[lane + half]);
        }
    }
    workgroupBarrier();
    let all = states[0];
    // All lanes must read the result before the next call overwrites it.
    workgroupBarrier();
    return all;
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) invocation: u32,
) {
    lane = invocation;
    width = WORKGROUP;
    for (var i = group.x; i < arrayLength(&todo); i += groups.x) {
        reduce(todo[i]);
    }
}
