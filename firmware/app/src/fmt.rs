//! Log macros: `error!`, `warn!`, `info!`, `debug!`.
//!
//! With the feature `log` they go to the `log` crate, with `defmt` to `defmt`, with neither the
//! arguments are only type-checked. A line is the same text on every board, because scenarios
//! compare logs. Hence two rules: the format string is a literal with plain `{}` placeholders, and
//! each argument implements `Display`.
//!
//! Debug information shows the lines that call these macros, not those of their text in here: defmt
//! takes a line's place in the source from there.

use core::sync::atomic::{AtomicU8, Ordering};

use firmware_settings::LogLevel;

/// Least important level that is written. Loads and stores only: the ESP32-C3 has no atomic
/// read-modify-write.
static LEVEL: AtomicU8 = AtomicU8::new(LogLevel::Info as u8);

/// Sets the least important level that is written from now on.
pub(crate) fn set_level(level: LogLevel) {
    LEVEL.store(level as u8, Ordering::Relaxed);
}

/// Whether lines of `level` are written.
pub(crate) fn enabled(level: LogLevel) -> bool {
    level as u8 <= LEVEL.load(Ordering::Relaxed)
}

#[collapse_debuginfo(yes)]
macro_rules! log_line {
    ($level:ident, $name:ident, $format:literal $(, $arg:expr)* $(,)?) => {
        if $crate::fmt::enabled(::firmware_settings::LogLevel::$level) {
            #[cfg(feature = "defmt")]
            ::defmt::$name!($format $(, ::defmt::Display2Format(&$arg))*);
            #[cfg(all(feature = "log", not(feature = "defmt")))]
            ::log::$name!($format $(, $arg)*);
            #[cfg(not(any(feature = "log", feature = "defmt")))]
            let _ = ::core::format_args!($format $(, $arg)*);
        }
    };
}

#[collapse_debuginfo(yes)]
macro_rules! error {
    ($($arg:tt)*) => { log_line!(Error, error, $($arg)*) };
}

#[collapse_debuginfo(yes)]
macro_rules! warn {
    ($($arg:tt)*) => { log_line!(Warn, warn, $($arg)*) };
}

#[collapse_debuginfo(yes)]
macro_rules! info {
    ($($arg:tt)*) => { log_line!(Info, info, $($arg)*) };
}

#[collapse_debuginfo(yes)]
macro_rules! debug {
    ($($arg:tt)*) => { log_line!(Debug, debug, $($arg)*) };
}
