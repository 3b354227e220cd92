//! The report as data: what `report.json` holds, and what every other file of a report is made of.
//!
//! These types are a published format. A field that is renamed, removed or changes its meaning
//! raises [`VERSION`] and leaves a reader of the version before; a new field may appear without,
//! with `#[serde(default)]`, so that reports of the same version stay readable.

mod attempt;
mod document;
mod entry;
mod firmware;
mod of_run;
mod v1;

pub use attempt::{
    Artefacts, Attempt, AttemptVerdict, Costs, Crash, Frame, Phase, SnapshotFiles, StackUse,
};
pub use document::{Commit, Report, SCHEMA, Tool, VERSION, Vanished};
pub use entry::{Quarantined, ScenarioEntry, Since};
pub use firmware::FirmwareFacts;
pub use of_run::Context;
pub(super) use v1::ReportV1;
