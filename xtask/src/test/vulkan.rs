//! The driver that GPU tests run on where there is no GPU.

use std::path::Path;
use std::process::Command;

use crate::run::{self, Result};

/// Where Vulkan's loader looks for drivers.
const DRIVERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Debian's package, which has a driver in software.
const PACKAGE: &str = "mesa-vulkan-drivers";

/// Installs a Vulkan driver, if this machine has none and may be changed. Answers why there is still none; the tests that
/// need it then count as ignored, or fail where `TAPE_REQUIRE_GPU` is set.
pub(super) fn prepare() -> Option<String> {
    if !cfg!(target_os = "linux") || DRIVERS.iter().any(|folder| has_driver(Path::new(folder))) {
        return None;
    }
    let ask = format!("no Vulkan driver, so kernels are not tested: as root, run apt-get install -y {PACKAGE}");
    if !is_root() {
        return Some(ask);
    }
    let install = || -> Result<()> {
        run::run(Command::new("apt-get").arg("update"))?;
        let mut command = Command::new("apt-get");
        run::run(command.env("DEBIAN_FRONTEND", "noninteractive").args(["install", "-y", PACKAGE]))
    };
    install().err().map(|error| format!("{ask} ({error})"))
}

fn has_driver(folder: &Path) -> bool {
    let files = folder.read_dir().into_iter().flatten().flatten();
    files.into_iter().any(|file| file.path().extension().is_some_and(|ending| ending == "json"))
}

fn is_root() -> bool {
    run::read(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_driver_if_it_has_a_manifest() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(!has_driver(folder.path()));
        assert!(!has_driver(&folder.path().join("missing")));
        std::fs::write(folder.path().join("lvp_icd.x86_64.json"), "{}").expect("a file");
        assert!(has_driver(folder.path()));
    }
}
