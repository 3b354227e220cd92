//! Images, the board they run on, and what running them cost.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use virtual_esp32c3::flash::Flash;

use super::embedded;
use super::image::{Framework, TestImage};
use super::outcome::{Outcome, Verdict};
use super::sequence;
use super::test_board::TestBoard;
use super::virtual_board::{self, VirtualTestBoard};
use super::wall_board::WallTestBoard;
use crate::board::BoardError;
use crate::config::BoardConfig;
use crate::scenario::Cancel;

/// Where tests run.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Virtual boards, as many as there are tests at the same time. The seed is that of everything
    /// random in the chip.
    Virtual {
        /// The seed.
        seed: u64,
    },
    /// A board of `hil.toml`, for one test at a time.
    Real {
        /// Which.
        config: BoardConfig,
        /// How long to wait while somebody else has it.
        patience: Duration,
    },
}

/// Test images and the board they run on. Tests may be run from several threads.
#[derive(Debug)]
pub struct Bench {
    images: Vec<Slot>,
    boards: Boards,
    cancel: Cancel,
    costs: Mutex<Costs>,
}

#[derive(Debug)]
struct Slot {
    image: TestImage,
    /// Outcomes of a program whose tests run in one go, once it has run.
    sequence: Mutex<Option<Vec<Outcome>>>,
    /// Which tests anybody wants to know of.
    wanted: Vec<bool>,
}

#[derive(Debug)]
enum Boards {
    Virtual {
        seed: u64,
        /// Flash with each image in it, by number.
        flashed: Mutex<HashMap<usize, Arc<Flash>>>,
        /// Boards that nobody uses, with the number of the image in their flash.
        idle: Mutex<Vec<(usize, VirtualTestBoard)>>,
    },
    Real {
        config: BoardConfig,
        patience: Duration,
        /// Opened for the first test.
        board: Box<Mutex<Desk>>,
    },
}

/// The one real board.
#[derive(Debug, Default)]
struct Desk {
    board: Option<WallTestBoard>,
    /// Number of the image in its flash.
    loaded: Option<usize>,
    /// It has failed: in what words. Nobody tries again, since each try takes its time.
    failed: Option<String>,
}

/// What running the tests cost beside the tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Costs {
    /// Tests that began with a reset, and asked which of them to run.
    pub tests: u32,
    /// Wall time beside what they did themselves: reset, start of the program, answer.
    pub overhead: Duration,
    /// Images that were brought into flash.
    pub images: u32,
    /// Wall time for that.
    pub flashing: Duration,
    /// Tests of which nothing is known because the bench failed.
    pub infra: u32,
    /// Tests that failed.
    pub failed: u32,
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        let plural = if self.images == 1 { "" } else { "s" };
        write!(
            f,
            "flashed {} image{plural} in {:.0} ms",
            self.images,
            millis(self.flashing)
        )?;
        if let Some(each) = self.overhead.checked_div(self.tests) {
            let count = self.tests;
            let plural = if count == 1 { "" } else { "s" };
            write!(
                f,
                "; {count} test{plural} from a reset, {:.1} ms ",
                millis(each)
            )?;
            write!(
                f,
                "each beside {} own time",
                if count == 1 { "its" } else { "their" }
            )?;
        }
        Ok(())
    }
}

impl Bench {
    /// A bench for `images`; nothing is touched yet. `wanted` (numbers of image and test) tells which
    /// tests are going to be run: a program whose tests run in one go is stopped behind the last.
    pub fn new(
        images: Vec<TestImage>,
        place: Place,
        cancel: Cancel,
        wanted: impl Fn(usize, usize) -> bool,
    ) -> Self {
        let slots = images.into_iter().enumerate().map(|(number, image)| Slot {
            wanted: (0..image.tests().len())
                .map(|test| wanted(number, test))
                .collect(),
            sequence: Mutex::new(None),
            image,
        });
        let boards = match place {
            Place::Virtual { seed } => Boards::Virtual {
                seed,
                flashed: Mutex::default(),
                idle: Mutex::default(),
            },
            Place::Real { config, patience } => Boards::Real {
                config,
                patience,
                board: Box::default(),
            },
        };
        Self {
            images: slots.collect(),
            boards,
            cancel,
            costs: Mutex::default(),
        }
    }

    /// Its images.
    pub fn images(&self) -> impl Iterator<Item = &TestImage> {
        self.images.iter().map(|slot| &slot.image)
    }

    /// How many tests can run at the same time.
    pub const fn is_parallel(&self) -> bool {
        matches!(self.boards, Boards::Virtual { .. })
    }

    /// Runs the test number `test` of the image number `image`.
    pub fn run(&self, image: usize, test: usize) -> Outcome {
        let outcome = self.outcome(image, test);
        let mut costs = lock(&self.costs);
        if let Some(overhead) = outcome.overhead {
            costs.tests += 1;
            costs.overhead += overhead;
        }
        match outcome.verdict {
            Verdict::Failed(_) => costs.failed += 1,
            Verdict::Infra(_) => costs.infra += 1,
            Verdict::Passed | Verdict::NotRun(_) => {}
        }
        outcome
    }

