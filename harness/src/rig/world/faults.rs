//! What faults do to the world when they begin and when they end.

use std::time::Duration;

use modem_sim::{Latency, StalledInput, When};

use super::World;
use crate::broker::{Broker, QoS};
use crate::fault::{BrokerFault, Effect, Fault, ModemFault, Moment, NetFault, UartFault};
use crate::rig::error::RigError;

impl World {
    /// Lets `fault` happen.
    pub(in crate::rig) fn add_fault(&mut self, fault: Fault) {
        self.to_modem.add_fault(&fault, self.seed);
        self.to_board.add_fault(&fault, self.seed);
        self.edge.add_fault(&fault, self.seed);
        self.sightings.faults.push((self.now, fault));
        self.schedule.add(fault);
    }

    /// Carries out what begins or ends now, and says so in the transcript.
    pub(super) fn step_faults(&mut self) -> Result<(), RigError> {
        while let Some(moment) = self.schedule.take(self.now) {
            let (fault, word) = match moment {
                Moment::Begin(fault) => (fault, "begins"),
                Moment::End(fault) => (fault, "ends"),
            };
            let remark = format!("fault: {} {word}", fault.effect);
            self.transcript.remark(self.now, remark);
            let begins = matches!(moment, Moment::Begin(_));
            match (fault.effect, begins) {
                (Effect::Uart(_, UartFault::Baud(baud)), _) => {
                    self.forced_baud = begins.then_some(baud);
                }
                (Effect::Net(NetFault::Reset(None)), true) => {
                    self.edge.end_all(self.now, true, &self.broker)?;
                }
                (Effect::Net(NetFault::Close(None)), true) => {
                    self.edge.end_all(self.now, false, &self.broker)?;
                }
                (Effect::Net(NetFault::HalfOpen), true) => self.edge.forget_all(self.now),
                (Effect::Broker(BrokerFault::Down), true) => self.with_broker(Broker::stop)?,
                (Effect::Broker(BrokerFault::Down), false) => self.with_broker(Broker::restart)?,
                (Effect::Broker(BrokerFault::Flood(messages)), true) => {
                    let topic = format!("{}/flood", self.command_topic);
                    for _ in 0..messages {
                        self.with_broker(|broker| {
                            broker.publish(&topic, &[b'x'; 200], QoS::AtLeastOnce, false)
                        })?;
                    }
                }
                (Effect::Broker(BrokerFault::Disconnect(reason)), true) => {
                    let packet = [0xe0, 2, reason, 0];
                    self.with_broker(|broker| broker.send_raw(&packet, true))?;
                }
                (Effect::Broker(BrokerFault::Malformed), true) => {
                    // Reserved packet type 0.
                    self.with_broker(|broker| broker.send_raw(&[0, 0], false))?;
                }
                (Effect::Modem(modem), true) => {
                    let until = fault.window.to.unwrap_or(self.now);
                    self.strike_modem(modem, until.saturating_sub(self.now));
                }
                _ => {}
            }
        }
        self.collect_messages();
        Ok(())
    }

    fn strike_modem(&mut self, fault: ModemFault, lasts: Duration) {
        let now = When::At(self.now);
        let (when, fault) = match fault {
            ModemFault::Reset(None) => (now, modem_sim::Fault::Reset),
            ModemFault::Reset(Some(bytes)) => (When::AfterSent(bytes), modem_sim::Fault::Reset),
            ModemFault::Off => (now, modem_sim::Fault::BrownOut { off: lasts }),
            ModemFault::Stall => {
                let input = StalledInput::Lost;
                (now, modem_sim::Fault::Stall { lasts, input })
            }
            ModemFault::Late(least) => {
                let delay = Latency {
                    least,
                    jitter: Duration::ZERO,
                };
                (now, modem_sim::Fault::LateReplies { delay, lasts })
            }
        };
        self.modem.schedule(self.now, when, fault);
    }

    /// Lets the peers of all open connections say `bytes`.
    pub(in crate::rig) fn peers_say(&mut self, bytes: &[u8]) {
        let text = format!("peer: says {}", bytes.escape_ascii());
        self.transcript.remark(self.now, text);
        self.edge.peers_say(self.now, bytes);
    }

    /// Sets the line to what its two ends run at by now.
    pub(super) fn set_rates(&mut self) {
        let modem = self.modem.uart_format().baud;
        let modem = self.forced_baud.unwrap_or(modem);
        let device = self.device_baud.unwrap_or(modem);
        self.to_modem.set_rates(device, modem);
        self.to_board.set_rates(modem, device);
    }
}
