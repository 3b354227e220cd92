//! Every scenario can fail: the device's remedies are taken out one by one, and the scenario that is
//! about that failure has to notice. So have the invariants of `hil soak`.
//!
//! One copy of the firmware's sources gets all changes of the list, each behind a switch; it is built
//! once as a native board, whose name says which change is on. Without any it has to pass.

mod field;
mod list;
mod workspace;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use harness::scenario::DEFAULT_SEED;
use harness::scenario::{Board, Cancel, Options, Verdict, execute};
use harness::{scenarios, soak};
use libtest_mimic::{Arguments, Failed, Trial};

use list::{ALL, Caught, Mutation};
use workspace::Boards;

/// The change that is none.
const UNCHANGED: &str = "unchanged";

/// Differences are what is expected here: none of them is to become a new snapshot.
const INSTA_UPDATE: &str = "INSTA_UPDATE";

fn main() {
    if std::env::var_os(INSTA_UPDATE).is_none_or(|value| value != "no") {
        std::process::exit(again());
    }
    let arguments = Arguments::from_args();
    let trials = ALL
        .iter()
        .map(|mutation| Trial::test(mutation.name, move || run(mutation)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// This program once more, with that setting; its exit code.
fn again() -> i32 {
    let again = std::env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.args(std::env::args_os().skip(1));
        command.env(INSTA_UPDATE, "no").status()
    });
    match again {
        Ok(status) => status.code().unwrap_or(1),
        Err(error) => {
            eprintln!("cannot start this test again: {error}");
            1
        }
    }
}

fn boards() -> Result<&'static Boards, Failed> {
    static BOARDS: OnceLock<Result<Boards, String>> = OnceLock::new();
    let boards = BOARDS.get_or_init(|| Boards::build(&ALL).map_err(|e| format!("{e:#}")));
    boards.as_ref().map_err(|error| error.as_str().into())
}

fn run(mutation: &Mutation) -> Result<(), Failed> {
    let boards = boards()?;
    let (with, without) = (boards.with(mutation.name)?, boards.with(UNCHANGED)?);
    match mutation.caught {
        Caught::By(names) => names
            .iter()
            .try_for_each(|name| caught_by(name, &with, &without)),
        Caught::BySoak { hours } => caught_by_soak(hours, &with),
    }
}

fn options(board: &Path) -> Options {
    Options {
        board: Board::Native,
        firmware: None,
        seed: DEFAULT_SEED,
        hil_exe: board.to_owned(),
        faults: Vec::new(),
        cancel: Cancel::default(),
    }
}

fn caught_by(name: &str, with: &Path, without: &Path) -> Result<(), Failed> {
    let scenario = scenarios::all().iter().find(|known| known.name == name);
    let scenario = scenario.ok_or_else(|| format!("there is no scenario {name}"))?;
    let sound = execute(scenario, &options(without)).verdict;
    if sound != Verdict::Pass {
        return Err(format!("{name} fails without any change: {sound:?}").into());
    }
    match execute(scenario, &options(with)).verdict {
        Verdict::Fail(reason) => {
            println!("{name}: {}", reason.lines().next().unwrap_or_default());
            Ok(())
        }
        other => Err(format!("{name} does not notice: {other:?}").into()),
    }
}

/// Rounds of an hour until one breaks, as many as `hours`.
fn caught_by_soak(hours: u64, with: &Path) -> Result<(), Failed> {
    const HOUR: Duration = Duration::from_secs(3600);
    for number in 0..hours {
        let options = Options {
            seed: DEFAULT_SEED + number,
            faults: soak::draw(DEFAULT_SEED + number, HOUR),
            ..options(with)
        };
        match soak::round(&options, HOUR).verdict {
            soak::Verdict::Held => {}
            soak::Verdict::Broken(violation) => {
                println!("after {} virtual hours: {violation}", number + 1);
                return Ok(());
            }
            other => return Err(format!("seed {}: {other:?}", options.seed).into()),
        }
    }
    Err(format!("{hours} virtual hours of faults do not show it").into())
}
