
fn evaluate(first: u32, n: u32, reference: f32) -> Out {
    let inner = ends(first, n, FRACTION);
    let outer = ends(first, n, OUTER);
    return Out(
        FRACTION, inner[0].x, inner[0].y, inner[0].z, inner[1].x, inner[1].y, inner[1].z,
        OUTER, outer[0].x, outer[0].y, outer[0].z, outer[1].x, outer[1].y, outer[1].z,
    );
}
