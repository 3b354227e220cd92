//! The life of the device.

use core::cell::RefCell;
use core::fmt;

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use embedded_io_async::{ErrorType, Read, Write};
use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use firmware_settings::Settings;

use crate::alert::{self, Alerts};
use crate::backoff::{self, Backoff};
use crate::clock::Time;
use crate::memory::{Buffers, Memory};
use crate::modem::{BringUpError, Ladder, Modem, Profile, RESET_PULSE};
use crate::mqtt::{self, Ended};
use crate::platform::{Device, DeviceRng, Exit, ModemUart, ResetReason, System};
use crate::shared::Shared;
use crate::telemetry::{self, Log, Outbox, Store};
use crate::tls;

/// A session that lasted this long was a good one: the next failure starts with a short wait.
const GOOD_SESSION: Duration = Duration::from_secs(60);
/// Bound for the last words on a connection that is given up.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs the device until it wants a reset, or cannot do anything at all.
///
/// Settings that are absent or damaged are told on the log, with what is wrong, and end in
/// [`Exit::Halt`]; neither the modem nor the flash is touched then. Else this brings up the modem,
/// opens TLS, runs an MQTT session, and starts over with a growing wait whenever one of these
/// fails, for ever. Samples are taken beside all that.
pub async fn run<U: ModemUart, R: DeviceRng, S: System, F: MultiwriteNorFlash>(
    device: Device<'_, U, R, S, F>,
    memory: &mut Memory,
) -> Exit {
    let Device {
        uart,
        rng,
        system,
        settings,
        outbox,
    } = device;
    let settings = match firmware_settings::decode(settings) {
        Ok(settings) => settings,
        Err(error) => {
            error!("settings: {}", error);
            error!("halted: write the settings partition, then reset");
            return Exit::Halt;
        }
    };
    crate::fmt::set_level(settings.log_level);
    info!(
        "boot: firmware {}, reset reason {}",
        crate::VERSION,
        mqtt::word(system.reset_reason())
    );
    let Memory { buffers, queue } = memory;
    let mut log = outbox.and_then(open_log);
    let outbox = Outbox::new(
        queue,
        log.as_mut().map(|log| log as &mut dyn Store),
        system.boot_id(),
        settings.telemetry.queue.into(),
    );
    if outbox.stored() > 0 {
        info!(
            "telemetry: {} samples of earlier boots wait in flash",
            outbox.stored()
        );
    }
    let shared = Shared::new(system, outbox, settings.telemetry.period_s);
    let mut modem = Modem::new(uart);
    if shared.reset_reason() != ResetReason::PowerOn {
        modem.assume_stale_link();
    }
    let life = Life {
        modem,
        set_up: false,
        rng,
        settings: &settings,
        shared: &shared,
    };
    let work = select3(
        telemetry::sample_forever(&shared),
        telemetry::keep_forever(&shared),
        life.live(buffers),
    );
    match work.await {
        Either3::First(never) | Either3::Second(never) => match never {},
        Either3::Third(exit) => exit,
    }
}

/// The log in flash. Without one the device works, and a reset loses what waits.
fn open_log<F: MultiwriteNorFlash>(flash: F) -> Option<Log<F>> {
    match Log::open(flash) {
        Ok((log, false)) => Some(log),
        Ok((log, true)) => {
            warn!("telemetry: the samples in flash could not be read, starting anew");
            Some(log)
        }
        Err(error) => {
            warn!("telemetry: samples are kept in memory only: {}", error);
            None
        }
    }
}

/// Why one turn of the loop ended.
enum Failure {
    Link(BringUpError),
    Tls(tls::Error),
    Mqtt(mqtt::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(error) => write!(f, "modem: {error}"),
            Self::Tls(error) => write!(f, "tls: {error}"),
            Self::Mqtt(error) => write!(f, "mqtt: {error}"),
        }
    }
}

impl Failure {
    fn bounds(&self) -> backoff::Bounds {
        let transient = match self {
            Self::Link(error) => error.is_transient(),
            Self::Tls(error) => error.is_transient(),
            Self::Mqtt(error) => error.is_transient(),
        };
        if transient {
            backoff::TRANSIENT
        } else {
            backoff::PERMANENT
        }
    }
}

/// What a turn of the loop works with.
struct Life<'a, 'm, U, R, S> {
    modem: Modem<U>,
    /// The modem is set up; later turns only need a new connection.
    set_up: bool,
    rng: R,
    settings: &'a Settings,
    shared: &'a Shared<'m, S>,
}

impl<U: ModemUart, R: DeviceRng, S: System> Life<'_, '_, U, R, S> {
    async fn live(mut self, buffers: &mut Buffers) -> Exit {
        let mut backoff = Backoff::new();
        let mut alerts = Alerts::new(self.settings.sms.as_ref());
        let mut ladder = Ladder::default();
        loop {
            let begin = Instant::now();
            let sessions = self.shared.sessions();
            let ended = self.turn(buffers).await;
            self.shared.set_busy(false);
            let failure = match ended {
                Ok(Ended::Reboot) => {
                    self.shared.keep_all();
                    info!("reboot: ordered by command");
                    return Exit::Reboot;
                }
                Err(failure) => failure,
            };
            // Whoever waited for the lost bytes has never come back to look.
            self.shared.overruns.see(self.modem.overruns());
            self.shared.overruns.tell();
            warn!("{}", failure);
            if matches!(failure, Failure::Mqtt(_)) && begin.elapsed() >= GOOD_SESSION {
                backoff.reset();
            }
            if self.shared.sessions() != sessions {
                alerts.online();
            }
            match &failure {
                Failure::Link(error) => ladder.failed(error),
                Failure::Tls(_) | Failure::Mqtt(_) => ladder.worked(),
            }
            let wait = backoff.next(failure.bounds(), &mut self.rng);
            let again = Instant::now().saturating_add(wait);
            info!("retry in {} s", wait.as_secs());
            if let Some(due) = alerts.due().filter(|due| *due < again) {
                Timer::at(due).await;
                self.alert(&mut alerts).await;
            }
            Timer::at(again).await;
            if ladder.take_due() {
                self.reset_modem().await;
            }
        }
    }

