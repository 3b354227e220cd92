//! What a program asks its debugger for: command line, output, exit (Arm, "Semihosting for AArch32
//! and AArch64"; the RISC-V variant differs in the breakpoint only).

use std::num::NonZeroU32;

use probe_rs::Core;
use probe_rs::semihosting::{ExitErrorDetails, SemihostingCommand};

use super::error::BoardError;
use super::probe_board::ProbeBoard;

const ACTION: &str = "answer the program's semihosting request";

/// The name of the console (section "SYS_OPEN").
const CONSOLE: &str = ":tt";
/// Handle of the console's output. Any number but 0 will do.
const CONSOLE_HANDLE: NonZeroU32 = NonZeroU32::MIN;

/// A request of a program that stands still until it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// It wants its command line: [`ProbeBoard::answer_command_line`], then let it run.
    CommandLine,
    /// It has ended well.
    Success,
    /// It has ended otherwise: in what words of its own.
    Failure(ExitErrorDetails),
    /// It wrote a text. Answered: let it run.
    Output(String),
    /// Anything else. Answered, with a failure where nobody offers it: let it run.
    Other,
}

impl ProbeBoard {
    /// Looks at what the halted program asks for with `command`, and answers all that needs no
    /// decision.
    ///
    /// # Errors
    /// [`BoardError::Probe`].
    pub fn serve(&mut self, command: SemihostingCommand) -> Result<Request, BoardError> {
        self.with_session(ACTION, |session| {
            let mut core = session.core(0).map_err(BoardError::probe(ACTION))?;
            serve(&mut core, command).map_err(BoardError::probe(ACTION))
        })
    }

    /// Answers a program that asked for its command line.
    ///
    /// # Errors
    /// [`BoardError::Probe`]; also when the program's buffer is too small for `line`.
    pub fn answer_command_line(
        &mut self,
        command: SemihostingCommand,
        line: &str,
    ) -> Result<(), BoardError> {
        self.with_session(ACTION, |session| {
            let mut core = session.core(0).map_err(BoardError::probe(ACTION))?;
            match command {
                SemihostingCommand::GetCommandLine(request) => request
                    .write_command_line_to_target(&mut core, line)
                    .map_err(BoardError::probe(ACTION)),
                // Nobody waits for one.
                _ => Ok(()),
            }
        })
    }
}

fn serve(core: &mut Core<'_>, command: SemihostingCommand) -> Result<Request, probe_rs::Error> {
    Ok(match command {
        SemihostingCommand::GetCommandLine(_) => Request::CommandLine,
        SemihostingCommand::ExitSuccess => Request::Success,
        SemihostingCommand::ExitError(details) => Request::Failure(details),
        SemihostingCommand::WriteConsole(request) => Request::Output(request.read(core)?),
        SemihostingCommand::Open(request) => {
            if request.path(core)? == CONSOLE {
                request.respond_with_handle(core, CONSOLE_HANDLE)?;
            }
            Request::Other
        }
        SemihostingCommand::Write(request) if request.file_handle() == CONSOLE_HANDLE.get() => {
            let text = request.read(core)?;
            request.write_status(core, 0)?;
            Request::Output(String::from_utf8_lossy(&text).into_owned())
        }
        SemihostingCommand::Close(request) if request.file_handle() == CONSOLE_HANDLE.get() => {
            request.success(core)?;
            Request::Other
        }
        SemihostingCommand::Time(request) => {
            request.write_current_time(core)?;
            Request::Other
        }
        // probe-rs has answered with a failure when it read the request.
        _ => Request::Other,
    })
}
