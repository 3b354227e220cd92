//! What happens on an established connection: subscribe, publish, take commands.

use core::fmt;

use embassy_futures::select::{Either3, select3};
use embassy_time::{Duration, Instant, Timer, with_timeout};
use firmware_settings::Settings;
use heapless::{Deque, String};
use minimq::{
    Connection, InboundPublish, Io, Op, PeerError, PubError, Publication, QoS, RetainHandling,
    SubscriptionOptions, TopicFilter,
};

use super::commands::Command;
use super::error::Error;
use super::status::{MAX_STATUS_JSON, Status, Will};
use super::watch::LastHeard;
use crate::platform::System;
use crate::shared::Shared;
use crate::telemetry::{MAX_JSON, Queued};
use crate::tls;

/// Bound for the answer to SUBSCRIBE.
pub const SUBACK_TIMEOUT: Duration = Duration::from_secs(10);
/// Bound for the answer to PUBLISH.
pub const PUBACK_TIMEOUT: Duration = Duration::from_secs(30);
/// Samples in flight at a time.
pub const WINDOW: usize = 4;

/// Bound for handing a packet to the modem: far longer than its time on the line.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Bound for the last message before a restart.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(3);
/// Fixed in `minimq` 0.13.
const PINGRESP_TIMEOUT: Duration = Duration::from_secs(5);
/// `<prefix>/+`.
const MAX_FILTER: usize = firmware_settings::limits::TOPIC + 2;

/// Why a session ended in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The command `reboot` came.
    Reboot,
}

/// An operation that waits for its acknowledgement.
struct Sent {
    op: Op,
    at: Instant,
}

struct SentSample {
    order: u64,
    sent: Sent,
}

/// A session and what it waits for.
pub(super) struct Session<'c, 'b, 'm, IO, S> {
    connection: Connection<'c, 'b, IO>,
    heard: &'c LastHeard,
    settings: &'c Settings,
    shared: &'c Shared<'m, S>,
    subscription: Option<Sent>,
    status: Option<Sent>,
    status_due: bool,
    window: Deque<SentSample, WINDOW>,
    last_sent: Option<u64>,
}

