//! The world of one scenario: board, modem, broker, and the clock they share.
//!
//! A scenario first changes what it wants changed ([`Rig::device`], [`Rig::modem`],
//! [`Rig::server`]), then calls [`Rig::boot`], then waits for what should happen and compares
//! snapshots. Snapshots hold the story that every board and every seed share, without times; the
//! outcome's texts hold everything. All durations are virtual: waiting for five minutes costs milliseconds.

mod board;
mod broker_handle;
mod connections;
mod costs;
mod device;
mod edge;
mod error;
mod link;
mod messages;
mod native;
mod native_process;
mod sightings;
mod snapshot;
mod stack_use;
mod terminal;
pub mod timeline;
pub mod transcript;
mod virtual_board;
mod wait;
mod wall_board;
mod world;

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Result, anyhow};
use modem_sim::{Initial, ModemConfig, Network};

pub use board::LogRecord;
pub use broker_handle::BrokerHandle;
pub use costs::{Costs, Phase, StackUse};
pub use device::{BROKER_HOST, DeviceSettings, Partition};
pub use edge::ONE_WAY;
pub use error::{NotSeen, RigError};
pub use messages::messages_story;
pub use native::BUILD_TIME;
pub use snapshot::Mismatch;
pub use terminal::Typing;
pub use wait::{DEFAULT_WAIT, Wait};
pub use world::{Delivered, TextMessage, World};

use crate::board::Firmware;
use crate::broker::{
    Broker, BrokerConfig, CertificateKind, ConnectionFacts, Impostor, Meddling, Pki, PublicChain,
    TlsMode,
};
use crate::fault::{Effect, Fault, Window};
use crate::scenario::{Board, Options};
use connections::Detail;
use native::NativeBoard;
use terminal::Terminal;
use timeline::Timeline;
use transcript::Redactions;
use virtual_board::VirtualChip;
use wall_board::WallBoard;
use world::WorldConfig;

/// The broker's side of the scenario, to be changed before [`Rig::boot`].
#[derive(Debug, Clone)]
pub struct ServerSetup {
    /// Which certificate the broker shows.
    pub certificate: CertificateKind,
    /// How it behaves in the handshake.
    pub tls: TlsMode,
    /// After so many connections certificate and handshake are as they should be; `None`: never.
    pub mends_after: Option<usize>,
    /// What happens to the MQTT packets for the device on its first connections.
    pub meddling: Meddling,
    /// The broker's address is that of many hosts: who sends no server name is turned away.
    pub needs_server_name: bool,
    /// How long it waits for the first byte of a client; `None`: for ever.
    pub patience: Option<Duration>,
    /// Password the broker expects; `None`: the one the device has.
    pub password: Option<String>,
    /// It wants no user and no password.
    pub open_to_all: bool,
}

/// Board, modem and broker of one scenario.
#[derive(Debug)]
pub struct Rig {
    options: Options,
    scenario: String,
    device: DeviceSettings,
    modem: ModemConfig,
    server: ServerSetup,
    faults: Vec<Fault>,
    mismatches: Vec<Mismatch>,
    terminal: Option<Typing>,
    world: Option<World>,
}

impl Rig {
    /// A rig for the scenario called `scenario`, nothing started yet.
    ///
    /// # Errors
    /// When the operating system gives no randomness for this run's password.
    pub fn new(scenario: &str, options: Options) -> Result<Self, RigError> {
        let password = device::draw_password()?;
        Ok(Self {
            modem: ModemConfig {
                seed: options.seed,
                ..ModemConfig::default()
            },
            faults: options.faults.clone(),
            options,
            scenario: scenario.to_owned(),
            device: DeviceSettings::new(password),
            server: ServerSetup {
                certificate: CertificateKind::Valid,
                tls: TlsMode::Tls13,
                mends_after: None,
                meddling: Meddling::default(),
                needs_server_name: false,
                patience: None,
                password: None,
                open_to_all: false,
            },
            mismatches: Vec::new(),
            terminal: None,
            world: None,
        })
    }

    /// The device's settings. Changes after [`boot`](Self::boot) have no effect.
    pub fn device(&mut self) -> &mut DeviceSettings {
        &mut self.device
    }

    /// The modem and its network. Changes after [`boot`](Self::boot) have no effect.
    pub fn modem(&mut self) -> &mut ModemConfig {
        &mut self.modem
    }

    /// The broker's certificate and behaviour. Changes after [`boot`](Self::boot) have no effect.
    pub fn server(&mut self) -> &mut ServerSetup {
        &mut self.server
    }

