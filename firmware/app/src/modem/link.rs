//! The TCP connection of socket A.

use embassy_time::Instant;

use super::driver::Modem;
use super::error::{BringUpError, ModemError};
use super::timing::{LINK, LINK_POLL, STALE_LINK};
use crate::at::values::{self, Rat};
use crate::platform::ModemUart;

/// Facts about the mobile link at the moment [`bring_up`](super::Modem::bring_up) returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkInfo {
    /// Signal strength, 0 to 31 (dBm = 2 x csq - 113), 99 = unknown.
    pub csq: u8,
    /// Radio access technology.
    pub rat: Rat,
    /// Seconds since 1970-01-01 UTC at that moment, from the network; `None` while the modem's
    /// clock is not set.
    pub time: Option<u64>,
    /// Whether settings of the modem had to be changed and saved.
    pub wrote_settings: bool,
}

/// How the wait for a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// A connection that no session has used yet.
    New,
    /// The used connection goes on to stand: only a restart of the modem ends it.
    Stuck,
}

impl<U: ModemUart> Modem<U> {
    /// Whether socket A is connected now. A used connection that is gone is no longer stale.
    pub(super) async fn connected(&mut self) -> Result<bool, ModemError> {
        let connected = self.query("SOCKALK", values::connected).await?;
        if !connected {
            self.stale = false;
        }
        Ok(connected)
    }

    /// Waits for a connection that no session has used.
    pub(super) async fn wait_for_link(&mut self) -> Result<Link, BringUpError> {
        let start = Instant::now();
        let mut first = true;
        loop {
            let connected = self.connected().await?;
            if connected && !self.stale {
                return Ok(Link::New);
            }
            if first {
                info!("modem: waiting for a new connection to the broker");
                first = false;
            }
            let waited = start.elapsed();
            if connected && waited >= STALE_LINK {
                return Ok(Link::Stuck);
            }
            if waited >= LINK {
                return Err(BringUpError::LinkRefused {
                    seconds: LINK.as_secs(),
                });
            }
            self.pause(LINK_POLL).await?;
        }
    }
}
