//! What a run leaves behind: lines and bars on the console, files in a report folder.
//!
//! The console and the [`Collector`] are [`Reporter`](crate::runner::Reporter)s. Everything else is
//! made of a [`Report`]: of a run that has just ended, or of one that was read back with [`load`].

mod baseline;
mod collector;
mod commit;
mod console;
mod diff;
mod error;
mod events;
mod files;
mod folder;
mod gate;
pub mod html;
mod junit;
mod loaded;
mod markdown;
mod merge;
mod model;
#[cfg(test)]
mod sample;
mod schema;
mod staging;
mod text;

pub use collector::{Collector, RunRecord};
pub use console::Console;
pub use diff::{Diff, DiffError, Thresholds, ThresholdsError, diff};
pub use error::ReportError;
pub use events::{EVENTS_SCHEMA, EVENTS_VERSION, Events};
pub use files::{write, write_html};
pub use folder::{Folder, FolderError};
pub use gate::{Ending, Gate};
pub use loaded::{LoadError, Loaded, load};
pub use merge::{MergeError, merge, write_merged};
pub use model::{
    Artefacts, Attempt, AttemptVerdict, Commit, Context, Costs, Crash, FirmwareFacts, Frame, Phase,
    Quarantined, Report, SCHEMA, ScenarioEntry, Since, SnapshotFiles, StackUse, Tool, VERSION,
    Vanished,
};
pub use schema::schema;
