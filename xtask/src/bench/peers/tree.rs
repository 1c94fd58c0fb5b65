//! What a process and all its descendants take together, while they live: a peer may compute in workers of its own.
//!
//! From `/proc`, so on Linux alone.

use std::fs;

use super::super::process;
use crate::run::Result;

/// A process and its descendants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tree {
    root: u32,
}

impl Tree {
    /// That of a process that runs.
    pub(super) const fn of(root: u32) -> Self {
        Self { root }
    }

    /// All that live now, the root first.
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

    /// The CPU time so far, in seconds, of all that live and of all that ended and were waited for.
    ///
    /// # Errors
    /// If the system does not tell.
    pub(super) fn cpu_s(self) -> Result<f64> {
        process::cpu_s(self.root)
            .ok_or("the CPU time of a running process is not told: peers are measured on Linux")?;
        let of = |pid| process::cpu_s(pid).unwrap_or(0.0) + ended_s(pid).unwrap_or(0.0);
        Ok(self.processes().into_iter().map(of).sum())
    }

    /// Lets the peak of the root's memory begin anew.
    pub(super) fn reset_peak(self) {
        // Where this is not permitted, the peak is that since the start: never too small.
        _ = fs::write(format!("/proc/{}/clear_refs", self.root), "5");
    }

    /// The memory of all, in MB of 10^6 bytes. One process alone has its resident set, as we have, and its peak since
    /// [`Tree::reset_peak`]; several have what they have at this moment, each page that they share counted once.
    pub(super) fn memory_mb(self) -> f64 {
        let processes = self.processes();
        let kib: f64 = match &processes[..] {
            [root] => field(&format!("/proc/{root}/status"), "VmHWM:").unwrap_or(0.0),
            all => all.iter().filter_map(|pid| field(&format!("/proc/{pid}/smaps_rollup"), "Pss:")).sum(),
        };
        kib * 1024.0 / 1e6
    }
}

/// The number behind a name in a file of names and numbers.
fn field(path: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The CPU time of a process's children that it waited for, in seconds.
fn ended_s(pid: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // After the program's name, which may hold anything, cutime and cstime are fields 14 and 15, in hundredths.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13).map(str::parse::<f64>);
    Some((fields.next()?.ok()? + fields.next()?.ok()?) / 100.0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A shell that says when its script is done, or has it say so, and waits: what it reads ends with [`end`].
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
        let cpu = Tree::of(idle.id()).cpu_s().expect("Linux tells");
        end(idle);
        let ended = shell(&format!("sh -c '{WORK}'"));
        assert!(Tree::of(ended.id()).cpu_s().expect("Linux tells") > cpu + 0.02);
        end(ended);
        let living = shell(&format!("exec 3<&0; sh -c '{WORK}; echo done; read line <&3' & read line"));
        let tree = Tree::of(living.id());
        assert!(tree.processes().len() > 1);
        assert!(tree.cpu_s().expect("Linux tells") > cpu + 0.02);
        end(living);
    }

    #[test]
    fn memory_is_that_of_all() {
        // Without line ends, tail keeps all that it is asked for.
        let fill = "{ head -c 64000000 /dev/zero; echo done >&4; read line <&3; } | tail -c 64000000 > /dev/null";
        let large = shell(&format!("exec 3<&0 4>&1; {fill} & read line"));
        assert!(Tree::of(large.id()).memory_mb() > 60.0);
        end(large);
        let small = shell("true");
        let mb = Tree::of(small.id()).memory_mb();
        assert!(mb > 0.1 && mb < 40.0, "{mb}");
        end(small);
    }

    #[test]
    fn a_process_that_is_no_more_has_no_time() {
        let mut child = Command::new("true").spawn().expect("it starts");
        child.wait().expect("it ends");
        assert!(Tree::of(child.id()).cpu_s().is_err());
    }
}