    /// Whether another test that is going to be run tells why this image's tests did not all run.
    pub(super) fn tells_why(&self, image: usize) -> bool {
        let Some(slot) = self.images.get(image) else {
            return false;
        };
        let outcomes = lock(&slot.sequence);
        let failed = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Failed(_));
        let culprit = outcomes
            .as_deref()
            .and_then(|all| all.iter().position(failed));
        culprit
            .and_then(|test| slot.wanted.get(test))
            .is_some_and(|wanted| *wanted)
    }

    /// What running tests has cost so far.
    pub fn costs(&self) -> Costs {
        *lock(&self.costs)
    }

    fn outcome(&self, image: usize, test: usize) -> Outcome {
        let missing = || {
            let words = format!("there is no test {test} of the image {image}");
            Outcome::without_log(Verdict::Infra(words))
        };
        let Some(slot) = self.images.get(image) else {
            return missing();
        };
        if self.cancel.is_cancelled() {
            return Outcome::without_log(Verdict::NotRun("interrupted".to_owned()));
        }
        match slot.image.framework() {
            Framework::EmbeddedTest => slot.image.tests().get(test).map_or_else(missing, |test| {
                self.with_board(image, &slot.image, |board| {
                    embedded::run(board, slot.image.program(), test, &self.cancel)
                })
                .unwrap_or_else(|words| Outcome::without_log(Verdict::Infra(words)))
            }),
            Framework::DefmtTest => {
                let mut done = lock(&slot.sequence);
                let outcomes = done.get_or_insert_with(|| {
                    let (program, tests) = (slot.image.program(), slot.image.tests());
                    let last = slot.wanted.iter().rposition(|wanted| *wanted);
                    let last = last.unwrap_or(0).max(test);
                    self.with_board(image, &slot.image, |board| {
                        sequence::run(board, program, tests, last, &self.cancel)
                    })
                    .unwrap_or_else(|words| {
                        vec![Outcome::without_log(Verdict::Infra(words)); tests.len()]
                    })
                });
                outcomes.get(test).cloned().unwrap_or_else(missing)
            }
        }
    }

    /// Does `work` with a board that has the image in its flash. Errors are told in words, since
    /// they may be those of a test before.
    fn with_board<T>(
        &self,
        number: usize,
        image: &TestImage,
        work: impl FnOnce(&mut dyn TestBoard) -> Result<T, BoardError>,
    ) -> Result<T, String> {
        match &self.boards {
            Boards::Virtual {
                seed,
                flashed,
                idle,
            } => {
                let words = |error: BoardError| error.to_string();
                let flash = self.flash(flashed, number, image, *seed).map_err(words)?;
                let found = {
                    let mut idle = lock(idle);
                    let found = idle.iter().position(|(loaded, _)| *loaded == number);
                    found.map(|index| idle.swap_remove(index).1)
                };
                let mut board =
                    found.unwrap_or_else(|| VirtualTestBoard::new(image.program(), &flash, *seed));
                let result = work(&mut board).map_err(words)?;
                lock(idle).push((number, board));
                Ok(result)
            }
            Boards::Real {
                config,
                patience,
                board,
            } => {
                let mut desk = lock(board);
                if let Some(words) = &desk.failed {
                    return Err(format!(
                        "not tried, since the board has failed before: {words}"
                    ));
                }
                let result = self
                    .with_desk(&mut desk, (config, *patience), number, image, work)
                    .map_err(|error| error.to_string());
                if let Err(words) = &result {
                    // Attached, it would be kept from whoever looks after it.
                    *desk = Desk {
                        failed: Some(words.clone()),
                        ..Desk::default()
                    };
                }
                result
            }
        }
    }

    fn with_desk<T>(
        &self,
        desk: &mut Desk,
        (config, patience): (&BoardConfig, Duration),
        number: usize,
        image: &TestImage,
        work: impl FnOnce(&mut dyn TestBoard) -> Result<T, BoardError>,
    ) -> Result<T, BoardError> {
        let Desk { board, loaded, .. } = desk;
        let board = match board {
            Some(board) => board,
            None => board.insert(WallTestBoard::open(config, patience)?),
        };
        if *loaded != Some(number) {
            let begun = Instant::now();
            board.load(image.program())?;
            *loaded = Some(number);
            self.count_flashing(begun);
        }
        work(board)
    }

    /// The flash of a virtual board with the image in it: written once, then copied.
    fn flash(
        &self,
        flashed: &Mutex<HashMap<usize, Arc<Flash>>>,
        number: usize,
        image: &TestImage,
        seed: u64,
    ) -> Result<Arc<Flash>, BoardError> {
        let mut flashed = lock(flashed);
        if let Some(flash) = flashed.get(&number) {
            return Ok(Arc::clone(flash));
        }
        let begun = Instant::now();
        let flash = virtual_board::flashed(image.program(), seed)?;
        self.count_flashing(begun);
        flashed.insert(number, Arc::clone(&flash));
        Ok(flash)
    }

    fn count_flashing(&self, begun: Instant) {
        let mut costs = lock(&self.costs);
        costs.images += 1;
        costs.flashing += begun.elapsed();
    }
}

/// A test that panicked in the bench leaves nothing half done that another would stumble over.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
