// A statistic of complete segments.

fn reduce(part: u32) {
    let range = parts[part];
    put(part, evaluate(range.x, range.y, references[part]));
}
