//! Into command mode, out of it, and through a restart (MODEM.md 1).

use embassy_time::{Instant, with_timeout};
use heapless::String;

use super::driver::{Modem, restarted};
use super::error::ModemError;
use super::timing::{
    GUARD, HANDSHAKE, HANDSHAKE_ATTEMPTS, READY, REPLY, RESTART, SETTLE, SLOW_REPLY,
};
use crate::at::Event;
use crate::platform::ModemUart;

/// `AT+STMSG` takes 1 to 20 bytes (MODEM.md 3.1).
const BANNER: usize = 20;

/// What the modem made of `+++` or of a probe.
enum Answer {
    /// `a`: it wants an `a` back.
    Attention,
    /// It is in command mode.
    Commands,
    /// It has just started; it did not see what was sent.
    Restarted,
}

impl<U: ModemUart> Modem<U> {
    /// Brings the modem into command mode: silence, `+++`, `a`, `+ok`.
    ///
    /// A modem that is in command mode already rejects `+++` (MODEM.md 1.2, "Failure branches");
    /// that counts as entered. Bytes of the peer that are under way are lost.
    ///
    /// # Errors
    /// [`ModemError::NoAnswer`] if nothing at all came back within about half a minute,
    /// [`ModemError::NotInCommandMode`] if something did, [`ModemError::SimFault`] as soon as the
    /// modem says so, [`ModemError::Uart`].
    pub async fn enter_command_mode(&mut self) -> Result<(), ModemError> {
        self.pending = None;
        self.heard = false;
        for attempt in 1..=HANDSHAKE_ATTEMPTS {
            self.guard().await?;
            // A variant of the firmware that is in command mode keeps `+++` in its line buffer until
            // a line end comes. In working mode the probe is payload, so it is not the first thing
            // to try, and with a modem that has just started the last one: it starts in command mode
            // only if somebody has set it so.
            let late = attempt > HANDSHAKE_ATTEMPTS / 2;
            if self.attempt_handshake().await?
                || (attempt.is_multiple_of(2)
                    && (late || self.started_at.is_none())
                    && self.probe().await?)
            {
                debug!("modem: command mode at attempt {}", attempt);
                self.started_at = None;
                return Ok(());
            }
        }
        Err(if self.heard {
            ModemError::NotInCommandMode
        } else {
            ModemError::NoAnswer
        })
    }

    /// Leaves command mode. What the peer sends from then on goes to the transport.
    pub(super) async fn leave_command_mode(&mut self) -> Result<(), ModemError> {
        self.act("ENTM", SLOW_REPLY).await?;
        // The reply was complete with its CR; the LF is still to come and is no payload.
        let mut byte = [0];
        if let Ok(Ok(1)) = with_timeout(SETTLE, self.uart.read(&mut byte)).await
            && byte != [b'\n']
        {
            self.pending = Some(byte[0]);
        }
        // Drivers in the field give the modem this long before the first payload (MODEM.md 1.3).
        embassy_time::Timer::after(SETTLE).await;
        self.codec.reset();
        self.watch = super::transport::RestartWatch::new();
        self.stale = true;
        Ok(())
    }

    /// Restarts the modem with `AT+S` (saves first) or `AT+Z` and returns to command mode.
    pub(super) async fn restart(&mut self, command: &'static str) -> Result<(), ModemError> {
        self.learn_banner().await?;
        match self.act(command, SLOW_REPLY).await {
            Ok(()) => {
                if self
                    .wait_for(Instant::now() + RESTART, restarted)
                    .await?
                    .is_none()
                {
                    // The banner is a setting, and a short or lost one is not recognised.
                    warn!("modem: no banner after the restart, going on");
                }
            }
            // The `OK` was lost and the banner was not.
            Err(ModemError::Restarted) => {}
            Err(error) => return Err(error),
        }
        // Known by the command's `OK`, banner or not.
        if self.started_at.is_none() {
            self.note_start();
        }
        self.enter_command_mode().await
    }

    /// Reads the text that the modem will print when it starts: it is a setting (MODEM.md 7).
    async fn learn_banner(&mut self) -> Result<(), ModemError> {
        let banner = self.query_if_known("STMSG", |text| {
            String::try_from(text.trim_matches('"')).ok()
        });
        let banner: Option<String<BANNER>> = banner.await?;
        self.codec.set_banner(&banner.unwrap_or_default());
        Ok(())
    }

    /// Keeps silent for longer than any packing interval, so that `+++` is a packet of its own.
    async fn guard(&mut self) -> Result<(), ModemError> {
        // The silence starts with the last bit of whatever was written before, payload included.
        self.send(b"").await?;
        self.discard_backlog().await?;
        self.wait_for(Instant::now() + GUARD, |_| None::<()>)
            .await?;
        // After a start it takes longer; another banner may come meanwhile.
        while let Some(ready) = self.started_at.map(|at| at + READY)
            && Instant::now() < ready
        {
            self.wait_for(ready, |_| None::<()>).await?;
        }
        self.codec.reset();
        Ok(())
    }

    /// `+++` and what follows. Says whether the modem is in command mode.
    async fn attempt_handshake(&mut self) -> Result<bool, ModemError> {
        self.codec.expect_attention();
        self.send(b"+++").await?;
        match self.answer(HANDSHAKE).await? {
            Some(Answer::Attention) => {
                self.send(b"a").await?;
                Ok(matches!(
                    self.answer(HANDSHAKE).await?,
                    Some(Answer::Commands)
                ))
            }
            Some(Answer::Commands) => {
                // Whatever is left of `+++` in the modem's line buffer ends here.
                // The silence makes a packet of it, so that it is not the start of the first command.
                self.send(b"\r\n").await?;
                self.wait_for(Instant::now() + GUARD, |_| None::<()>)
                    .await?;
                Ok(true)
            }
            Some(Answer::Restarted) | None => Ok(false),
        }
    }

    /// Asks a question that only command mode answers.
    async fn probe(&mut self) -> Result<bool, ModemError> {
        self.stale = true;
        self.send(b"AT\r\n").await?;
        Ok(matches!(self.answer(REPLY).await?, Some(Answer::Commands)))
    }

    async fn answer(
        &mut self,
        bound: embassy_time::Duration,
    ) -> Result<Option<Answer>, ModemError> {
        self.wait_for(Instant::now() + bound, |event| match event {
            Event::Attention => Some(Answer::Attention),
            Event::Entered | Event::Ok | Event::Error(_) => Some(Answer::Commands),
            _ => restarted(event).map(|()| Answer::Restarted),
        })
        .await
    }
}
