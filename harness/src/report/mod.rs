//! What a run leaves behind: lines and bars on the console, files in a report folder.
//!
//! Everything here is a [`Reporter`](crate::runner::Reporter) or is fed by one.

mod artefacts;
mod collector;
mod console;
mod error;
mod files;
mod folder;
mod json;
mod junit;
mod markdown;
#[cfg(test)]
mod sample;
mod staging;
mod text;

pub use collector::{Collector, RunRecord};
pub use console::Console;
pub use error::ReportError;
pub use files::write;
pub use folder::{Folder, FolderError};
