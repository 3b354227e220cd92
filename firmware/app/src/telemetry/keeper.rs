//! Brings samples that wait too long into flash.

use core::convert::Infallible;

use embassy_futures::select::select;
use embassy_time::{Instant, Timer};

use crate::platform::System;
use crate::shared::Shared;

/// Moves each sample that has waited for [`KEEP_AFTER`](super::KEEP_AFTER) into flash, for ever,
/// beside everything else. Not during a TLS handshake: erasing a sector keeps interrupts off for
/// some 50 ms, in which a certificate would overrun the UART.
pub(crate) async fn keep_forever<S: System>(shared: &Shared<'_, S>) -> Infallible {
    loop {
        match shared.keep_due() {
            None => shared.kept.wait().await,
            Some(due) if due > Instant::now() => {
                select(Timer::at(due), shared.kept.wait()).await;
            }
            Some(_) => shared.keep(),
        }
    }
}