    /// The last resort: tells somebody by text message.
    async fn alert(&mut self, alerts: &mut Alerts) {
        let Some(sms) = &self.settings.sms else {
            return;
        };
        info!(
            "sms: no session for {} s, sending an alert",
            alerts.outage().as_secs()
        );
        let client_id = &self.settings.login.client_id;
        let text = alert::text(client_id, alerts.outage(), self.shared.waiting());
        // The next bring-up leads back to the data connection, and looks after all settings.
        self.set_up = false;
        match self.modem.send_sms(sms.number.expose(), &text).await {
            Ok(()) => {
                info!("sms: handed to the modem");
                alerts.sent();
            }
            Err(error) => {
                warn!("sms: not sent: {}", error);
                alerts.failed(&error);
            }
        }
    }

    /// The last rung: pulls the modem's reset line and waits for its start.
    async fn reset_modem(&mut self) {
        warn!("modem: pulling its reset line");
        if !self.shared.pull_modem_reset(true) {
            warn!("modem: the board has no reset line");
            return;
        }
        Timer::after(RESET_PULSE).await;
        self.shared.pull_modem_reset(false);
        self.set_up = false;
        if let Err(error) = self.modem.await_start().await {
            warn!("modem: {}", error);
        }
    }

    /// Modem, TLS, session: ends with the session or with what came before it.
    async fn turn(&mut self, buffers: &mut Buffers) -> Result<Ended, Failure> {
        self.link().await.map_err(Failure::Link)?;
        self.shared.set_busy(true);
        let settings = self.settings;
        let pipe = Metered {
            io: self.modem.transport(),
            shared: self.shared,
        };
        let wire = RefCell::new(tls::Wire::new(
            pipe,
            &mut buffers.wire_rx,
            &mut buffers.wire_tx,
        ));
        let records = tls::Buffers {
            read: &mut buffers.tls_read,
            write: &mut buffers.tls_write,
        };
        let time = self.shared.clock().time(Instant::now());
        let client = client(settings, time).map_err(Failure::Tls)?;
        info!("tls: handshake");
        self.shared.handshake(true);
        let opened = tls::open(&wire, records, client, &mut self.rng).await;
        self.shared.handshake(false);
        let mut stream = opened.map_err(Failure::Tls)?;
        info!("tls: server verified");
        let packets = mqtt::Buffers {
            rx: &mut buffers.mqtt_rx,
            tx: &mut buffers.mqtt_tx,
        };
        let result = mqtt::serve(&mut stream, packets, settings, self.shared).await;
        // Best effort: what ended the session may have ended the connection.
        if !matches!(
            with_timeout(CLOSE_TIMEOUT, stream.close()).await,
            Ok(Ok(()))
        ) {
            debug!("tls: closed without close_notify");
        }
        result.map_err(Failure::Mqtt)
    }

    /// Gets a new connection from the modem. The whole set-up is checked in the first turn and
    /// after a recovery that failed.
    async fn link(&mut self) -> Result<(), BringUpError> {
        let profile = Profile::from_settings(self.settings);
        let linked = if self.set_up {
            self.modem.recover_link(&profile).await
        } else {
            self.modem.bring_up(&profile).await
        };
        self.set_up = linked.is_ok();
        self.shared.overruns.see(self.modem.overruns());
        self.shared.linked(linked?);
        Ok(())
    }
}

fn client(settings: &Settings, time: Time) -> Result<tls::Client<'_>, tls::Error> {
    let broker = &settings.broker;
    let identity = settings.identity.as_ref();
    Ok(tls::Client {
        server_name: &broker.server_name,
        trust: tls::Trust::new(broker.ca.as_bytes(), &broker.server_name, time)?,
        identity: identity
            .map(|id| tls::Identity::new(id.certificate.as_bytes(), id.key.expose().as_bytes()))
            .transpose()?,
    })
}

/// The modem's byte stream; looks after each read how many bytes were lost.
struct Metered<'a, 'm, T, S> {
    io: T,
    shared: &'a Shared<'m, S>,
}

impl<T: ModemUart, S> ErrorType for Metered<'_, '_, T, S> {
    type Error = T::Error;
}

impl<T: ModemUart, S: System> Read for Metered<'_, '_, T, S> {
    async fn read(&mut self, out: &mut [u8]) -> Result<usize, T::Error> {
        let n = self.io.read(out).await?;
        self.shared.overruns.see(self.io.overruns());
        Ok(n)
    }
}

impl<T: ModemUart, S> Write for Metered<'_, '_, T, S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, T::Error> {
        self.io.write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), T::Error> {
        self.io.flush().await
    }
}
