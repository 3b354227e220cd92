//! A text message instead of the connection (MODEM.md 3.7).

use core::fmt::Write as _;

use embassy_time::Instant;

use super::driver::Modem;
use super::error::{BringUpError, ModemError};
use super::timing::{GUARD, SERVICE, SERVICE_POLL, SMS_SENT};
use crate::at::values;
use crate::platform::ModemUart;

impl<U: ModemUart> Modem<U> {
    /// Switches the modem to its SMS mode and sends `text` to `number`: one serial packet is one
    /// message. `text`: up to 160 printable ASCII characters. `number`: digits only, country code
    /// first; it stands in no log.
    ///
    /// Costs one write of the modem's flash, and one more in the next
    /// [`bring_up`](Self::bring_up), which leads back: that one is needed whether this succeeds or
    /// not. Whether the message arrives nobody tells.
    ///
    /// # Errors
    /// [`BringUpError`]: the modem does not answer, does not take the commands, or finds no
    /// network within two minutes.
    pub async fn send_sms(&mut self, number: &str, text: &str) -> Result<(), BringUpError> {
        self.enter_command_mode().await?;
        self.set("DSTNUM", |line| line.write_str(number)).await?;
        self.set("WKMOD", |line| line.write_str("SMS")).await?;
        self.restart("S").await?;
        self.wait_for_registration().await?;
        let kept = self
            .query("DSTNUM", |kept| Some(values::fields(kept).eq([number])))
            .await?;
        if !kept {
            return Err(BringUpError::ReadBackMismatch { item: "DSTNUM" });
        }
        self.leave_command_mode().await?;
        // So that the message is a packet of its own.
        self.pause(GUARD).await?;
        self.send(text.as_bytes()).await?;
        self.pause(SMS_SENT).await?;
        Ok(())
    }

    /// Text messages need the network, and no data service.
    async fn wait_for_registration(&mut self) -> Result<(), BringUpError> {
        let deadline = Instant::now() + SERVICE;
        loop {
            // 3GPP TS 27.007, 10.1.22: `<n>,<stat>`; 1 = home network, 5 = roaming.
            let registered = self
                .query_if_known("CEREG", |text| {
                    let stat = values::fields(text).nth(1).unwrap_or_default();
                    Some(matches!(stat, "1" | "5"))
                })
                .await?;
            if registered == Some(true) {
                return Ok(());
            }
            if registered.is_none() {
                // The command is no part of the module's own dialect.
                self.wait_for_signal().await?;
                return Ok(());
            }
            if Instant::now() >= deadline {
                let csq = self.signal().await?.rssi;
                let seconds = SERVICE.as_secs();
                return Err(BringUpError::NotRegistered { csq, seconds });
            }
            self.pause(SERVICE_POLL).await?;
        }
    }

    async fn wait_for_signal(&mut self) -> Result<(), BringUpError> {
        let deadline = Instant::now() + SERVICE;
        loop {
            let csq = self.signal().await?.rssi;
            if csq != 99 {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let seconds = SERVICE.as_secs();
                return Err(BringUpError::NotRegistered { csq, seconds });
            }
            self.pause(SERVICE_POLL).await?;
        }
    }

    /// The reset line was pulled: waits for the banner, at most as long as the slowest start takes.
    ///
    /// # Errors
    /// [`ModemError::Uart`], [`ModemError::SimFault`].
    pub async fn await_start(&mut self) -> Result<(), ModemError> {
        self.codec.reset();
        self.pending = None;
        let deadline = Instant::now() + super::timing::RESTART;
        if self
            .wait_for(deadline, super::driver::restarted)
            .await?
            .is_none()
        {
            warn!("modem: no banner after the reset, going on");
        }
        self.note_start();
        Ok(())
    }
}
