//! `hil run`.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;

use time::OffsetDateTime;

use super::args::RunArgs;
use super::error::CliError;
use super::exit::Exit;
use super::firmware;
use super::interrupt::on_interrupt;
use super::judge;
use super::say::say;
use super::select;
use crate::config;
use crate::quarantine;
use crate::report::{self, Collector, Commit, Console, Context, Events, Folder, Report};
use crate::runner::{self, Job, Plan, Reporter, Selection};
use crate::scenario::{self, Cancel, catalogue};
use crate::scenarios;

/// Runs scenarios and writes the report. Everything that can be wrong with the arguments is
/// found before the first scenario starts.
pub(super) fn run(args: &RunArgs) -> Result<Exit, CliError> {
    if args.catalogue {
        print(&catalogue::markdown(scenarios::all()));
        return Ok(Exit::Success);
    }
    if let Some(wanted) = &args.explain {
        let explained = select::named(scenarios::all(), wanted)?;
        let texts: Vec<String> = explained.into_iter().map(catalogue::explain).collect();
        print(&texts.join("\n"));
        return Ok(Exit::Success);
    }
    let config = config::load(args.config.as_deref())?;
    let selection = select::selection(scenarios::all(), wanted(args), &args.boards, &config)?;
    let mut jobs = select::jobs(scenarios::all(), &selection)?;
    if args.list {
        list(&jobs);
        return Ok(Exit::Success);
    }
    let quarantine = quarantine::load(args.quarantine.as_deref(), args.config.as_deref())?;
    quarantine.check_names(scenarios::all())?;
    let baseline = args.baseline.as_deref().map(report::load).transpose()?;
    let folder = args.report.as_deref().map(Folder::prepare).transpose()?;
    let firmware = firmware::prepare(&mut jobs, args)?;
    let plan = Plan {
        jobs,
        firmware,
        seed: args.seed,
        workers: args.jobs.unwrap_or_else(runner::default_workers),
        retries: args.retries,
        faults: args.faults.clone(),
        partition: args.partition,
        quarantine,
        today: OffsetDateTime::now_utc().date(),
        hil_exe: env::current_exe().map_err(CliError::OwnPath)?,
    };
    let cancel = cancel_on_interrupt()?;
    let mut collector = Collector::default();
    let events = args.json.then(Events::on_stdout).transpose();
    let mut events = events.map_err(CliError::Output)?;
    match &mut events {
        Some(events) => execute(&plan, &cancel, events, &mut collector),
        None => execute(
            &plan,
            &cancel,
            &mut Console::new(args.quiet),
            &mut collector,
        ),
    }
    let run = collector.into_run();
    let context = Context {
        commit: Commit::find(Path::new(".")),
    };
    let mut report = Report::of(&run, &context);
    if let Some(baseline) = &baseline {
        report.compare(&baseline.report, |gone| {
            let (id, name) = (&gone.id, &gone.name);
            selection.answers_for(scenarios::all(), &gone.board, id, name)
                && !plan.quarantine.is_removed(&format!("{id}::{name}"))
        });
    }
    let mut gate = report.gate(args.strict);
    if let Some(baseline) = &baseline
        && !report
            .scenarios
            .iter()
            .any(|entry| baseline.report.scenario(&entry.path()).is_some())
    {
        gate.notes.push(format!(
            "the baseline has none of these scenarios on these boards, but on {}: nothing was \
             compared",
            baseline.report.boards().join(", ")
        ));
    }
    let mut exit = Exit::from(gate.ending);
    if let Some(folder) = folder {
        let baseline = baseline.as_ref().map(|loaded| &loaded.report);
        match report::write(&report, baseline, &run, &folder) {
            Ok(()) if args.quiet || args.json => {}
            Ok(()) => say(format_args!("report: {}", folder.path().display())),
            Err(error) => {
                say(format_args!("error: {error}"));
                // What is known to be wrong with the firmware outweighs a full disk.
                if exit == Exit::Success {
                    exit = Exit::Infra;
                }
            }
        }
    }
    match &mut events {
        Some(events) => events.judged(&gate, exit.code()),
        None => judge::explain(&gate),
    }
    Ok(exit)
}

/// What the arguments ask for, the boards aside.
fn wanted(args: &RunArgs) -> Selection {
    Selection {
        boards: Vec::new(),
        filters: args.filters.clone(),
        exact: args.exact,
        partition: args.partition,
    }
}

fn cancel_on_interrupt() -> Result<Cancel, CliError> {
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
    Ok(cancel)
}

fn execute(plan: &Plan, cancel: &Cancel, shown: &mut dyn Reporter, kept: &mut Collector) {
    runner::run(plan, cancel, scenario::execute, &mut [shown, kept]);
}

fn print(text: &str) {
    // A reader that went away has seen enough.
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

fn list(jobs: &[Job]) {
    let mut out = io::stdout().lock();
    let width = jobs.iter().map(|job| job.path().len()).max().unwrap_or(0);
    for job in jobs {
        // A reader that went away has seen enough.
        let _ = writeln!(out, "{:width$}  {}", job.path(), job.scenario.title);
    }
}
