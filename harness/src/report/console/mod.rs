//! The run on the console: verdict lines on standard output, progress bars on standard error.

mod bars;
mod lines;
mod reporter;

pub use reporter::Console;
