//! Errors of the command, and their exit codes.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use tape::Error;
use tape::simulate::SimulateError;

use super::advice;

/// Why the command ends early.
pub(crate) enum Failure {
    /// The arguments make no sense together: exit code 2.
    Usage(String),
    /// It cannot be done: exit code 1.
    Failed(String),
    /// Nobody reads the output any more.
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

    /// Tells the user, in one message.
    #[expect(clippy::print_stderr, reason = "this is where the command speaks of errors")]
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

/// Panics of worker threads and of decoders come back as errors with a message of their own: the default report would only stand in its way.
pub(crate) fn quiet_workers() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let of_worker = std::thread::current().name().is_some_and(|name| name.starts_with("tape-worker"));
        if !of_worker && !tape::io::internal::is_guarded() {
            default(panic);
        }
    }));
}
