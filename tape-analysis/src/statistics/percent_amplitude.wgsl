
// Returns the minimum, the maximum and the median flux.
fn evaluate(first: u32, n: u32, reference: f32) -> Out {
    let least = of_rank(first, n, 0u, 0.0, false).x;
    let greatest = of_rank(first, n, n - 1u, 0.0, false).x;
    return Out(least, greatest, median(first, n, 0.0, false));
}
