//! `index.html`: the report for people, one file that needs no network and no other file.
//!
//! Everything is made of the model and of the artefacts in the report's folder, so that a report can
//! be rendered again. Templates are in `templates/report`; `script` and `style` there are what the
//! page runs and looks like. A content security policy allows exactly these two and nothing from
//! elsewhere. Timelines are packed as JSON and unpacked by the page when a scenario is opened.

mod chart;
mod detail;
mod diff;
mod names;
mod overview;
mod pack;
mod policy;

use askama::Template as _;

use super::loaded::Loaded;
use super::model::Report;
use overview::Page;

/// The text of `index.html`: `report`, and beside its figures those of `baseline`.
///
/// Artefacts that cannot be read, as in a report of an earlier version, are left out.
///
/// # Errors
/// None that depends on the report's content.
pub fn render(report: &Loaded, baseline: Option<&Report>) -> Result<String, askama::Error> {
    Page::of(report, baseline).render()
}
