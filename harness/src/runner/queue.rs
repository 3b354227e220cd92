//! Which job is next: in order, but a real board runs one at a time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::plan::Job;
use crate::scenario::Board;

/// The jobs that wait, and the boards that are busy.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// A board has become free.
    freed: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: VecDeque<usize>,
    /// Simulated boards are made anew for each job, so they are never in here.
    busy: Vec<Board>,
}

impl Queue {
    pub(super) fn new(jobs: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: (0..jobs).collect(),
                busy: Vec::new(),
            }),
            freed: Condvar::new(),
        }
    }

    /// The next job whose board is free; waits for one. Nothing when no job is left.
    pub(super) fn take(&self, jobs: &[Job]) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let free = |index: &usize| {
                jobs.get(*index)
                    .is_some_and(|job| !state.busy.contains(&job.board))
            };
            if let Some(position) = state.waiting.iter().position(free) {
                let index = state.waiting.remove(position)?;
                let board = jobs.get(index).map(|job| job.board.clone());
                state
                    .busy
                    .extend(board.filter(|board| matches!(board, Board::Real(_))));
                return Some(index);
            }
            state = self
                .freed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The job has ended: its board is free.
    pub(super) fn give_back(&self, board: &Board) {
        self.lock().busy.retain(|busy| busy != board);
        self.freed.notify_all();
    }

    /// No job is started any more.
    pub(super) fn close(&self) {
        self.lock().waiting.clear();
        self.freed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment: a panicking thread leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::scenario::Scenario;

    const FILE: &str = "[[board]]\nname = 'desk'\nchip = 'esp32c3'\nprobe = '303a:1001'\n";

    fn job(board: &Board) -> Job {
        let scenario = Scenario {
            id: "X",
            name: "x",
            title: "a title",
            origin: "a test",
            explanation: "text",
            run: |_| Box::pin(async { Ok(()) }),
        };
        Job {
            scenario,
            board: board.clone(),
        }
    }

    #[test]
    fn a_real_board_runs_one_job_at_a_time() {
        let config = Config::parse(FILE, Path::new("hil.toml")).unwrap();
        let desk = Board::Real(Arc::new(config.boards[0].clone()));
        let jobs = [
            job(&desk),
            job(&desk),
            job(&Board::Native),
            job(&Board::Native),
        ];
        let queue = Queue::new(jobs.len());
        assert_eq!(queue.take(&jobs), Some(0));
        assert_eq!(queue.take(&jobs), Some(2), "the desk is busy");
        assert_eq!(
            queue.take(&jobs),
            Some(3),
            "there are as many native ones as wanted"
        );
        queue.give_back(&desk);
        assert_eq!(queue.take(&jobs), Some(1));
        assert_eq!(queue.take(&jobs), None);
    }

    #[test]
    fn a_closed_queue_lets_nobody_wait() {
        let jobs = [job(&Board::Native)];
        let queue = Queue::new(jobs.len());
        queue.close();
        assert_eq!(queue.take(&jobs), None);
    }
}
