//! Assembles WGSL kernels from a prelude, the text of a statistic, a reduction method and a team.

use tape_core::{DeviceKernel, Method, PairKernel, Precision, SpectrumKernel};

use crate::tier::Team;

const PRELUDE: &str = include_str!("prelude.wgsl");
const FOLD: &str = include_str!("fold.wgsl");
const FOLD_FLUX: &str = include_str!("fold_flux.wgsl");
const WHOLE: &str = include_str!("whole.wgsl");
const PUT: &str = include_str!("put.wgsl");
const TEAM_SUBGROUP: &str = include_str!("team_subgroup.wgsl");
const TEAM_WORKGROUP: &str = include_str!("team_workgroup.wgsl");

const SPECTRUM: &str = include_str!("spectrum.wgsl");

/// Returns the WGSL of a kernel over frequencies.
pub(crate) fn spectrum(kernel: &SpectrumKernel) -> String {
    [kernel.wgsl, SPECTRUM].concat()
}

const PAIRS: &str = include_str!("pairs.wgsl");

/// Returns the WGSL of a kernel over pairs of epochs.
pub(crate) fn pairs(kernel: &PairKernel) -> String {
    [kernel.wgsl, PAIRS].concat()
}

/// Returns the WGSL of a kernel for a team.
pub(crate) fn text(kernel: &DeviceKernel, team: Team, precision: Precision) -> String {
    let by_team = match team {
        // naga accepts subgroup operations without `enable subgroups;`, and rejects that line.
        Team::Subgroup => TEAM_SUBGROUP,
        Team::Small | Team::Large | Team::Tile => TEAM_WORKGROUP,
    };
    let (real, epsilon) = match precision {
        Precision::Single => ("f32", "1.1920929e-7"),
        Precision::Double => ("f64", "2.220446049250313e-16"),
    };
    let reduce = match kernel.method {
        Method::Fold if kernel.error => FOLD,
        Method::Fold => FOLD_FLUX,
        Method::Whole => WHOLE,
    };
    let workgroup = team.workgroup();
    // Some drivers treat two aliases of one type as different types.
    let out = if kernel.wgsl.contains("-> Out") { "array<real, OUT>" } else { "State" };
    let head = format!(
        "alias real = {real};\nconst EPSILON: real = {epsilon};\nconst WORKGROUP = {workgroup}u;\n\
         const OUT = {}u;\nalias Out = {out};\n",
        kernel.len
    );
    [&head, PRELUDE, kernel.wgsl, PUT, by_team, reduce].concat()
}
