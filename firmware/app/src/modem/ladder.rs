//! When the modem's reset line is pulled: the last rung of recovery.

use embassy_time::Duration;

use super::error::{BringUpError, ModemError};

/// How long the line is held low. 0.5 s restart the module (MODEM.md 4.7, pin 19).
pub(crate) const RESET_PULSE: Duration = Duration::from_millis(700);

/// Bring-ups in a row in which the modem said nothing that makes sense, half a minute each.
const MUTE: u32 = 3;
/// Bring-ups in a row that failed for any reason that a restart of the modem might cure: some
/// twenty minutes with the waits between them.
const FAILED: u32 = 10;

/// Counts failed bring-ups.
#[derive(Debug, Default)]
pub(crate) struct Ladder {
    mute: u32,
    failed: u32,
}

impl Ladder {
    /// A bring-up failed.
    pub(crate) fn failed(&mut self, error: &BringUpError) {
        use BringUpError as E;
        match error {
            // Somebody has to come: for the card, or with another modem.
            E::Modem(ModemError::SimFault(_))
            | E::DialectTooOld { .. }
            | E::ReadBackMismatch { .. } => *self = Self::default(),
            _ if error.is_mute() => {
                self.mute = self.mute.saturating_add(1);
                self.failed = self.failed.saturating_add(1);
            }
            _ => {
                self.mute = 0;
                self.failed = self.failed.saturating_add(1);
            }
        }
    }

    /// Whether the line is to be pulled now; if so, counting starts anew.
    pub(crate) fn take_due(&mut self) -> bool {
        let due = self.mute >= MUTE || self.failed >= FAILED;
        if due {
            *self = Self::default();
        }
        due
    }

    /// A bring-up succeeded.
    pub(crate) fn worked(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::SimFault;

    fn due_after(error: &BringUpError, limit: u32) -> Option<u32> {
        let mut ladder = Ladder::default();
        (1..=limit).find(|_| {
            ladder.failed(error);
            ladder.take_due()
        })
    }

    #[test]
    fn a_mute_modem_is_reset_soon_and_a_useless_one_later() {
        let refused = BringUpError::LinkRefused { seconds: 45 };
        assert_eq!(due_after(&ModemError::NoAnswer.into(), 99), Some(3));
        assert_eq!(due_after(&refused, 99), Some(10));
    }

    #[test]
    fn what_a_reset_cannot_cure_is_no_reason() {
        let sim = ModemError::SimFault(SimFault::PinRequired).into();
        assert_eq!(due_after(&sim, 1000), None);
        let old = BringUpError::DialectTooOld { command: "APN" };
        assert_eq!(due_after(&old, 1000), None);
    }

    #[test]
    fn an_answer_in_between_starts_the_count_of_silence_anew() {
        let mut ladder = Ladder::default();
        ladder.failed(&ModemError::NoAnswer.into());
        ladder.failed(&ModemError::NoAnswer.into());
        ladder.failed(&ModemError::RegistrationFailed.into());
        ladder.failed(&ModemError::NoAnswer.into());
        assert!(!ladder.take_due());
        ladder.worked();
        for _ in 0..2 {
            ladder.failed(&ModemError::NoAnswer.into());
        }
        assert!(!ladder.take_due());
    }
}
