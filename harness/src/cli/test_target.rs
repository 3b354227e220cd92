//! `hil test-target`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Arguments;

use super::error::CliError;
use super::exit::Exit;
use super::firmware::announce;
use super::interrupt::on_interrupt;
use super::say::say;
use super::select::SelectError;
use super::test_target_args::TestTargetArgs;
use crate::board::ChipKind;
use crate::config;
use crate::firmware_build;
use crate::runner;
use crate::scenario::{Board, Cancel};
use crate::test_target::{
    Bench, Choice, Chosen, Outcome, PARTITIONS, Place, TestImage, Verdict, trials,
};

/// How long a test waits for a real board: nextest starts a process for each test, and several at
/// the same time. Each of those before it is bounded.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs on-target tests. Everything that can be wrong with arguments and images is found before
/// the first test starts.
pub(super) fn test_target(args: &TestTargetArgs) -> Result<Exit, CliError> {
    let (paths, filters) = split(&args.what);
    let (place, chip) = place(args)?;
    let images = images(args, paths, chip)?;
    let choice = Choice {
        filters,
        exact: args.exact,
        skip: args.skip.clone(),
        ignored: args.ignored,
        bare_names: args.runner,
    };
    let mut chosen = choice.all(&images);
    if !args.runner {
        choice.check(&chosen)?;
    }
    let wanted: Vec<(usize, usize)> = chosen
        .iter()
        .filter(|test| choice.holds(test))
        .map(|test| (test.image, test.test))
        .collect();
    let cancel = Cancel::default();
    on_interrupt({
        let cancel = cancel.clone();
        move || {
            cancel.cancel();
            say(format_args!(
                "\ninterrupted: stopping what runs; once more to leave at once"
            ));
        }
    })?;
    let bench = Arc::new(Bench::new(images, place, cancel.clone(), |image, test| {
        wanted.contains(&(image, test))
    }));
    if choice.filters.len() > 1 {
        // The library below knows one filter only.
        chosen.retain(|test| choice.holds(test));
    }
    Ok(run(args, &choice, &bench, chosen, &cancel))
}

fn run(
    args: &TestTargetArgs,
    choice: &Choice,
    bench: &Arc<Bench>,
    chosen: Vec<Chosen>,
    cancel: &Cancel,
) -> Exit {
    let workers = args.jobs.unwrap_or_else(runner::default_workers);
    let arguments = Arguments {
        list: args.list,
        ignored: args.ignored,
        include_ignored: args.include_ignored,
        exact: args.exact,
        filter: match choice.filters.as_slice() {
            [filter] => Some(filter.clone()),
            _ => None,
        },
        skip: args.skip.clone(),
        format: args.format,
        quiet: args.quiet,
        color: args.color,
        test_threads: Some(if bench.is_parallel() {
            workers.get()
        } else {
            1
        }),
        ..Arguments::default()
    };
    let trials = trials(bench, chosen, shower(args.nocapture));
    let conclusion = libtest_mimic::run(&arguments, trials);
    let costs = bench.costs();
    if costs.images > 0 && !args.quiet {
        say(format_args!("{costs}"));
    }
    // A failed test outweighs a broken bench: something is known to be wrong.
    if cancel.is_cancelled() {
        Exit::Interrupted
    } else if costs.failed > 0 {
        Exit::Failed
    } else if costs.infra > 0 {
        Exit::Infra
    } else if conclusion.has_failed() {
        Exit::Failed
    } else {
        Exit::Success
    }
}

/// Shows the log of tests that pass, if that is wanted; failures bring theirs along.
fn shower(wanted: bool) -> impl Fn(&str, &Outcome) + Clone + Send + 'static {
    move |name: &str, outcome: &Outcome| {
        if wanted && outcome.verdict == Verdict::Passed && !outcome.log.is_empty() {
            say(format_args!("\n{name}\n{}", outcome.log_text()));
        }
    }
}

/// Images, which are files, and filters: names of tests have no `/`.
fn split(what: &[String]) -> (Vec<PathBuf>, Vec<String>) {
    let (mut images, mut filters) = (Vec::new(), Vec::new());
    for word in what {
        if word.contains('/') || Path::new(word).is_file() {
            images.push(PathBuf::from(word));
        } else {
            filters.push(word.clone());
        }
    }
    (images, filters)
}

fn place(args: &TestTargetArgs) -> Result<(Place, ChipKind), CliError> {
    if args.board == Board::Virtual.name() {
        return Ok((Place::Virtual { seed: args.seed }, ChipKind::Esp32c3));
    }
    let config = config::load(args.config.as_deref())?;
    match config.board(&args.board) {
        Some(board) => {
            let place = Place::Real {
                config: board.clone(),
                patience: if args.runner {
                    PATIENCE
                } else {
                    Duration::ZERO
                },
            };
            Ok((place, board.chip))
        }
        None => {
            let mut known = vec![Board::Virtual.name().to_owned()];
            known.extend(config.boards.iter().map(|board| board.name.clone()));
            Err(CliError::Select(SelectError::Board {
                name: args.board.clone(),
                known,
            }))
        }
    }
}

fn images(
    args: &TestTargetArgs,
    mut paths: Vec<PathBuf>,
    chip: ChipKind,
) -> Result<Vec<TestImage>, CliError> {
    if paths.is_empty() {
        let options = firmware_build::Options::default();
        let mut announcer = announce(args.quiet, "the on-target tests");
        paths = firmware_build::build_tests(&options, false, &mut announcer)?;
    }
    let table = match &args.partitions {
        Some(table) => table.clone(),
        None => firmware_build::root()?.join(PARTITIONS),
    };
    let load = |path: &PathBuf| TestImage::load(path, &table, chip);
    Ok(paths.iter().map(load).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_filters() {
        let what = ["uart", "build/tests.elf", "Cargo.toml", "chip::tests::x"];
        let (images, filters) = split(&what.map(str::to_owned));
        assert_eq!(images, ["build/tests.elf", "Cargo.toml"].map(PathBuf::from));
        assert_eq!(filters, ["uart", "chip::tests::x"]);
    }
}
