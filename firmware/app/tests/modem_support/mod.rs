//! A scripted modem behind a UART, in virtual time.
//!
//! It plays back what MODEM.md says word for word and judges nothing: the real behaviour, with its
//! options, is the simulator's. What a test wants different, it scripts.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    reason = "each test file uses a part of this, and a failing test may panic"
)]

mod script;
mod uart;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use firmware_app::modem::{Modem, Profile};
use firmware_native::executor::Virtual;
use firmware_native::time_driver;
use firmware_settings::{Draft, Settings};

pub(crate) use script::{Mode, Script};
pub(crate) use uart::FakeUart;

/// The settings all tests use.
pub(crate) fn settings() -> Settings {
    Draft {
        broker_host: "broker.example",
        server_name: "broker.example",
        ca: &[0x30],
        client_id: "device",
        apn: "free",
        apn_user: "me",
        apn_password: "hush",
        ..Draft::default()
    }
    .build()
    .unwrap()
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Runs `test` with a driver for `script` from time zero, and returns the script as it ended.
pub(crate) fn with_modem<T>(
    script: Script,
    test: impl AsyncFnOnce(&mut Modem<FakeUart>, &Profile<'_>) -> T,
) -> (T, Script) {
    time_driver::restart(Duration::ZERO);
    let script = Rc::new(RefCell::new(script));
    let mut modem = Modem::new(FakeUart::new(Rc::clone(&script)));
    let settings = settings();
    let profile = Profile::from_settings(&settings);
    let result = Virtual::new(test(&mut modem, &profile)).run();
    drop(modem);
    let script = Rc::into_inner(script)
        .expect("the driver is gone")
        .into_inner();
    (
        result.expect("the driver never waits without a bound"),
        script,
    )
}

/// The usual case: a bring-up and nothing else.
pub(crate) fn bring_up(
    script: Script,
) -> (
    Result<firmware_app::modem::LinkInfo, firmware_app::modem::BringUpError>,
    Script,
) {
    with_modem(script, async |modem, profile| modem.bring_up(profile).await)
}

/// Virtual time now.
pub(crate) fn now() -> Duration {
    time_driver::now()
}
