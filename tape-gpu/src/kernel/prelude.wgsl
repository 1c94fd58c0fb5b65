// What every kernel sees. `real`, EPSILON, WORKGROUP, OUT and `Out` were defined above.

// First epoch and number of epochs of each part of a segment.
@group(0) @binding(0) var<storage, read> parts: array<vec2<u32>>;
// What was subtracted from the fluxes of each part.
@group(0) @binding(1) var<storage, read> references: array<real>;
@group(0) @binding(2) var<storage, read> fluxes: array<real>;
@group(0) @binding(3) var<storage, read> errors: array<real>;
// OUT numbers for each part.
@group(0) @binding(4) var<storage, read_write> numbers: array<real>;
// The parts that teams of this size work on.
@group(0) @binding(5) var<storage, read> todo: array<u32>;

// The place of this invocation in its team, and how many the team has.
var<private> lane: u32;
var<private> width: u32;
