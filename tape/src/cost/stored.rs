//! Calibrations in the user's cache folder.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Calibration;
use crate::error::Error;

/// Returns the calibrations of this user, one for each device that was measured.
///
/// They lie in `calibration.json` in `$TAPE_CACHE_DIR`, or else in `tape` in the cache folder of the system.
///
/// # Errors
/// If the file cannot be read, or is not a file of calibrations.
pub fn calibrations() -> Result<Vec<Calibration>, Error> {
    path().map_or(Ok(vec![]), |path| read(&path))
}

impl Calibration {
    /// Saves the calibration for later runs, replacing an earlier one of the same device, and returns the path.
    ///
    /// # Errors
    /// If there is no cache folder, or the file cannot be written.
    pub fn store(&self) -> Result<PathBuf, Error> {
        let path = path().ok_or(Error::NoCache)?;
        self.store_in(&path)?;
        Ok(path)
    }

    fn store_in(&self, path: &Path) -> Result<(), Error> {
        // An unreadable file is replaced, because its error message says to calibrate again.
        let mut all = read(path).unwrap_or_default();
        all.retain(|other| other.device != self.device);
        all.push(self.clone());
        let failed = |message: String| Error::Calibration { path: path.to_owned(), message };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        let text = serde_json::to_vec_pretty(&all).map_err(|error| failed(error.to_string()))?;
        Ok(tape_io::internal::write_whole(path, &text)?)
    }
}

fn read(path: &Path) -> Result<Vec<Calibration>, Error> {
    let failed = |message: String| Error::Calibration { path: path.to_owned(), message };
    match fs::read(path) {
        Ok(text) => {
            let all: Vec<Calibration> = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
            let sound = |rate: &f64| rate.is_finite() && *rate > 0.0;
            let rates = all.iter().flat_map(|one| {
                let kernels = one.kernels.values().flat_map(|speed| [speed.device, speed.core]);
                [one.upload, one.read, one.call].into_iter().chain(kernels)
            });
            match rates.into_iter().find(|rate| !sound(rate)) {
                Some(rate) => Err(failed(format!("it has a rate of {rate}"))),
                None => Ok(all),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(failed(error.to_string())),
    }
}

fn path() -> Option<PathBuf> {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let own = folder("TAPE_CACHE_DIR");
    let of_system = || {
        let xdg = folder("XDG_CACHE_HOME").or_else(|| folder("LOCALAPPDATA"));
        let home = || Some(folder("HOME")?.join(if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" }));
        Some(xdg.or_else(home)?.join("tape"))
    };
    Some(own.or_else(of_system)?.join("calibration.json"))
}

#[cfg(test)]
mod tests {
    use super::super::Speed;
    use super::*;

    fn calibration(device: &str, upload: f64) -> Calibration {
        Calibration {
            device: device.to_owned(),
            driver: "1.0".to_owned(),
            software: false,
            upload,
            read: 2.0,
            call: 3.0,
            kernels: [("mean".to_owned(), Speed { device: 4.0, core: 5.0 })].into(),
        }
    }

    #[test]
    fn each_device_has_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/calibration.json");
        assert_eq!(read(&path).expect("none is no error"), vec![]);
        for one in [calibration("a", 1.0), calibration("b", 1.0), calibration("a", 7.5)] {
            one.store_in(&path).expect("it can be written");
        }
        assert_eq!(read(&path).expect("it is ours"), [calibration("b", 1.0), calibration("a", 7.5)]);
    }

    #[test]
    fn what_is_no_calibration_is_an_error_that_names_the_file_and_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("calibration.json");
        let zero = serde_json::to_string(&[calibration("a", 0.0)]).expect("it is JSON");
        for text in ["", "{", "[{\"device\": 3}]", &zero] {
            fs::write(&path, text).expect("it can be written");
            let error = read(&path).expect_err("it is no calibration").to_string();
            assert!(error.contains("calibration.json") && error.contains("calibrate again"), "{error}");
        }
        calibration("a", 1.0).store_in(&path).expect("it can be written");
        assert_eq!(read(&path).expect("it is ours").len(), 1);
    }
}
