//! The last resort: a text message after a long outage.

use core::fmt::Write as _;

use embassy_time::{Duration, Instant};
use firmware_settings::SmsAlert;
use heapless::String;

use crate::modem::BringUpError;

/// Least time between two alerts: a message costs money, and nobody reads the tenth.
const PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Attempts an outage: each writes the modem's flash twice.
const ATTEMPTS: u32 = 3;
/// Longest text of one message (MODEM.md 3.7).
const TEXT: usize = 160;
/// Longest part of the client identifier in it.
const NAME: usize = 40;

/// When to send one. There is no memory of it across resets: each boot sends one at the earliest
/// after the configured outage.
#[derive(Debug)]
pub(crate) struct Alerts {
    after: Option<Duration>,
    online_at: Instant,
    sent_at: Option<Instant>,
    attempts: u32,
    /// One was sent in this outage.
    told: bool,
}

impl Alerts {
    /// Nothing sent yet; the outage begins now.
    pub(crate) fn new(sms: Option<&SmsAlert>) -> Self {
        Self {
            after: sms.map(|sms| Duration::from_secs(sms.after_s.into())),
            online_at: Instant::now(),
            sent_at: None,
            attempts: 0,
            told: false,
        }
    }

    /// There is a session, or there was until now.
    pub(crate) fn online(&mut self) {
        self.online_at = Instant::now();
        self.attempts = 0;
        self.told = false;
    }

    /// When an alert is due, if one is.
    pub(crate) fn due(&self) -> Option<Instant> {
        let after = self.after?;
        if self.told || self.attempts >= ATTEMPTS {
            return None;
        }
        let due = self.online_at.saturating_add(after);
        let allowed = self.sent_at.map(|at| at.saturating_add(PAUSE));
        Some(allowed.map_or(due, |allowed| allowed.max(due)))
    }

    /// One could not be sent. A modem that does not answer has written no flash and may be asked
    /// any number of times.
    pub(crate) fn failed(&mut self, error: &BringUpError) {
        if !error.is_mute() {
            self.attempts = self.attempts.saturating_add(1);
        }
    }

    /// One was sent.
    pub(crate) fn sent(&mut self) {
        self.sent_at = Some(Instant::now());
        self.told = true;
    }

    /// How long there has been no session.
    pub(crate) fn outage(&self) -> Duration {
        self.online_at.elapsed()
    }
}

/// The text: who, since when, what waits. Nothing of the settings but the client identifier.
pub(crate) fn text(client_id: &str, outage: Duration, waiting: usize) -> String<TEXT> {
    let mut text = String::new();
    for character in client_id.chars().take(NAME) {
        let plain = character.is_ascii_graphic() || character == ' ';
        // Longer than neither the capacity nor a message.
        let _ = text.push(if plain { character } else { '?' });
    }
    let minutes = outage.as_secs() / 60;
    let _ = write!(
        text,
        ": no connection to the broker for {minutes} min, {waiting} samples wait. Still trying."
    );
    text
}

#[cfg(test)]
mod tests {
    use firmware_native::time_driver;
    use firmware_settings::Secret;

    use super::*;
    use crate::modem::ModemError;

    fn at(seconds: u64) {
        time_driver::set_now(core::time::Duration::from_secs(seconds));
    }

    fn alerts(after_s: u32) -> Alerts {
        time_driver::restart(core::time::Duration::ZERO);
        Alerts::new(Some(&SmsAlert {
            number: Secret::new(String::try_from("15550100").unwrap()),
            after_s,
        }))
    }

    #[test]
    fn one_an_outage_and_one_a_day() {
        let mut alerts = alerts(600);
        assert_eq!(alerts.due(), Some(Instant::from_secs(600)));
        at(650);
        alerts.sent();
        assert_eq!(alerts.due(), None, "told");
        at(700);
        alerts.online();
        assert_eq!(alerts.due(), Some(Instant::from_secs(650 + 86_400)));
        at(90_000);
        alerts.online();
        assert_eq!(alerts.due(), Some(Instant::from_secs(90_600)));
    }

    #[test]
    fn a_modem_that_cannot_send_is_not_worn_out() {
        let mut alerts = alerts(60);
        for _ in 0..9 {
            alerts.failed(&ModemError::NoAnswer.into());
        }
        for _ in 0..3 {
            assert!(alerts.due().is_some());
            alerts.failed(&ModemError::RegistrationFailed.into());
        }
        assert_eq!(alerts.due(), None);
        alerts.online();
        assert!(alerts.due().is_some());
    }

    #[test]
    fn without_a_number_there_is_no_alert() {
        assert_eq!(Alerts::new(None).due(), None);
    }

    #[test]
    fn the_text_fits_one_message() {
        let plain = text("hil-device", Duration::from_secs(3660), 61);
        assert_eq!(
            plain,
            "hil-device: no connection to the broker for 61 min, 61 samples wait. Still trying."
        );
        let longest = text(&"x".repeat(64), Duration::MAX, usize::MAX);
        assert!(longest.ends_with("Still trying."), "{longest}");
        assert!(text("a\u{e9}\nb", Duration::MIN, 0).starts_with("a??b: "));
    }
}