impl<'c, 'b, 'm, IO, S> Session<'c, 'b, 'm, IO, S>
where
    IO: Io<Error = tls::Error>,
    S: System,
{
    pub(super) fn new(
        connection: Connection<'c, 'b, IO>,
        heard: &'c LastHeard,
        settings: &'c Settings,
        shared: &'c Shared<'m, S>,
    ) -> Self {
        Self {
            connection,
            heard,
            settings,
            shared,
            subscription: None,
            status: None,
            status_due: true,
            window: Deque::new(),
            last_sent: None,
        }
    }

    /// Runs the session until it ends.
    pub(super) async fn run(mut self) -> Result<Ended, Error> {
        self.subscribe().await?;
        loop {
            self.settle();
            self.send_what_is_due().await?;
            let wake = self.deadline()?;
            let polled = select3(
                self.connection.poll(),
                self.shared.sampled.wait(),
                wait_until(wake),
            )
            .await;
            let command = match polled {
                Either3::First(Ok(Some(message))) => {
                    command(&message, &self.settings.topics.command)
                }
                Either3::First(Ok(None)) | Either3::Second(()) | Either3::Third(()) => None,
                Either3::First(Err(error)) => {
                    self.survive(error)?;
                    None
                }
            };
            match command {
                None => {}
                Some(Command::Status) => self.status_due = true,
                Some(Command::Interval(seconds)) => {
                    self.shared.set_interval_s(seconds);
                    // Answers the command, and tells who reads the status.
                    self.status_due = true;
                }
                Some(Command::Reboot) => {
                    self.farewell().await;
                    return Ok(Ended::Reboot);
                }
            }
        }
    }

    /// Asks for the commands. A stored command is not wanted, see [`CommandError::Retained`].
    ///
    /// [`CommandError::Retained`]: super::CommandError::Retained
    async fn subscribe(&mut self) -> Result<(), Error> {
        let mut filter: String<MAX_FILTER> = String::new();
        fmt::write(
            &mut filter,
            format_args!("{}/+", self.settings.topics.command),
        )
        .map_err(|_| Error::Settings(minimq::ConfigError::TopicTooLong))?;
        let options = SubscriptionOptions::default()
            .maximum_qos(QoS::AtLeastOnce)
            .retain_behavior(RetainHandling::Never);
        let topics = [TopicFilter::new(&filter).options(options)];
        let op = sending(self.connection.subscribe(&topics, &[])).await??;
        self.subscription = Some(Sent {
            op,
            at: Instant::now(),
        });
        Ok(())
    }

    /// Takes note of what was acknowledged.
    fn settle(&mut self) {
        if let Some(sent) = &self.subscription
            && self.connection.is_complete(&sent.op)
        {
            self.subscription = None;
            info!("mqtt: commands subscribed");
        }
        if let Some(sent) = &self.status
            && self.connection.is_complete(&sent.op)
        {
            self.status = None;
        }
        // A broker acknowledges in the order of the publications (MQTT 5, 4.6).
        while let Some(oldest) = self.window.front()
            && self.connection.is_complete(&oldest.sent.op)
        {
            self.shared.acknowledge(oldest.order);
            self.window.pop_front();
        }
    }

    /// Sends the status and samples as far as the window goes. Nothing is sent before the
    /// subscription stands: who sees `"online":true` may send commands.
    async fn send_what_is_due(&mut self) -> Result<(), Error> {
        if self.subscription.is_some() {
            return Ok(());
        }
        if self.status_due && self.status.is_none() && self.ready() {
            self.send_status().await?;
        }
        while !self.window.is_full() && self.ready() {
            let Some(sample) = self.shared.next_sample_after(self.last_sent) else {
                break;
            };
            self.send_sample(&sample).await?;
        }
        Ok(())
    }

    fn ready(&self) -> bool {
        self.connection.can_publish(QoS::AtLeastOnce)
    }

    async fn send_status(&mut self) -> Result<(), Error> {
        let shared = self.shared;
        let status = Status::new(
            shared.boot_id(),
            shared.reset_reason(),
            shared.interval_s(),
            shared.dropped(),
            shared.reconnects(),
        );
        let mut out = [0; MAX_STATUS_JSON];
        let payload = json(&mut out, |out| status.write_json(out))?;
        self.status = self
            .publish(&self.settings.topics.status, payload, true)
            .await?;
        self.status_due = false;
        Ok(())
    }

    async fn send_sample(&mut self, queued: &Queued) -> Result<(), Error> {
        let mut out = [0; MAX_JSON];
        let payload = json(&mut out, |out| queued.sample.write_json(queued.boot, out))?;
        if let Some(sent) = self
            .publish(&self.settings.topics.telemetry, payload, false)
            .await?
        {
            self.last_sent = Some(queued.order);
            // There is room: the caller asked.
            let _ = self.window.push_back(SentSample {
                order: queued.order,
                sent,
            });
        }
        Ok(())
    }

    async fn publish(
        &mut self,
        topic: &str,
        payload: &[u8],
        retain: bool,
    ) -> Result<Option<Sent>, Error> {
        let mut publication = Publication::bytes(topic, payload).qos(QoS::AtLeastOnce);
        if retain {
            publication = publication.retain();
        }
        match sending(self.connection.publish(publication)).await? {
            Ok(Some(op)) => Ok(Some(Sent {
                op,
                at: Instant::now(),
            })),
            // QoS 1 always gives an operation; downgrading is off.
            Ok(None) => Err(Error::Unsupported),
            Err(PubError::Session(error)) => Err(error.into()),
            Err(PubError::Payload(())) => {
                Err(Error::TooLarge(minimq::ResourceError::BufferTooSmall))
            }
        }
    }

    /// When the oldest acknowledgement is overdue. `minimq` keeps the deadline of the keep-alive.
    ///
    /// # Errors
    /// It is overdue now.
    fn deadline(&self) -> Result<Option<Instant>, Error> {
        let now = Instant::now();
        if let Some(sent) = &self.subscription {
            let deadline = sent.at + SUBACK_TIMEOUT;
            let seconds = SUBACK_TIMEOUT.as_secs();
            return if now < deadline {
                Ok(Some(deadline))
            } else {
                Err(Error::NoSuback { seconds })
            };
        }
        let samples = self.window.front().map(|oldest| oldest.sent.at);
        let status = self.status.as_ref().map(|sent| sent.at);
        let Some(oldest) = samples.into_iter().chain(status).min() else {
            return Ok(None);
        };
        let deadline = oldest + PUBACK_TIMEOUT;
        let seconds = PUBACK_TIMEOUT.as_secs();
        if now < deadline {
            Ok(Some(deadline))
        } else {
            Err(Error::NoPuback { seconds })
        }
    }

    /// A refused subscription costs the commands, not the telemetry. All else ends the session.
    fn survive(&mut self, error: minimq::Error<tls::Error>) -> Result<(), Error> {
        match error {
            minimq::Error::Peer(PeerError::Rejected(code)) if self.subscription.is_some() => {
                self.subscription = None;
                warn!(
                    "mqtt: the broker refused the subscription of commands: {}",
                    Code(code)
                );
                Ok(())
            }
            minimq::Error::Disconnected if !self.heard.just_now() => Err(Error::NoPingresp {
                seconds: PINGRESP_TIMEOUT.as_secs(),
            }),
            error => Err(error.into()),
        }
    }

    /// Says that the device is leaving, and leaves. Best effort: the will says the same.
    async fn farewell(&mut self) {
        info!("mqtt: leaving for a restart");
        let farewell = async {
            let mut out = [0; MAX_STATUS_JSON];
            let boot = self.shared.boot_id();
            let payload = json(&mut out, |out| Will::new(boot).write_json(out))?;
            if let Some(sent) = self
                .publish(&self.settings.topics.status, payload, true)
                .await?
            {
                while self.connection.is_pending(&sent.op) {
                    self.connection.poll().await?;
                }
            }
            self.connection.disconnect().await?;
            Ok::<(), Error>(())
        };
        match with_timeout(FAREWELL_TIMEOUT, farewell).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!("mqtt: left without a farewell: {}", error),
            Err(_) => warn!("mqtt: left without a farewell: no answer"),
        }
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => Timer::at(deadline).await,
        None => core::future::pending().await,
    }
}

/// Bounds a send. A send that was cut short leaves the connection unusable: it ends the session.
async fn sending<T>(send: impl Future<Output = T>) -> Result<T, Error> {
    let seconds = SEND_TIMEOUT.as_secs();
    with_timeout(SEND_TIMEOUT, send)
        .await
        .map_err(|_| Error::SendStalled { seconds })
}

pub(super) fn json<E>(
    out: &mut [u8],
    write: impl FnOnce(&mut [u8]) -> Result<usize, E>,
) -> Result<&[u8], Error> {
    match write(out) {
        Ok(size) => Ok(&out[..size]),
        Err(_) => Err(Error::TooLarge(minimq::ResourceError::BufferTooSmall)),
    }
}

fn command(message: &InboundPublish<'_>, prefix: &str) -> Option<Command> {
    let name = message
        .topic()
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'));
    match Command::parse(
        name.unwrap_or_default(),
        message.payload(),
        message.retained(),
    ) {
        Ok(command) => {
            info!("mqtt: command {}", command);
            Some(command)
        }
        Err(error) => {
            warn!("mqtt: command ignored: {}", error);
            None
        }
    }
}

struct Code(minimq::ReasonCode);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
