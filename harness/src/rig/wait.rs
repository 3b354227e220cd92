//! Waiting for something to happen, in virtual time.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Result, anyhow};

use super::Rig;
use super::error::NotSeen;
use super::world::World;

/// How long a wait lasts unless [`Wait::within`] says otherwise, in virtual time.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(120);

/// Looks whether what is waited for is there.
type Probe<'a, T> = Box<dyn FnMut(&mut World) -> Option<T> + 'a>;

/// Something a scenario waits for. Nothing happens until [`within`](Wait::within) is awaited.
#[must_use = "a wait does nothing until `.within(…).await`"]
pub struct Wait<'a, T> {
    rig: &'a mut Rig,
    what: String,
    probe: Probe<'a, T>,
}

impl<T> std::fmt::Debug for Wait<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wait")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl<'a, T> Wait<'a, T> {
    pub(super) fn new(
        rig: &'a mut Rig,
        what: String,
        probe: impl FnMut(&mut World) -> Option<T> + 'a,
    ) -> Self {
        Self {
            rig,
            what,
            probe: Box::new(probe),
        }
    }

    /// Lets the world run until it happened, for at most `within` of virtual time.
    ///
    /// # Errors
    /// [`NotSeen`] when it did not happen, the device's end, or a
    /// [`RigError`](super::RigError) when the bench broke.
    #[expect(
        clippy::unused_async,
        reason = "waits are async for the scenario that writes them"
    )]
    pub async fn within(mut self, within: Duration) -> Result<T> {
        let world = self.rig.world_mut()?;
        let deadline = world.now() + within;
        loop {
            if let Some(value) = (self.probe)(world) {
                return Ok(value);
            }
            if let Some(crash) = world.death() {
                return Err(anyhow!(
                    "the device came to its end while {} was awaited: {crash}",
                    self.what
                ));
            }
            if world.now() >= deadline {
                let mut hint = world.log.last().map_or_else(String::new, |last| {
                    format!("; the device's last log line: {} {}", last.level, last.text)
                });
                hint.push_str(&world.loss_hint());
                if let Some(crash) = world.crash() {
                    let _ = write!(hint, "; the device has crashed before: {crash}");
                }
                let (what, now) = (self.what, world.now());
                return Err(NotSeen {
                    what,
                    within,
                    now,
                    hint,
                }
                .into());
            }
            world.step(deadline)?;
        }
    }

    /// [`within`](Self::within) the default of two minutes.
    ///
    /// # Errors
    /// As [`within`](Self::within).
    pub async fn soon(self) -> Result<T> {
        self.within(DEFAULT_WAIT).await
    }
}
