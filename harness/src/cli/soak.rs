//! `hil soak`.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::SoakArgs;
use super::error::CliError;
use super::exit::Exit;
use super::firmware;
use super::interrupt::on_interrupt;
use super::say::say;
use super::select::SelectError;
use crate::fault::Fault;
use crate::runner;
use crate::scenario::{Board, Cancel, Options};
use crate::soak::{self, Account, Round, Verdict};

/// Rounds that are run to find a smaller list of faults.
const SHRINK_TRIES: usize = 200;

/// Rounds of random faults until their number, or the time, is over, or one breaks something.
pub(super) fn soak(args: &SoakArgs) -> Result<Exit, CliError> {
    let board = match args.board.as_str() {
        "native" => Board::Native,
        "virtual" => Board::Virtual,
        other => {
            return Err(SelectError::Board {
                name: other.to_owned(),
                known: vec!["native".to_owned(), "virtual".to_owned()],
            }
            .into());
        }
    };
    let firmware = match board.needs_image() {
        true => Some(firmware::build(false)?),
        false => None,
    };
    let cancel = Cancel::default();
    on_interrupt({
        let cancel = cancel.clone();
        move || cancel.cancel()
    })?;
    let soak = Soak {
        length: Duration::from_secs(args.hours.get() * 3600),
        given: args.faults.clone(),
        options: Options {
            board,
            firmware,
            seed: args.seed,
            hil_exe: env::current_exe().map_err(CliError::OwnPath)?,
            faults: Vec::new(),
            cancel,
        },
    };
    let rounds = if args.faults.is_empty() {
        args.rounds.get()
    } else {
        1
    };
    let workers = args
        .jobs
        .unwrap_or_else(runner::default_workers)
        .get()
        .min(rounds);
    let end = args
        .minutes
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes.get()));
    Ok(soak.run(rounds, workers, end))
}

struct Soak {
    length: Duration,
    given: Vec<Fault>,
    options: Options,
}

#[derive(Default)]
struct Total {
    rounds: usize,
    faults: usize,
    time: Duration,
    account: Account,
    slowest: Duration,
    /// The first round that did not hold: its seed, faults and verdict.
    broken: Option<(u64, Vec<Fault>, Round)>,
}

impl Soak {
    fn run(&self, rounds: usize, workers: usize, end: Option<Instant>) -> Exit {
        let bar = ProgressBar::new(u64::try_from(rounds).unwrap_or(u64::MAX));
        // A template that does not parse costs the looks, never the run.
        let template = match end {
            // How long all rounds would take says nothing when the time ends first.
            Some(end) => format!(
                "{{bar:30}} {{pos}}/{{len}} rounds, {{elapsed}} elapsed, begins none after {} min",
                end.saturating_duration_since(Instant::now())
                    .as_secs()
                    .div_ceil(60)
            ),
            None => "{bar:30} {pos}/{len} rounds, {elapsed} elapsed, {eta} to go".to_owned(),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        let start = Instant::now();
        let next = AtomicUsize::new(0);
        let total = Mutex::new(Total::default());
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let over = end.is_some_and(|end| Instant::now() >= end);
                        if number >= rounds || over || self.options.cancel.is_cancelled() {
                            return;
                        }
                        if !self.round(number, &total) {
                            next.store(rounds, Ordering::Relaxed);
                        }
                        bar.inc(1);
                    }
                });
            }
        });
        bar.finish_and_clear();
        let total = total.into_inner().unwrap_or_default();
        self.tell(&total, start.elapsed())
    }

    /// Runs round `number`; whether to go on.
    fn round(&self, number: usize, total: &Mutex<Total>) -> bool {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let seed = self.options.seed.wrapping_add(number);
        let faults = match self.given.is_empty() {
            true => soak::draw(seed, self.length),
            false => self.given.clone(),
        };
        let round = self.live(seed, &faults);
        let Ok(mut total) = total.lock() else {
            return false;
        };
        total.rounds += 1;
        total.faults += faults.len();
        total.time += round.length;
        total.account.merge(&round.account);
        total.slowest = total.slowest.max(round.recovered_after.unwrap_or_default());
        let held = round.verdict == Verdict::Held;
        if !held && total.broken.is_none() {
            total.broken = Some((seed, faults, round));
        }
        held
    }

    fn live(&self, seed: u64, faults: &[Fault]) -> Round {
        let options = Options {
            seed,
            faults: faults.to_vec(),
            ..self.options.clone()
        };
        soak::round(&options, self.length)
    }

    fn tell(&self, total: &Total, took: Duration) -> Exit {
        let hours = total.time.as_secs_f64() / 3600.0;
        say(format_args!(
            "{} rounds, {} faults, {hours:.1} virtual hours in {:.1} s\n  {}\n  slowest recovery {} s",
            total.rounds,
            total.faults,
            took.as_secs_f64(),
            total.account,
            total.slowest.as_secs()
        ));
        let Some((seed, faults, round)) = &total.broken else {
            return match self.options.cancel.is_cancelled() {
                true => Exit::Interrupted,
                false => Exit::Success,
            };
        };
        match &round.verdict {
            Verdict::Held => Exit::Success,
            Verdict::Cancelled => Exit::Interrupted,
            Verdict::Infra(reason) => {
                say(format_args!("INFRA seed {seed}: {reason}"));
                self.replay(*seed, faults);
                Exit::Infra
            }
            Verdict::Broken(violation) => {
                say(format_args!("BROKEN seed {seed}: {violation}"));
                self.explain(*seed, faults, round);
                Exit::Failed
            }
        }
    }

    /// The smallest list of faults that breaks something, and how to see it again.
    fn explain(&self, seed: u64, faults: &[Fault], round: &Round) {
        say(format_args!(
            "looking for the faults that it takes, of {}",
            faults.len()
        ));
        let mut last = round.clone();
        let shrunk = soak::shrink(faults, SHRINK_TRIES, |faults| {
            if self.options.cancel.is_cancelled() {
                return false;
            }
            let round = self.live(seed, faults);
            let broken = matches!(round.verdict, Verdict::Broken(_));
            if broken {
                last = round;
            }
            broken
        });
        let lines: Vec<&str> = last.device_log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(12)..];
        say(format_args!(
            "the device's last words:\n  {}",
            tail.join("\n  ")
        ));
        if let Verdict::Broken(violation) = &last.verdict {
            say(format_args!(
                "{} faults after {} tries: {violation}",
                shrunk.faults.len(),
                shrunk.tries
            ));
        }
        self.replay(seed, &shrunk.faults);
    }

    /// How to see a round again.
    fn replay(&self, seed: u64, faults: &[Fault]) {
        let faults: Vec<String> = faults
            .iter()
            .map(|fault| format!(" --fault {fault}"))
            .collect();
        say(format_args!(
            "to see it again:\n  cargo hil soak --board {} --hours {} --seed {seed}{}",
            self.options.board,
            self.length.as_secs() / 3600,
            faults.join("")
        ));
    }
}
