//! Tests of images as tests of the standard library's kind.

use std::sync::Arc;

use libtest_mimic::{Completion, Failed, Trial};

use super::bench::Bench;
use super::outcome::{Outcome, Verdict};

/// One test of the bench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Number of the image.
    pub image: usize,
    /// Number of the test in it.
    pub test: usize,
    /// The name it is called by.
    pub name: String,
    /// It is left out unless asked for.
    pub ignored: bool,
}

/// The tests of `bench` that `chosen` holds, each of which runs when it is its turn. `show` hears
/// the name and the outcome of each.
pub fn trials(
    bench: &Arc<Bench>,
    chosen: Vec<Chosen>,
    show: impl Fn(&str, &Outcome) + Clone + Send + 'static,
) -> Vec<Trial> {
    let trial = |chosen: Chosen| {
        let (bench, show) = (Arc::clone(bench), show.clone());
        let name = chosen.name.clone();
        let run = move || {
            let outcome = bench.run(chosen.image, chosen.test);
            show(&chosen.name, &outcome);
            judge(&outcome, bench.tells_why(chosen.image))
        };
        Trial::ignorable_test(name, run).with_ignored_flag(chosen.ignored)
    };
    chosen.into_iter().map(trial).collect()
}

/// `told` says whether another test tells why this one was not run.
fn judge(outcome: &Outcome, told: bool) -> Result<Completion, Failed> {
    let with_log = |words: &str| match outcome.log_text() {
        log if log.is_empty() => words.to_owned(),
        log => format!("{words}\n{log}"),
    };
    match &outcome.verdict {
        Verdict::Passed => Ok(Completion::Completed),
        Verdict::Failed(words) => Err(with_log(words).into()),
        Verdict::Infra(words) => Err(with_log(&format!("infrastructure: {words}")).into()),
        Verdict::NotRun(words) if told => Ok(Completion::ignored_with(format!("not run: {words}"))),
        Verdict::NotRun(words) => Err(format!("not run: {words}").into()),
    }
}
