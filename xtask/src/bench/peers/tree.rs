//! CPU time and memory of a process and all its descendants, because a peer may compute in worker processes.
//!
//! Reads `/proc`, so it only works on Linux.

use std::fs;

use super::super::process;
use crate::run::Result;

/// A process and its descendants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    root: u32,
}

impl Tree {
    /// Creates the tree of a running process.
    pub(super) const fn new(root: u32) -> Self {
        Self { root }
    }

    /// Returns all living processes, the root first.
    fn processes(self) -> Vec<u32> {
        let mut all = vec![self.root];
        let mut next = 0;
        while next < all.len() {
            let threads = fs::read_dir(format!("/proc/{}/task", all[next])).into_iter().flatten().flatten();
            for thread in threads {
                let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
                all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
            next += 1;
        }
        all
    }

    /// Returns the CPU time so far, in seconds, of living processes and of ended ones that were waited for.
    ///
    /// # Errors
    /// If the system does not report it.
    pub(super) fn cpu_s(self) -> Result<f64> {
        process::cpu_s(self.root)
            .ok_or("cannot read the CPU time of a running process: peers are only measured on Linux")?;
        let of = |pid| process::cpu_s(pid).unwrap_or(0.0) + ended_s(pid).unwrap_or(0.0);
        Ok(self.processes().into_iter().map(of).sum())
    }

    /// Resets the root's peak memory.
    pub(super) fn reset_peak(self) {
        // If this is not permitted, the peak is since the start, so it is never too small.
        _ = fs::write(format!("/proc/{}/clear_refs", self.root), "5");
    }

    /// Returns the memory of all processes, in MB of 10^6 bytes. For a single process, this is the peak of its resident
    /// set since [`Tree::reset_peak`], as for ours. For several, it is their current memory, with shared pages counted
    /// once.
    pub(super) fn memory_mb(self) -> f64 {
        let processes = self.processes();
        let kib: f64 = match &processes[..] {
            [root] => field(&format!("/proc/{root}/status"), "VmHWM:").unwrap_or(0.0),
            all => all.iter().filter_map(|pid| field(&format!("/proc/{pid}/smaps_rollup"), "Pss:")).sum(),
        };
        kib * 1024.0 / 1e6
    }
}

/// Reads the number after a name in a file of names and numbers.
fn field(path: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// Returns the CPU time of a process's children that it waited for, in seconds.
fn ended_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the program's name, which may contain anything, cutime and cstime are fields 14 and 15, in hundredths.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13).map(str::parse::<f64>);
    Some((fields.next()?.ok()? + fields.next()?.ok()?) / 100.0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Starts a shell that prints `done` after its script and waits for a line; see [`end`].
    fn shell(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{script}\necho done\nread line")]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a shell");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("it is done");
        child
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().expect("it ends");
    }

    #[test]
    fn the_time_of_children_counts_while_they_live_and_after() {
        const WORK: &str = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let idle = shell("true");
        let cpu = Tree::new(idle.id()).cpu_s().expect("CPU time");
        end(idle);
        let ended = shell(&format!("sh -c '{WORK}'"));
        assert!(Tree::new(ended.id()).cpu_s().expect("CPU time") > cpu + 0.02);
        end(ended);
        let living = shell(&format!("exec 3<&0; sh -c '{WORK}; echo done; read line <&3' & read line"));
        let tree = Tree::new(living.id());
        assert!(tree.processes().len() > 1);
        assert!(tree.cpu_s().expect("CPU time") > cpu + 0.02);
        end(living);
    }

    #[test]
    fn memory_is_summed_over_processes() {
        // Without line ends, tail keeps all its input in memory.
        let fill = "{ head -c 64000000 /dev/zero; echo done >&4; read line <&3; } | tail -c 64000000 > /dev/null";
        let large = shell(&format!("exec 3<&0 4>&1; {fill} & read line"));
        assert!(Tree::new(large.id()).memory_mb() > 60.0);
        end(large);
        let small = shell("true");
        let mb = Tree::new(small.id()).memory_mb();
        assert!(mb > 0.1 && mb < 40.0, "{mb}");
        end(small);
    }

    #[test]
    fn an_ended_process_has_no_time() {
        let mut child = Command::new("true").spawn().expect("it starts");
        child.wait().expect("it ends");
        assert!(Tree::new(child.id()).cpu_s().is_err());
    }
}
