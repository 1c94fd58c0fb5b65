// Declarations for all kernels. `real`, EPSILON, WORKGROUP, OUT and `Out` are defined above.

// First epoch and number of epochs of each part of a segment.
@group(0) @binding(0) var<storage, read> parts: array<vec2<u32>>;
// Value that was subtracted from the fluxes of each part.
@group(0) @binding(1) var<storage, read> references: array<real>;
@group(0) @binding(2) var<storage, read> fluxes: array<real>;
@group(0) @binding(3) var<storage, read> errors: array<real>;
// OUT numbers for each part.
@group(0) @binding(4) var<storage, read_write> numbers: array<real>;
// Indices of the parts for teams of this size.
@group(0) @binding(5) var<storage, read> todo: array<u32>;

// Index of this invocation in its team, and the size of the team.
var<private> lane: u32;
var<private> width: u32;
