//! What the application needs from the board it runs on.
//!
//! A board crate (`firmware-esp32`, `firmware-native`) builds a [`Device`] and hands it to
//! [`run`](crate::run). Nothing here knows a chip.

use embedded_io_async::{Read, Write};
use rand_core::CryptoRngCore;

/// The UART that leads to the modem.
///
/// `read` waits for at least one byte of the receive ring. The ring is filled by an interrupt (or
/// its equivalent), never by the task that reads it: a TLS handshake keeps the executor busy for
/// longer than the 128-byte hardware FIFO lasts.
///
/// `flush` returns when the last bit has left the line, so that a guard time starts then.
/// Both futures may be dropped at any await point without losing bytes.
pub trait ModemUart: Read + Write {
    /// Bytes lost since boot because the ring or the hardware FIFO was full.
    fn overruns(&self) -> u32;
}

/// The rate to open the modem's UART with: that of the settings partition, or the modem's own from
/// the factory when the partition cannot be read, which [`run`](crate::run) then tells.
// Never inlined: the decoded settings take kilobytes of stack, for a moment here only.
#[inline(never)]
pub fn uart_baud(settings: &[u8]) -> u32 {
    firmware_settings::decode(settings).map_or(115_200, |settings| settings.uart_baud)
}

/// Why the device started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResetReason {
    /// Power came up.
    PowerOn,
    /// The application asked for it, for example by the `reboot` command.
    Software,
    /// A watchdog ran out.
    Watchdog,
    /// The supply dropped below the brown-out threshold.
    BrownOut,
    /// The previous run panicked.
    Panic,
}

/// Facts and services of the board that are neither UART nor randomness.
pub trait System {
    /// Identifies this boot; drawn anew at each reset. Telemetry carries it as `boot`.
    fn boot_id(&self) -> u32;

    /// Why the device started.
    fn reset_reason(&self) -> ResetReason;

    /// Chip temperature in degrees Celsius, `None` where the board has no sensor.
    fn temperature_c(&mut self) -> Option<i16>;

    /// When the image was built, in seconds since 1970-01-01 UTC: a lower bound for the time
    /// while the modem's clock is not to be trusted.
    fn build_time(&self) -> u64;

    /// The TLS handshake, the longest computation there is, begins (`true`) or is over (`false`),
    /// well or not. A board may measure meanwhile for how long others had to wait.
    fn handshake(&mut self, running: bool) {
        let _ = running;
    }

    /// Pulls the modem's reset line (active low) or lets it go. Says whether the board has one;
    /// without, nothing happens.
    fn pull_modem_reset(&mut self, pull: bool) -> bool {
        let _ = pull;
        false
    }
}

/// The board, as the application takes it.
#[derive(Debug)]
pub struct Device<'a, U, R, S, F> {
    /// UART to the modem, 8N1 at the rate of the settings' `uart_baud`; see [`uart_baud`].
    pub uart: U,
    /// Cryptographic randomness.
    pub rng: R,
    /// Everything else.
    pub system: S,
    /// The bytes of the flash partition named `settings`, whatever they hold.
    pub settings: &'a [u8],
    /// The flash partition named `outbox`, from offset 0, for samples that have to survive a
    /// reset; `None` where the board has none. Erased or written by this firmware; anything else
    /// in it is erased. The first 16 erase sectors are used.
    ///
    /// Its futures must be ready at the first poll: the processor waits for its flash.
    pub outbox: Option<F>,
}

/// What [`run`](crate::run) asks of the board when it returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Exit {
    /// Reset the chip: the application was told to.
    Reboot,
    /// Stay attachable and do nothing: the settings are absent or damaged, and both the modem
    /// and the flash were left alone.
    Halt,
}

/// Bound that [`Device::rng`] fulfils.
pub trait DeviceRng: CryptoRngCore {}

impl<T: CryptoRngCore> DeviceRng for T {}
