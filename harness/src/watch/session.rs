//! The loop: wait for a change, build, run what is affected, again.

use std::ffi::OsString;
use std::io::{self, BufRead as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::{env, thread};

use super::child::{Running, build, list};
use super::error::WatchError;
use super::files::{gather, watch as watch_files};
use super::plan::{Plan, Work};
use crate::firmware_build;

/// What to run, and where.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The root of the project; `None` looks for it.
    pub root: Option<PathBuf>,
    /// Filters, as `hil run` takes them; none: all scenarios.
    pub filters: Vec<String>,
    /// Boards by name; none: the virtual one.
    pub boards: Vec<String>,
    /// Further arguments for `hil run`.
    pub arguments: Vec<OsString>,
}

/// Anything that can happen.
#[derive(Debug)]
pub(super) enum Heard {
    /// A file at this path was written, made, moved or removed.
    Changed(PathBuf),
    /// The child has ended, with this code unless a signal ended it.
    Ended(Option<i32>),
    /// Somebody wants everything run again.
    Again,
    /// Somebody wants to leave.
    Leave,
}

/// Where a session is.
enum State {
    Waiting,
    Building(Running),
    Running(Running),
}

/// Runs all scenarios, then the affected ones whenever something changes, until Ctrl-C, a hang-up
/// or `q` and Enter. Enter alone runs all again. `say` gets what there is to tell, a line each;
/// `on_interrupt` is given what to call on Ctrl-C.
///
/// # Errors
/// See [`WatchError`]. Sources that do not compile and scenarios that fail are no errors here: they
/// are what one watches for.
pub fn watch(
    options: &Options,
    say: impl FnMut(&str),
    on_interrupt: impl FnOnce(Box<dyn Fn() + Send>) -> Result<(), WatchError>,
) -> Result<(), WatchError> {
    // Before anything is built: a program that has been replaced has no path any more.
    let hil = env::current_exe().map_err(WatchError::OwnPath)?;
    let root = match &options.root {
        Some(root) => root.clone(),
        None => firmware_build::root()?,
    };
    // The system names what changed by the path without links.
    let root = root.canonicalize().unwrap_or(root);
    let (heard, events) = mpsc::channel();
    let _watcher = watch_files(&root, heard.clone())?;
    on_interrupt({
        let heard = heard.clone();
        Box::new(move || drop(heard.send(Heard::Leave)))
    })?;
    listen(heard.clone());
    let mut session = Session {
        options,
        hil,
        root,
        heard,
        say,
        plan: Plan::everything(),
        state: State::Waiting,
    };
    // The first words are about wrong filters and boards, which no change would mend.
    list(&session.hil, &session.selection(&options.filters))?;
    session.begin()?;
    session.work(&events)
}

/// Enter and `q` from standard input, where there is one.
fn listen(heard: Sender<Heard>) {
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            let wish = match line.trim() {
                "q" => Heard::Leave,
                _ => Heard::Again,
            };
            if heard.send(wish).is_err() {
                return;
            }
        }
    });
}

struct Session<'a, S> {
    options: &'a Options,
    hil: PathBuf,
    root: PathBuf,
    heard: Sender<Heard>,
    say: S,
    plan: Plan,
    state: State,
}

impl<S: FnMut(&str)> Session<'_, S> {
    fn work(&mut self, events: &Receiver<Heard>) -> Result<(), WatchError> {
        // The session holds a sender itself: the channel never closes.
        while let Ok(event) = events.recv() {
            match event {
                Heard::Leave => return Ok(()),
                Heard::Ended(code) => self.ended(code)?,
                Heard::Again => {
                    self.plan.add_all();
                    self.restart(events)?;
                }
                Heard::Changed(path) => {
                    let gathered = gather(&self.root, path, events);
                    for event in gathered.others {
                        // Heard again in its turn: the session holds the receiver.
                        let _ = self.heard.send(event);
                    }
                    if !gathered.changes.is_empty() {
                        let changes = gathered.changes.into_iter();
                        changes.for_each(|change| self.plan.add(change));
                        self.restart(events)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Stops what runs and begins with what is to be done by now.
    fn restart(&mut self, events: &Receiver<Heard>) -> Result<(), WatchError> {
        if let State::Building(child) | State::Running(child) =
            std::mem::replace(&mut self.state, State::Waiting)
        {
            child.stop();
            // Its end is in the channel, perhaps behind other things, which must not be lost.
            let mut kept = Vec::new();
            while let Ok(event) = events.recv() {
                if matches!(event, Heard::Ended(_)) {
                    break;
                }
                kept.push(event);
            }
            for event in kept {
                let _ = self.heard.send(event);
            }
        }
        self.begin()
    }

    fn begin(&mut self) -> Result<(), WatchError> {
        let boards = &self.options.boards;
        if self
            .plan
            .builds_hil(boards.iter().any(|board| board == "native"))
        {
            (self.say)("building hil ...");
            let child = Running::start(build(&self.root), self.heard.clone())?;
            self.state = State::Building(child);
            return Ok(());
        }
        self.run()
    }

    fn run(&mut self) -> Result<(), WatchError> {
        let filters = match self.affected()? {
            Work::All => self.options.filters.clone(),
            Work::Only(paths) if paths.is_empty() => {
                self.plan = Plan::default();
                (self.say)("no scenario is affected");
                return Ok(());
            }
            Work::Only(paths) => paths,
        };
        let mut command = Command::new(&self.hil);
        command
            .arg("run")
            .args(&self.options.arguments)
            .args(self.selection(&filters))
            .current_dir(&self.root)
            .stdin(Stdio::null());
        let child = Running::start(command, self.heard.clone())?;
        self.state = State::Running(child);
        Ok(())
    }

    fn affected(&mut self) -> Result<Work, WatchError> {
        let all = list(&self.hil, &self.selection(&[]));
        let asked = list(&self.hil, &self.selection(&self.options.filters));
        match all.and_then(|all| Ok(self.plan.work(&asked?, &all))) {
            Ok(work) => Ok(work),
            // A scenario that was named may have gone with the last change; `hil run` says so.
            Err(WatchError::List { .. }) => Ok(Work::All),
            Err(error) => Err(error),
        }
    }

    fn ended(&mut self, code: Option<i32>) -> Result<(), WatchError> {
        match std::mem::replace(&mut self.state, State::Waiting) {
            State::Building(_) if code == Some(0) => {
                self.plan.built();
                return self.run();
            }
            State::Building(_) => (self.say)("hil does not build: see above"),
            State::Running(_) => self.plan = Plan::default(),
            State::Waiting => {}
        }
        (self.say)("watching: Enter runs all again, q and Enter leaves");
        Ok(())
    }

    /// Which scenarios and boards, as arguments.
    fn selection(&self, filters: &[String]) -> Vec<OsString> {
        let boards: &[String] = &self.options.boards;
        let by_default = boards.is_empty().then(|| "virtual".to_owned());
        let boards = boards.iter().cloned().chain(by_default);
        boards
            .map(|board| format!("--board={board}").into())
            .chain(["--".into()])
            .chain(filters.iter().map(Into::into))
            .collect()
    }
}
