//! From whatever state the modem is in to a new connection in transparent mode.

use super::driver::Modem;
use super::error::{BringUpError, ModemError};
use super::link::{Link, LinkInfo};
use super::profile::{ITEMS, Item, Need, Profile};
use crate::at::AtError;
use crate::platform::ModemUart;

/// Restarts of the modem, by itself, that one bring-up survives.
const RESTARTS: u32 = 2;

impl<U: ModemUart> Modem<U> {
    /// Sets the modem up as `profile` says and waits for a connection.
    ///
    /// Every setting is read back; only those that differ are written, and only then the modem
    /// saves and restarts, to spare its flash. Takes a few seconds with a modem that is set up and
    /// on the network, half a minute with one from the factory, and up to some minutes before it
    /// gives up.
    ///
    /// # Errors
    /// One [`BringUpError`] per reason. The modem is left in command mode if it got there; call
    /// again after a pause.
    pub async fn bring_up(&mut self, profile: &Profile<'_>) -> Result<LinkInfo, BringUpError> {
        info!("modem: bring-up");
        self.survive_restarts(profile, true).await
    }

    /// Waits for a new connection after a session was lost. The connection of the lost session is
    /// never used again: if the modem does not notice its end, it is restarted.
    ///
    /// # Errors
    /// As [`bring_up`](Self::bring_up).
    pub async fn recover_link(&mut self, profile: &Profile<'_>) -> Result<LinkInfo, BringUpError> {
        info!("modem: recovering the link");
        self.survive_restarts(profile, false).await
    }

    async fn survive_restarts(
        &mut self,
        profile: &Profile<'_>,
        set_up: bool,
    ) -> Result<LinkInfo, BringUpError> {
        let mut wrote = false;
        let mut restarts = 0;
        loop {
            match self.attempt(profile, set_up, &mut wrote).await {
                Err(BringUpError::Modem(ModemError::Restarted)) if restarts < RESTARTS => {
                    warn!("modem: restarted by itself, starting again");
                    restarts += 1;
                }
                result => return result,
            }
        }
    }

    async fn attempt(
        &mut self,
        profile: &Profile<'_>,
        set_up: bool,
        wrote: &mut bool,
    ) -> Result<LinkInfo, BringUpError> {
        if self.watch.restarted() {
            self.stale = false;
        }
        self.enter_command_mode().await?;
        info!("modem: in command mode");
        if self.stale {
            // Asked early: the gap between the old connection and the next one is short.
            self.connected().await?;
        }
        if set_up {
            *wrote |= self.apply(profile).await?;
        }
        loop {
            let rat = self.wait_for_service(profile).await?;
            let csq = self.signal().await?.rssi;
            info!("modem: service, radio {}, signal {}", rat, csq);
            let clock = self.clock().await?;
            match self.wait_for_link().await? {
                Link::New => {
                    self.leave_command_mode().await?;
                    info!("modem: connected, transparent");
                    let time = clock.map(|clock| clock.now());
                    return Ok(LinkInfo {
                        csq,
                        rat,
                        time,
                        wrote_settings: *wrote,
                    });
                }
                Link::Stuck => {
                    info!("modem: the used connection does not end, restarting the modem");
                    self.restart("Z").await?;
                }
            }
        }
    }

    /// Writes the settings that differ, saves them and checks that they were kept. Says whether
    /// anything was written.
    async fn apply(&mut self, profile: &Profile<'_>) -> Result<bool, BringUpError> {
        let mut written = [false; ITEMS];
        let mut differing = [false; ITEMS];
        for (item, differs) in profile.items.iter().zip(&mut differing) {
            *differs = self.differs(item).await? == Some(true);
        }
        for ((item, differs), written) in profile.items.iter().zip(differing).zip(&mut written) {
            *written = differs && self.write(item).await?;
        }
        let count = written.iter().filter(|written| **written).count();
        if count == 0 {
            info!("modem: settings are right");
            return Ok(false);
        }
        info!("modem: {} settings differ, saving", count);
        self.restart("S").await?;
        info!("modem: restarted, checking the settings");
        for (item, written) in profile.items.iter().zip(written) {
            if written && self.differs(item).await? != Some(false) {
                return Err(BringUpError::ReadBackMismatch { item: item.name });
            }
        }
        Ok(true)
    }

    /// Whether the modem's setting is not as it should be; `None` if it does not know it and can
    /// do without.
    async fn differs(&mut self, item: &Item<'_>) -> Result<Option<bool>, BringUpError> {
        match self
            .query(item.name, |answer| Some(item.matches(answer)))
            .await
        {
            Ok(matches) => Ok(Some(!matches)),
            Err(ModemError::CommandRejected {
                command,
                code: AtError::UnknownCommand,
            }) => {
                if item.need == Need::Essential {
                    return Err(BringUpError::DialectTooOld { command });
                }
                warn!("modem: does not know {}, left out", command);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes one setting. `false`: the modem does not take the value and can do without.
    async fn write(&mut self, item: &Item<'_>) -> Result<bool, BringUpError> {
        debug!("modem: writing {}", item.name);
        match self.set(item.name, |line| item.write_value(line)).await {
            Ok(()) => Ok(true),
            Err(ModemError::CommandRejected { command, code }) if item.need == Need::Tuning => {
                warn!("modem: {} left as it is: {}", command, code);
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
