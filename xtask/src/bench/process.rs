//! Measures one run of a program: CPU time, wall time and peak memory, as the kernel accounts for them.
#![expect(
    unsafe_code,
    reason = "only wait4 reports the peak memory of one child, and only its clock the time of a running process, and no \
              safe crate that we use has them"
)]

use std::io::{Read, Seek};
use std::mem::MaybeUninit;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use crate::run::{self, Result};

/// The cost of one run, including all processes that it started and waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// User and system time, seconds.
    pub(super) cpu_s: f64,
    /// Wall time, seconds.
    pub(super) wall_s: f64,
    /// Largest memory of one of its processes at any time, in MB of 10^6 bytes. Never less than our own memory, a few
    /// MB, because a child starts as a copy of its parent.
    pub(super) peak_mb: f64,
}

/// Bytes per unit of `ru_maxrss`.
const PEAK_UNIT: f64 = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };

/// Runs a command and measures it.
///
/// # Errors
/// If the command cannot be started, or fails. The error includes its standard error.
pub(super) fn measure(command: &mut Command) -> Result<Usage> {
    let mut complaint = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaint.try_clone()?);
    let start = Instant::now();
    let child = command.spawn().map_err(|error| run::not_started(command, &error))?;
    let (status, usage) = wait(child.id().cast_signed())?;
    let wall_s = start.elapsed().as_secs_f64();
    if !status.success() {
        let mut text = String::new();
        complaint.rewind()?;
        complaint.read_to_string(&mut text)?;
        return Err(format!("{}: {status}\n{}", run::shown(command), text.trim()).into());
    }
    let cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    Ok(Usage { cpu_s, wall_s, peak_mb: usage.ru_maxrss as f64 * PEAK_UNIT / 1e6 })
}

/// Waits for a child that was not waited for yet.
fn wait(pid: libc::pid_t) -> Result<(ExitStatus, libc::rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to live memory of the types that wait4 writes.
        if unsafe { libc::wait4(pid, &raw mut status, 0, usage.as_mut_ptr()) } == pid {
            break;
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error.into());
        }
    }
    // SAFETY: rusage is plain numbers, for which zeros are valid, and wait4 has written them.
    Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }))
}

/// Returns the CPU time of a running process so far, in seconds. Returns `None` if it has ended, or the system has no
/// such clock.
pub(super) fn cpu_s(pid: u32) -> Option<f64> {
    #[cfg(target_os = "linux")]
    {
        let mut clock = 0;
        // SAFETY: the pointer is to a live number of the type that is written.
        if unsafe { libc::clock_getcpuclockid(pid.cast_signed(), &raw mut clock) } != 0 {
            return None;
        }
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to a live value of the type that is written.
        let told = unsafe { libc::clock_gettime(clock, &raw mut time) } == 0;
        told.then(|| time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
    }
    #[cfg(not(target_os = "linux"))]
    {
        _ = pid;
        None
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + f64::from(u32::try_from(time.tv_usec).unwrap_or(0)) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Usage> {
        measure(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn waiting_takes_time_but_no_cpu_and_counting_takes_both() {
        let idle = shell("sleep 0.3").expect("it runs");
        assert!(idle.wall_s >= 0.3 && idle.cpu_s < 0.1, "{idle:?}");
        let busy = shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").expect("it runs");
        assert!(busy.cpu_s > idle.cpu_s && busy.cpu_s > 0.02, "{busy:?}");
    }

    #[test]
    fn the_memory_of_a_grandchild_is_measured() {
        let small = shell("true").expect("it runs");
        // Without line ends, tail keeps all its input in memory. The memory of this test process counts too.
        let large = shell("head -c 256000000 /dev/zero | tail -c 256000000").expect("it runs");
        assert!(large.peak_mb > 250.0 && small.peak_mb < 150.0, "{large:?} {small:?}");
    }

    #[test]
    fn a_failing_run_is_an_error_with_its_message() {
        let error = shell("echo wrong >&2; exit 7").expect_err("it fails");
        assert!(error.to_string().ends_with("exit status: 7\nwrong"), "{error}");
    }
}
