//! What a scenario does with the broker.

use anyhow::Result;

use super::wait::Wait;
use super::world::Delivered;
use super::{Rig, World};
use crate::broker::{QoS, topic_matches};

/// The broker of a booted rig.
#[derive(Debug)]
pub struct BrokerHandle<'a> {
    rig: &'a mut Rig,
}

impl<'a> BrokerHandle<'a> {
    pub(super) fn new(rig: &'a mut Rig) -> Self {
        Self { rig }
    }

    /// Waits for the next message on a topic that matches `filter` (MQTT 5, 4.7), also one that
    /// was delivered before; each is returned once.
    pub fn message(self, filter: &'a str) -> Wait<'a, Delivered> {
        Wait::new(
            self.rig,
            format!("a message on `{filter}`"),
            move |world: &mut World| {
                let found = world.messages.iter_mut().find(|delivered| {
                    !delivered.taken && topic_matches(filter, &delivered.message.topic)
                })?;
                found.taken = true;
                Some(found.clone())
            },
        )
    }

    /// Publishes at QoS 1, not retained, as another client would.
    ///
    /// # Errors
    /// [`RigError`](super::RigError) when the broker does not take it.
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves bytes"
    )]
    pub async fn publish(self, topic: &str, payload: &str) -> Result<()> {
        let world = self.rig.world_mut()?;
        world.with_broker(|broker| {
            broker.publish(topic, payload.as_bytes(), QoS::AtLeastOnce, false)
        })?;
        Ok(())
    }

    /// Sends `bytes`, as they stand on the wire, to the device in a session, as the broker would;
    /// ends the connection then if `close` says so.
    ///
    /// # Errors
    /// [`RigError`](super::RigError) when the broker does not come to rest.
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves bytes"
    )]
    pub async fn send_raw(self, bytes: &[u8], close: bool) -> Result<()> {
        let world = self.rig.world_mut()?;
        world.with_broker(|broker| broker.send_raw(bytes, close))?;
        Ok(())
    }

    /// Takes the broker down: every connection ends, new ones are refused.
    ///
    /// # Errors
    /// [`RigError`](super::RigError) when it does not stop.
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves bytes"
    )]
    pub async fn stop(self) -> Result<()> {
        let world = self.rig.world_mut()?;
        world.with_broker(crate::broker::Broker::stop)?;
        let at = world.now();
        world.transcript.remark(at, "broker: stopped");
        Ok(())
    }

    /// Brings the broker up again on the same address, without memory of earlier sessions.
    ///
    /// # Errors
    /// [`RigError`](super::RigError) when it does not start.
    #[expect(
        clippy::unused_async,
        reason = "the shape of every call that moves bytes"
    )]
    pub async fn restart(self) -> Result<()> {
        let world = self.rig.world_mut()?;
        world.with_broker(crate::broker::Broker::restart)?;
        let at = world.now();
        world.transcript.remark(at, "broker: started again");
        Ok(())
    }
}
