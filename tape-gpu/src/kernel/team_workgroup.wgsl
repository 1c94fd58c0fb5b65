// A workgroup for each segment: its lanes exchange states through the memory that they share.

var<workgroup> states: array<State, WORKGROUP>;

// What all lanes have together, the same in all of them.
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
    // No lane may write for the next time before all have read.
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
