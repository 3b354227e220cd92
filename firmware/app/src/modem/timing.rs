//! How long the driver waits for what, and where the figure is from.

use embassy_time::Duration;

/// Silence in front of `+++`. It must be longer than one packing interval of the modem, which is
/// unknown before its settings are read and may be set to 500 ms (MODEM.md 1.2 and 3.3).
pub(super) const GUARD: Duration = Duration::from_millis(600);

/// For the `a` that answers `+++`, and for the `+ok` that answers our `a` (MODEM.md 7).
pub(super) const HANDSHAKE: Duration = Duration::from_secs(3);

/// Tries to get into command mode: with the guard they last longer than the slowest start of the
/// module plus the ten seconds during which it may not answer afterwards (MODEM.md 1.2 and 7).
pub(super) const HANDSHAKE_ATTEMPTS: u32 = 8;

/// For the final reply to a command (MODEM.md 4.5).
pub(super) const REPLY: Duration = Duration::from_secs(2);

/// For the final reply to a command that writes flash or changes the mode.
pub(super) const SLOW_REPLY: Duration = Duration::from_secs(5);

/// A gap that no reply has within itself; a banner or an `a` is complete then.
pub(super) const IDLE_GAP: Duration = Duration::from_millis(20);

/// For late bytes of an exchange that went wrong, before the next one.
pub(super) const SETTLE: Duration = Duration::from_millis(200);

/// From `AT+S` or `AT+Z` to the banner: 7 s measured, up to 15 s assumed (MODEM.md 7).
pub(super) const RESTART: Duration = Duration::from_secs(20);

/// From the banner to the first `+++`: before that the module may not listen yet (MODEM.md 1.2).
pub(super) const READY: Duration = Duration::from_secs(3);

/// From a text message to the next command: 11 s were seen from the start to the first message
/// (MODEM.md 4.5), and nothing tells when one is out.
pub(super) const SMS_SENT: Duration = Duration::from_secs(15);

/// For registration and data service. The first registration at a new place takes about 100 s
/// (MODEM.md 4.4).
pub(super) const SERVICE: Duration = Duration::from_secs(130);

/// Between two questions whether there is service.
pub(super) const SERVICE_POLL: Duration = Duration::from_secs(2);

/// The SIM is asked for at the first and then at each so manieth question for service.
pub(super) const SIM_POLLS: u32 = 5;

/// For the TCP connection: four attempts of the modem, one each 10 s (MODEM.md 3.4).
pub(super) const LINK: Duration = Duration::from_secs(45);

/// Between two questions whether the connection stands.
pub(super) const LINK_POLL: Duration = Duration::from_secs(1);

/// How long a used connection may go on to stand before the modem is restarted to get rid of it:
/// a server that closed it would have been noticed by then.
pub(super) const STALE_LINK: Duration = Duration::from_secs(15);

/// Between two questions for the network time, which may come a little after the service.
pub(super) const CLOCK_POLL: Duration = Duration::from_secs(1);

/// Questions for the network time.
pub(super) const CLOCK_ATTEMPTS: u32 = 3;
