
// Returns the rank below a quantile, counted from 0, and the fluxes of that rank and of the next.
fn beside(first: u32, n: u32, fraction: f32) -> vec3<f32> {
    let rank = min(u32(max(fraction * f32(n) - 0.5, 0.0)), n - 1u);
    return vec3(f32(rank), of_rank(first, n, rank, 0.0, false));
}

// Returns the ranks and fluxes at a quantile and at the mirrored quantile.
fn ends(first: u32, n: u32, fraction: f32) -> array<vec3<f32>, 2> {
    return array(beside(first, n, fraction), beside(first, n, 1.0 - fraction));
}
