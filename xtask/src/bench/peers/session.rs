//! The process of a peer. It starts once, runs on request, and is measured from outside.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::super::process::Usage;
use super::tree::Tree;
use crate::run::{self, Result};

/// Interval for reading memory use. Reading more often would affect the measurement.
const POLL: Duration = Duration::from_millis(20);
/// Time that a process may take to end when asked to.
const END: Duration = Duration::from_secs(10);

/// A process that reads the commands `run` and `answer PATH`, one per line, and replies with a line when done.
#[derive(Debug)]
pub(super) struct Session {
    child: Child,
    replies: Receiver<io::Result<String>>,
    complaint: File,
    /// Maximum time for a reply.
    limit: Duration,
}

impl Session {
    /// Starts a command, and waits until it is ready.
    ///
    /// # Errors
    /// If the process ends, or does not reply within `limit`. The same applies to the other methods.
    pub(super) fn start(command: &mut Command, limit: Duration) -> Result<Self> {
        let complaint = tempfile::tempfile()?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(complaint.try_clone()?);
        // In its own process group, so that it can be ended with its descendants.
        let mut child = command.process_group(0).spawn().map_err(|error| run::not_started(command, &error))?;
        let (sender, replies) = mpsc::channel();
        let stdout = child.stdout.take();
        thread::spawn(move || {
            let lines = stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines());
            // Sending fails once the receiver is gone.
            lines.map(|line| sender.send(line)).find(std::result::Result::is_err);
        });
        let mut session = Self { child, replies, complaint, limit };
        session.reply("ready", || {})?;
        Ok(session)
    }

    /// Measures one run.
    pub(super) fn run(&mut self) -> Result<Usage> {
        let tree = Tree::new(self.child.id());
        tree.reset_peak();
        let mut peak_mb: f64 = 0.0;
        let (before, start) = (tree.cpu_s()?, Instant::now());
        self.say("run")?;
        self.reply("done", || peak_mb = peak_mb.max(tree.memory_mb()))?;
        let wall_s = start.elapsed().as_secs_f64();
        let cpu_s = tree.cpu_s()? - before;
        Ok(Usage { cpu_s, wall_s, peak_mb: peak_mb.max(tree.memory_mb()) })
    }

    /// Writes the results of the last run to a Parquet file.
    pub(super) fn answer(&mut self, path: &Path) -> Result<()> {
        self.say(&format!("answer {}", path.display()))?;
        self.reply("done", || {})
    }

    fn say(&mut self, line: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().ok_or("the process was told to end")?;
        // A process that has ended is reported, with the reason, when the reply is missing.
        _ = writeln!(stdin, "{line}");
        Ok(())
    }

    /// Waits for a reply, and calls `meanwhile` at intervals.
    fn reply(&mut self, expected: &str, mut meanwhile: impl FnMut()) -> Result<()> {
        let start = Instant::now();
        loop {
            match self.replies.recv_timeout(POLL) {
                Ok(line) => {
                    let line = line?;
                    return if line == expected { Ok(()) } else { Err(format!("unexpected reply '{line}'").into()) };
                }
                Err(RecvTimeoutError::Timeout) if start.elapsed() > self.limit => {
                    return Err(format!("no reply in {:.0} s", self.limit.as_secs_f64()).into());
                }
                Err(RecvTimeoutError::Timeout) => meanwhile(),
                Err(RecvTimeoutError::Disconnected) => return Err(self.why_it_ended()),
            }
        }
    }

    fn why_it_ended(&mut self) -> Box<dyn std::error::Error> {
        // Its output is closed, so it has ended or is about to.
        let status = self.ended(END).map_or_else(|| "it closed its output".to_owned(), |status| status.to_string());
        let mut text = vec![];
        _ = self.complaint.rewind().and_then(|()| self.complaint.read_to_end(&mut text));
        let complaint = String::from_utf8_lossy(&text);
        let last = complaint.lines().map(str::trim).rfind(|line| !line.is_empty());
        last.map_or(status, ToOwned::to_owned).into()
    }

    fn ended(&mut self, patience: Duration) -> Option<std::process::ExitStatus> {
        let start = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if start.elapsed() < patience => thread::sleep(POLL),
                Ok(status) => return status,
                Err(_) => return None,
            }
        }
    }
}

impl Drop for Session {
    /// Ends the process with its descendants.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let is_over = self.ended(if thread::panicking() { Duration::ZERO } else { END }).is_some();
        // Remaining workers would disturb the next measurement. There may be none, so errors are ignored.
        let group = format!("-{}", self.child.id());
        _ = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
        if !is_over {
            _ = self.child.wait();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn start(script: &str) -> Result<Session> {
        Session::start(Command::new("sh").args(["-c", script]), Duration::from_secs(5))
    }

    #[test]
    fn a_run_is_measured_and_waiting_for_it_is_not() {
        let work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let script = format!("{work}; echo ready\nread l; {work}; echo done; read l; echo done; read l");
        let mut session = start(&script).expect("it is ready");
        let usage = session.run().expect("it runs");
        assert!(usage.cpu_s > 0.02 && usage.wall_s >= 0.9 * usage.cpu_s && usage.peak_mb > 0.1, "{usage:?}");
        let again = session.run().expect("it runs again");
        assert!(again.cpu_s < 0.5 * usage.cpu_s, "a run does not count the one before: {usage:?} {again:?}");
    }

    #[test]
    fn a_result_is_written_to_the_given_path() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("answer");
        let mut session = start("echo ready; read word path; echo $word > $path; echo done").expect("it is ready");
        session.answer(&path).expect("it answers");
        assert_eq!(std::fs::read_to_string(path).expect("it was written"), "answer\n");
    }

    #[test]
    fn a_process_that_ends_or_replies_wrongly_is_an_error() {
        assert_eq!(start("echo Traceback >&2; echo no luck >&2; exit 1").expect_err("it ends").to_string(), "no luck");
        assert_eq!(start("exit 3").expect_err("it ends").to_string(), "exit status: 3");
        assert_eq!(start("echo hello; sleep 1").expect_err("no reply").to_string(), "unexpected reply 'hello'");
        let mut session = start("echo ready; read line; echo broke >&2; exit 1").expect("it is ready");
        assert_eq!(session.run().expect_err("it ends").to_string(), "broke");
        let silent = Session::start(Command::new("sh").args(["-c", "read line"]), Duration::from_millis(100));
        assert_eq!(silent.expect_err("it is silent").to_string(), "no reply in 0 s");
    }
}
