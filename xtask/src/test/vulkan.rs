//! Installs a Vulkan driver for GPU tests on machines without a GPU, and validation layers.

use std::path::Path;
use std::process::Command;

use crate::run::{self, Result};

/// Folders in which Vulkan's loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Folders in which Vulkan's loader looks for layers.
const LAYERS: [&str; 2] = ["/usr/share/vulkan/explicit_layer.d", "/etc/vulkan/explicit_layer.d"];

/// Debian's packages: a software driver, and validation layers.
const DRIVER: &str = "mesa-vulkan-drivers";
const VALIDATION: &str = "vulkan-validationlayers";

/// Installs a Vulkan driver and validation layers if they are missing, but only as root in continuous integration.
/// Returns what is still missing, with the reason. Tests that need it are then ignored, or fail if `TAPE_REQUIRE_GPU`
/// is set.
pub(super) fn prepare() -> Vec<String> {
    if !cfg!(target_os = "linux") {
        return vec![];
    }
    let drivers = DRIVERS.iter().any(|folder| has_manifest(Path::new(folder), ""));
    let layers = LAYERS.iter().any(|folder| has_manifest(Path::new(folder), "khronos_validation"));
    let wanted = [
        (drivers, DRIVER, "no Vulkan driver, so kernels are not tested"),
        (layers, VALIDATION, "no validation layers, so the use of Vulkan is not validated"),
    ];
    wanted.into_iter().filter_map(|(is_there, package, lack)| missing(is_there, package, lack)).collect()
}

/// Returns what is missing, if it is not installed and cannot be.
fn missing(is_there: bool, package: &str, lack: &str) -> Option<String> {
    if is_there {
        return None;
    }
    let ask = format!("{lack}: run apt-get install -y {package} as root");
    if !is_root() {
        return Some(ask);
    }
    let install = || -> Result<()> {
        run::run(Command::new("apt-get").arg("update"))?;
        let mut command = Command::new("apt-get");
        run::run(command.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", package]))
    };
    install().err().map(|error| format!("{ask} ({error})"))
}

fn has_manifest(folder: &Path, named: &str) -> bool {
    let files = folder.read_dir().into_iter().flatten().flatten();
    files.into_iter().any(|file| {
        let path = file.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        path.extension().is_some_and(|ending| ending == "json") && name.contains(named)
    })
}

fn is_root() -> bool {
    run::read(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drivers_are_found_by_their_manifests() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!has_manifest(folder.path(), ""));
        assert!(!has_manifest(&folder.path().join("missing"), ""));
        std::fs::write(folder.path().join("lvp_icd.x86_64.json"), "{}").expect("a file");
        assert!(has_manifest(folder.path(), "") && !has_manifest(folder.path(), "khronos_validation"));
    }
}
