//! Waiting for something to happen, in virtual time.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::Rig;
use super::board::LogRecord;
use super::error::NotSeen;
use super::world::World;

/// How long a wait lasts unless [`Wait::within`] says otherwise, in virtual time.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(120);

/// Log lines that are told with a device's end.
const LAST_LINES: usize = 4;

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
            if let Some(words) = world.death() {
                let log = last_lines(&world.log, words);
                return Err(anyhow!(
                    "the device came to its end while {} was awaited: {words}{log}",
                    self.what
                ));
            }
            if world.now() >= deadline {
                let mut hint = world.log.last().map_or_else(String::new, |last| {
                    format!("; the device's last log line: {} {}", last.level, last.text)
                });
                hint.push_str(&world.loss_hint());
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

/// The end of the log, but for what `words` say already.
fn last_lines(log: &[LogRecord], words: &str) -> String {
    let mut lines: Vec<String> = log
        .iter()
        .rev()
        .filter(|record| !record.text.starts_with("panicked at") && !words.contains(&record.text))
        .take(LAST_LINES)
        .map(|record| {
            let (seconds, milliseconds) = (record.at.as_secs(), record.at.subsec_millis());
            let (level, text) = (&record.level, &record.text);
            format!("\n  {seconds}.{milliseconds:03} {level} {text}")
        })
        .collect();
    lines.push("\n  the last log lines:".to_owned());
    match lines.len() {
        1 => String::new(),
        _ => lines.into_iter().rev().collect(),
    }
}