    /// Puts somebody at a serial terminal in the device's place, who types `typing`. No firmware runs
    /// then, whatever the board: the transcript says so in its first line. When all has been typed
    /// and answered, the terminal is [`halted`](Self::halted) and only listens. Changes after
    /// [`boot`](Self::boot) have no effect.
    pub fn terminal(&mut self, typing: Typing) {
        self.terminal = Some(typing);
    }

    /// Lets `effect` happen from now on: from power-up before [`boot`](Self::boot).
    pub fn fault(&mut self, effect: Effect) {
        self.fault_for(effect, None);
    }

    /// Lets `effect` happen for `time` from now on, or without an end.
    pub fn fault_for(&mut self, effect: Effect, time: impl Into<Option<Duration>>) {
        let from = self.world.as_ref().map_or(Duration::ZERO, World::now);
        let to = time.into().map(|time| from + time);
        let window = Window { from, to };
        self.add_fault(Fault { effect, window });
    }

    /// Adds a fault with a window of its own, in time since power-up.
    pub fn add_fault(&mut self, fault: Fault) {
        match &mut self.world {
            Some(world) => world.add_fault(fault),
            None => self.faults.push(fault),
        }
    }

    /// Starts the broker, then powers modem and board up at virtual time zero.
    ///
    /// # Errors
    /// [`RigError`] when the bench cannot be built; an error when it already was.
    #[expect(clippy::unused_async, reason = "real boards take time to boot")]
    pub async fn boot(&mut self) -> Result<()> {
        if self.world.is_some() {
            return Err(anyhow!("the rig is booted already"));
        }
        let pki = Pki::new().map_err(RigError::from)?;
        let password = self
            .server
            .password
            .clone()
            .unwrap_or_else(|| self.device.password.clone());
        let mut identity = pki.server(self.server.certificate, BROKER_HOST)?;
        if self.server.needs_server_name {
            identity = identity.needing_server_name();
        }
        let mended = match self.server.certificate {
            CertificateKind::Public(_) => CertificateKind::Public(PublicChain::Rsa),
            _ => CertificateKind::Valid,
        };
        let tls = self.server.tls;
        let users = match self.server.open_to_all {
            true => Vec::new(),
            false => vec![(self.device.user.clone(), password.into())],
        };
        let meddling = self.server.meddling.clone();
        let config = match self.server.mends_after {
            None => BrokerConfig {
                users,
                tls,
                meddling,
                ..BrokerConfig::new(identity)
            },
            Some(connections) => BrokerConfig {
                users,
                meddling,
                impostor: Some(Impostor {
                    connections,
                    identity,
                    tls,
                }),
                ..BrokerConfig::new(pki.server(mended, BROKER_HOST)?)
            },
        };
        let broker = Broker::start(config).map_err(RigError::from)?;
        let hosts = HashMap::from([(
            (self.device.broker_host.clone(), self.device.broker_port),
            broker.tls_addr(),
        )]);
        let by_hand = self.terminal.is_some();
        let ca = pki.ca_der(self.server.certificate)?;
        let board = match self.terminal.take() {
            Some(typing) => Box::new(Terminal::new(typing)),
            None => self.board(&self.device.partition(&ca)?)?,
        };
        let mut modem = self.modem.clone();
        if let (Some(time), Some(firmware)) = (&mut modem.network.time, self.firmware()) {
            // The simulated network's date was chosen for the native board's build.
            let later = firmware.build_time().saturating_sub(BUILD_TIME);
            time.unix_at_start = time.unix_at_start.saturating_add(later);
        }
        let config = WorldConfig {
            modem,
            redactions: self.redactions(),
            hosts,
            patience: self.server.patience,
            cancel: self.options.cancel.clone(),
            device_baud: match self.options.board {
                Board::Real(_) if !by_hand => None,
                _ => Some(self.device.uart_baud),
            },
            seed: self.options.seed,
            command_topic: format!("{}/command", self.device.client_id),
            faults: self.faults.clone(),
        };
        self.world = Some(World::start(config, board, broker)?);
        Ok(())
    }

    /// The image the board runs, if it runs one.
    fn firmware(&self) -> Option<&Firmware> {
        let firmware = self.options.firmware.as_ref();
        firmware.filter(|_| self.options.board.needs_image())
    }

    /// The board, with `settings` in its flash, off.
    fn board(&self, settings: &[u8]) -> Result<Box<dyn board::Board>, RigError> {
        let firmware = || {
            self.firmware().ok_or_else(|| RigError::NoFirmware {
                board: self.options.board.name().to_owned(),
            })
        };
        let seed = self.options.seed;
        Ok(match &self.options.board {
            Board::Native => Box::new(NativeBoard::new(
                self.options.hil_exe.clone(),
                seed,
                settings.to_vec(),
            )),
            Board::Virtual => Box::new(VirtualChip::new(firmware()?.program(), settings, seed)?),
            Board::Real(config) => {
                let baud = self.device.uart_baud;
                Box::new(WallBoard::new(config, firmware()?, settings, baud)?)
            }
        })
    }

