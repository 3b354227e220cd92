//! Every test of firmware/esp32/tests on a virtual board, one test each, named
//! `chip::tests::an_alarm_comes_on_time`.
//!
//! The images are built first. On a machine that cannot build them one test stands for all, skipped
//! with the reason, except in CI, where it fails.

use std::sync::Arc;

use harness::board::ChipKind;
use harness::firmware_build::{self, BuildError};
use harness::scenario::Cancel;
use harness::scenario::DEFAULT_SEED;
use harness::test_target::{Bench, Choice, PARTITIONS, Place, TestImage, trials};
use libtest_mimic::{Arguments, Completion, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let (images, problem) = match images() {
        Ok(images) => (images, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let choice = Choice {
        filters: arguments.filter.clone().into_iter().collect(),
        exact: arguments.exact,
        skip: arguments.skip.clone(),
        ignored: arguments.ignored,
        bare_names: false,
    };
    let chosen = choice.all(&images);
    let wanted: Vec<(usize, usize)> = chosen
        .iter()
        .filter(|test| choice.holds(test))
        .map(|test| (test.image, test.test))
        .collect();
    let place = Place::Virtual { seed: DEFAULT_SEED };
    let wanted = |image, test| wanted.contains(&(image, test));
    let bench = Arc::new(Bench::new(images, place, Cancel::default(), wanted));
    let mut trials = trials(&bench, chosen, |_, _| {});
    trials.extend(problem.map(|problem| {
        Trial::ignorable_test("the_images_are_built", move || match problem {
            Problem::Machine(words) => Ok(Completion::ignored_with(words)),
            Problem::Code(words) => Err(words.into()),
        })
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list && bench.costs().images > 0 {
        println!("{}", bench.costs());
    }
    conclusion.exit();
}

enum Problem {
    /// The machine cannot build them.
    Machine(String),
    /// They do not build, or what was built is wrong.
    Code(String),
}

fn images() -> Result<Vec<TestImage>, Problem> {
    let options = firmware_build::Options::default();
    let root = firmware_build::root().map_err(build_problem)?;
    let paths = firmware_build::build_tests(&options, false, &mut |_| {}).map_err(build_problem)?;
    let table = root.join(PARTITIONS);
    let images = paths
        .iter()
        .map(|path| TestImage::load(path, &table, ChipKind::Esp32c3));
    images
        .collect::<Result<_, _>>()
        .map_err(|error| Problem::Code(error.to_string()))
}

fn build_problem(error: BuildError) -> Problem {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    if error.is_infrastructure() && !in_ci {
        Problem::Machine(error.to_string())
    } else {
        Problem::Code(error.to_string())
    }
}
