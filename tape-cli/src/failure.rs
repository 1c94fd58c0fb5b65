//! Errors of the command, and their exit codes.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use tape::Error;
use tape::simulate::SimulateError;

use super::advice;

/// The reason why the command ends early.
pub(crate) enum Failure {
    /// Invalid arguments: exit code 2.
    Usage(String),
    /// Any other error: exit code 1.
    Failed(String),
    /// The reader of the output has closed the pipe.
    NobodyReads,
}

impl Failure {
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::Usage(message.to_string())
    }

    pub(crate) fn failed(message: impl Display) -> Self {
        Self::Failed(message.to_string())
    }

    /// Returns the message, if there is one to show.
    pub(crate) fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(message) | Self::Failed(message) => Some(message),
            Self::NobodyReads => None,
        }
    }

    /// Prints the message and returns the exit code.
    #[expect(clippy::print_stderr, reason = "the one place where the command reports errors")]
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                eprintln!("error: {message}");
                ExitCode::from(2)
            }
            Self::Failed(message) => {
                eprintln!("error: {message}");
                ExitCode::FAILURE
            }
            Self::NobodyReads => ExitCode::SUCCESS,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = advice::with_advice(&error);
        if matches!(error, Error::Statistic(_)) { Self::Usage(message) } else { Self::Failed(message) }
    }
}

impl From<tape::io::Error> for Failure {
    fn from(error: tape::io::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<tape::exec::Error> for Failure {
    fn from(error: tape::exec::Error) -> Self {
        Error::from(error).into()
    }
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Self {
        Self::Failed(advice::with_simulation_advice(&error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::NobodyReads } else { Self::failed(error) }
    }
}

/// Silences panics of worker threads and decoders, which are also reported as errors with their own message.
pub(crate) fn quiet_workers() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let of_worker = std::thread::current().name().is_some_and(|name| name.starts_with("tape-worker"));
        if !of_worker && !tape::io::internal::is_guarded() {
            default(panic);
        }
    }));
}
