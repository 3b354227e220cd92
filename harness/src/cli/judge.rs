//! From how a run ended to an exit code.

use super::exit::Exit;
use super::say::say;
use crate::report::Ending;
use crate::report::Gate;

impl From<Ending> for Exit {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Interrupted => Self::Interrupted,
            Ending::Failed => Self::Failed,
            Ending::Infra => Self::Infra,
            Ending::Success => Self::Success,
        }
    }
}

/// Says what the verdict lines do not.
pub(super) fn explain(gate: &Gate) {
    for reason in &gate.reasons {
        say(format_args!("FAILED {reason}"));
    }
    for note in &gate.notes {
        say(format_args!("note: {note}"));
    }
}