    /// The world, once booted.
    pub fn world(&self) -> Option<&World> {
        self.world.as_ref()
    }

    /// The broker, once booted.
    pub fn broker(&mut self) -> BrokerHandle<'_> {
        BrokerHandle::new(self)
    }

    /// Waits for a line of the device's log that contains `text`, also one already written.
    pub fn log<'a>(&'a mut self, text: &'a str) -> Wait<'a, LogRecord> {
        let what = format!("a device log line with `{text}`");
        Wait::new(self, what, move |world| {
            world
                .log
                .iter()
                .find(|record| record.text.contains(text))
                .cloned()
        })
    }

    /// Waits until the device has stopped for good.
    pub fn halted(&mut self) -> Wait<'_, ()> {
        Wait::new(self, "the device's halt".to_owned(), |world| {
            world.is_halted().then_some(())
        })
    }

    /// Takes the power from device and modem for a moment. What they hold in flash stays, all else
    /// is gone.
    ///
    /// # Errors
    /// Before [`boot`](Self::boot); [`RigError::NoPowerSwitch`] on a board whose power nobody can
    /// switch.
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves time"
    )]
    pub async fn power_cycle(&mut self) -> Result<()> {
        Ok(self.world_mut()?.power_cycle()?)
    }

    /// Lets the device's supply sag for a moment, so that its brown-out detector resets it. The modem
    /// goes on.
    ///
    /// # Errors
    /// As [`power_cycle`](Self::power_cycle).
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves time"
    )]
    pub async fn brown_out(&mut self) -> Result<()> {
        Ok(self.world_mut()?.brown_out()?)
    }

    /// Lets whoever is at the other end of the modem's connections say `bytes`, in plain, in the
    /// middle of whatever is going on: somebody in between, or a server that is no broker.
    ///
    /// # Errors
    /// Before [`boot`](Self::boot).
    pub fn peers_say(&mut self, bytes: &[u8]) -> Result<()> {
        self.world_mut()?.peers_say(bytes);
        Ok(())
    }

    /// Lets `time` pass.
    ///
    /// # Errors
    /// A panic of the device, or [`RigError`] when the bench broke.
    pub async fn run_for(&mut self, time: Duration) -> Result<()> {
        let end = self.world_mut()?.now() + time;
        let what = format!("the passing of {time:?}");
        let probe = move |world: &mut World| (world.now() >= end).then_some(());
        Wait::new(self, what, probe).within(time).await
    }

    /// Compares the UART transcript so far with `<name>.at.snap`.
    ///
    /// # Errors
    /// When it differs from the accepted one.
    pub fn snapshot_at(&mut self, name: &str) -> Result<()> {
        let text = self.world_mut()?.transcript.story();
        self.compare(&format!("{name}.at"), &text)
    }

    /// Compares the messages that the broker delivered so far with `<name>.mqtt.snap`.
    ///
    /// # Errors
    /// When they differ from the accepted ones.
    pub fn snapshot_mqtt(&mut self, name: &str) -> Result<()> {
        let text = messages::story(self.messages());
        let text = self.redactions().apply(&text);
        self.compare(&format!("{name}.mqtt"), &text)
    }

    /// Compares the device's log so far with `<name>.log.snap`.
    ///
    /// # Errors
    /// When it differs from the accepted one.
    pub fn snapshot_log(&mut self, name: &str) -> Result<()> {
        let text = messages::story_log(&self.world_mut()?.log);
        let text = self.redactions().apply(&text);
        self.compare(&format!("{name}.log"), &text)
    }

    /// Compares the facts of the TLS connections so far with `<name>.tls.snap`.
    ///
    /// # Errors
    /// When they differ from the accepted ones.
    pub fn snapshot_tls(&mut self, name: &str) -> Result<()> {
        let text = connections::render(&self.connections(), Detail::Story);
        let text = self.redactions().apply(&text);
        self.compare(&format!("{name}.tls"), &text)
    }

    /// Compares with `<name>.peer.snap` how the device got along with whom it met first: its log
    /// from the first handshake on, and the facts of the first connection.
    ///
    /// # Errors
    /// When it differs from the accepted one.
    pub fn snapshot_peer(&mut self, name: &str) -> Result<()> {
        let log = messages::story_log(&self.world_mut()?.log);
        let begin = log.find("INFO  tls: handshake").unwrap_or_default();
        let first = self.connections().into_iter().take(1).collect::<Vec<_>>();
        let facts = connections::render(&first, Detail::Story);
        let text = self
            .redactions()
            .apply(&format!("{}\n{facts}", &log[begin..]));
        self.compare(&format!("{name}.peer"), &text)
    }

    /// What the bench saw the device lose on the way from the modem, a line each. A board whose
    /// UART nobody can look into tells nothing.
    pub fn losses(&self) -> Vec<String> {
        self.world.as_ref().map_or_else(Vec::new, World::losses)
    }

    /// What the network's clock shows at `at` of virtual time, in seconds since 1970-01-01 UTC;
    /// nothing when it tells no time, and before [`boot`](Self::boot).
    pub fn network_time(&self, at: Duration) -> Option<u64> {
        let time = self.world.as_ref()?.modem().network().time?;
        time.unix_at_start.checked_add(at.as_secs())
    }

    /// Changes the mobile network around the running modem.
    ///
    /// # Errors
    /// Before [`boot`](Self::boot): change [`modem`](Self::modem) then.
    pub fn change_network(&mut self, change: impl FnOnce(&mut Network)) -> Result<()> {
        self.world_mut()?.change_network(change);
        Ok(())
    }

    /// How often the modem's flash was written since power-up.
    ///
    /// # Errors
    /// Before [`boot`](Self::boot).
    pub fn modem_flash_writes(&mut self) -> Result<u32> {
        Ok(self.world_mut()?.modem().flash_writes())
    }

    /// All messages the broker delivered so far, in order.
    pub fn messages(&self) -> &[Delivered] {
        self.world.as_ref().map_or(&[], |world| &world.messages)
    }

    /// The text messages that the modem sent, in order.
    pub fn text_messages(&self) -> &[TextMessage] {
        self.world
            .as_ref()
            .map_or(&[], |world| &world.text_messages)
    }

    /// Facts of each TLS connection the broker saw, in order.
    pub fn connections(&self) -> Vec<ConnectionFacts> {
        self.world
            .as_ref()
            .map_or_else(Vec::new, |world| world.broker().connections())
    }

    /// The UART transcript so far, as text.
    pub fn transcript_text(&self) -> String {
        self.world
            .as_ref()
            .map_or_else(String::new, |world| world.transcript.render())
    }

    /// The messages the broker delivered so far, as text.
    pub fn messages_text(&self) -> String {
        let messages = self.world.as_ref().map_or(&[][..], |world| &world.messages);
        self.redactions().apply(&messages::render(messages))
    }

    /// The device's log so far, as text.
    pub fn log_text(&self) -> String {
        let log = self.world.as_ref().map_or(&[][..], |world| &world.log);
        self.redactions().apply(&messages::render_log(log))
    }

    /// The TLS connections the broker saw so far, as text.
    pub fn connections_text(&self) -> String {
        self.redactions()
            .apply(&connections::render(&self.connections(), Detail::Full))
    }

    /// Everything that happened so far, on one clock; empty before [`boot`](Self::boot).
    pub fn timeline(&self) -> Timeline {
        let world = self.world.as_ref();
        world.map_or_else(Timeline::default, |world| {
            timeline::of(world, &self.redactions())
        })
    }

    /// The snapshots that differed from the accepted ones, in order.
    pub fn mismatches(&self) -> &[Mismatch] {
        &self.mismatches
    }

    fn compare(&mut self, name: &str, text: &str) -> Result<()> {
        snapshot::compare(name, text).map_err(|mismatch| {
            let error = anyhow!("{mismatch}");
            self.mismatches.push(*mismatch);
            error
        })
    }

    /// What the run has taken of the device so far; nothing before [`boot`](Self::boot).
    pub fn costs(&self) -> Option<Costs> {
        self.world.as_ref().map(costs::of)
    }

    /// The scenario's name.
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// What must not leave the rig: secrets of the device's settings, what tells whose SIM card and
    /// modem these are, and the logins in the modem's flash.
    pub(crate) fn redactions(&self) -> Redactions {
        let identity = &self.modem.identity;
        let modem = [
            identity.imei.clone(),
            identity.imsi.clone(),
            identity.iccid.clone(),
            self.modem.network.own_number.clone(),
        ];
        let stored = match &self.modem.initial {
            Initial::Factory => Vec::new(),
            Initial::Custom(settings) => {
                let value = |name| settings.get(name).unwrap_or_default();
                let login = value("APN");
                let login = login.split(',').skip(1).take(2).map(str::to_owned);
                login.chain([value("MQTTPSW"), value("DSTNUM")]).collect()
            }
        };
        let modem = modem.into_iter().chain(stored).map(String::into_bytes);
        Redactions::new(self.device.secrets().into_iter().chain(modem))
    }

    fn world_mut(&mut self) -> Result<&mut World> {
        self.world
            .as_mut()
            .ok_or_else(|| anyhow!("the rig is not booted: call `rig.boot()` first"))
    }
}
