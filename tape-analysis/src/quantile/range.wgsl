
fn evaluate(first: u32, n: u32, reference: f32) -> Out {
    let at = ends(first, n, FRACTION);
    return Out(FRACTION, at[0].x, at[0].y, at[0].z, at[1].x, at[1].y, at[1].z);
}
