//! Registration, data service, signal and time.

use embassy_time::Instant;
use heapless::String;

use super::driver::Modem;
use super::error::{BringUpError, ModemError, SimFault};
use super::profile::Profile;
use super::timing::{CLOCK_ATTEMPTS, CLOCK_POLL, SERVICE, SERVICE_POLL, SIM_POLLS};
use crate::at::AtError;
use crate::at::values::{self, Csq, Rat, SysInfo};
use crate::platform::ModemUart;

/// The network time, and when it was read.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    unix: u64,
    read_at: Instant,
}

impl Clock {
    /// Seconds since 1970-01-01 UTC at this instant.
    pub(super) fn now(&self) -> u64 {
        self.unix + self.read_at.elapsed().as_secs()
    }
}

impl<U: ModemUart> Modem<U> {
    /// Waits for data service and returns the radio that gives it.
    pub(super) async fn wait_for_service(
        &mut self,
        profile: &Profile<'_>,
    ) -> Result<Rat, BringUpError> {
        let deadline = Instant::now() + SERVICE;
        self.registration_failed = false;
        for poll in 0_u32.. {
            let state = self.query("SYSINFO", SysInfo::parse).await?;
            if state.service {
                return Ok(state.rat);
            }
            if poll == 0 {
                info!("modem: no service yet, waiting");
            }
            if poll.is_multiple_of(SIM_POLLS) {
                self.check_sim().await?;
            }
            if self.registration_failed {
                return Err(ModemError::RegistrationFailed.into());
            }
            if Instant::now() >= deadline {
                break;
            }
            self.pause(SERVICE_POLL).await?;
        }
        Err(self.explain_no_service(profile).await?)
    }

    /// Signal strength; unknown if the modem does not tell.
    pub(super) async fn signal(&mut self) -> Result<Csq, ModemError> {
        Ok(self
            .query_if_known("CSQ", Csq::parse)
            .await?
            .unwrap_or(Csq::UNKNOWN))
    }

    /// The network time, if the modem has got it.
    pub(super) async fn clock(&mut self) -> Result<Option<Clock>, ModemError> {
        for attempt in 1..=CLOCK_ATTEMPTS {
            let answer = self
                .query_if_known("CCLK", |text| Some(values::cclk(text)))
                .await?;
            let read_at = Instant::now();
            if let Some(Some(unix)) = answer {
                return Ok(Some(Clock { unix, read_at }));
            }
            if attempt < CLOCK_ATTEMPTS {
                self.pause(CLOCK_POLL).await?;
            }
        }
        warn!("modem: the network time is not known");
        Ok(None)
    }

    /// A SIM that wants a PIN or is not there will not get service however long one waits.
    async fn check_sim(&mut self) -> Result<(), ModemError> {
        let state = self.query("CPIN", |state| {
            Some(if state.starts_with("SIM PIN") {
                Some(SimFault::PinRequired)
            } else if state.starts_with("SIM PUK") {
                Some(SimFault::PukRequired)
            } else {
                None
            })
        });
        let fault = match state.await {
            Ok(fault) => fault,
            // 3GPP TS 27.007, 9.2: not inserted, PIN, PUK, failure.
            Err(ModemError::CommandRejected {
                code: AtError::Other(10 | 13),
                ..
            }) => Some(SimFault::NotUsable),
            Err(ModemError::CommandRejected {
                code: AtError::Other(11),
                ..
            }) => Some(SimFault::PinRequired),
            Err(ModemError::CommandRejected {
                code: AtError::Other(12),
                ..
            }) => Some(SimFault::PukRequired),
            // The command is no part of the module's own dialect: no answer is no fault.
            Err(ModemError::CommandRejected { .. } | ModemError::Unreadable { .. }) => None,
            Err(error) => return Err(error),
        };
        fault.map_or(Ok(()), |fault| Err(ModemError::SimFault(fault)))
    }

    /// Names the reason for which there is no service.
    async fn explain_no_service(
        &mut self,
        profile: &Profile<'_>,
    ) -> Result<BringUpError, ModemError> {
        let seconds = SERVICE.as_secs();
        let csq = self.signal().await?.rssi;
        // 3GPP TS 27.007, 10.1.22: `<n>,<stat>`; 1 = home network, 5 = roaming.
        let registered = self
            .query_if_known("CEREG", |text| Some(matches!(second(text), "1" | "5")))
            .await?;
        if csq == 99 || registered == Some(false) {
            return Ok(BringUpError::NotRegistered { csq, seconds });
        }
        // 3GPP TS 27.007, 10.1.10: `<cid>,<state>`; 0 = not activated.
        let active = self
            .query_if_known("CGACT", |text| Some(second(text) == "1"))
            .await?;
        if active == Some(false) {
            let apn: String<_> = profile.apn.name.clone();
            return Ok(BringUpError::ApnRejected { csq, apn });
        }
        Ok(BringUpError::NoService { csq, seconds })
    }
}

fn second(text: &str) -> &str {
    values::fields(text).nth(1).unwrap_or_default()
}
