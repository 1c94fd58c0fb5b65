
// With the median, whose digits its own hang on.
fn evaluate(first: u32, n: u32, reference: f32) -> State {
    let centre = median(first, n, 0.0, false);
    return State(median(first, n, centre, true), centre);
}
