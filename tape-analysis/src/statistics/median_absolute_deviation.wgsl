
// Returns the median too, because the CPU needs it to check the accuracy of the deviation.
fn evaluate(first: u32, n: u32, reference: f32) -> State {
    let centre = median(first, n, 0.0, false);
    return State(median(first, n, centre, true), centre);
}
