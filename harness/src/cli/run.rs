//! `hil run`.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;

use super::args::RunArgs;
use super::error::CliError;
use super::exit::Exit;
use super::firmware;
use super::interrupt::on_interrupt;
use super::say::say;
use super::select;
use crate::config;
use crate::report::{self, Collector, Commit, Console, Context, Folder, Report};
use crate::runner::{self, Job, Plan, Reporter};
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
    let mut jobs = select::jobs(scenarios::all(), &args.filters, &args.boards, &config)?;
    if args.list {
        list(&jobs);
        return Ok(Exit::Success);
    }
    let folder = args.report.as_deref().map(Folder::prepare).transpose()?;
    let firmware = firmware::prepare(&mut jobs, args)?;
    let plan = Plan {
        jobs,
        firmware,
        seed: args.seed,
        workers: args.jobs.unwrap_or_else(runner::default_workers),
        retries: args.retries,
        faults: args.faults.clone(),
        hil_exe: env::current_exe().map_err(CliError::OwnPath)?,
    };
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
    let mut console = Console::new(args.quiet);
    let mut collector = Collector::default();
    let reporters: &mut [&mut dyn Reporter] = &mut [&mut console, &mut collector];
    runner::run(&plan, &cancel, scenario::execute, reporters);
    let run = collector.into_run();
    let context = Context {
        commit: Commit::find(Path::new(".")),
    };
    let report = Report::of(&run, &context);
    if let Some(folder) = folder {
        report::write(&report, &run, &folder)?;
        if !args.quiet {
            say(format_args!("report: {}", folder.path().display()));
        }
    }
    Ok(verdict(&report))
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

/// A failed scenario outweighs a broken bench: something is known to be wrong.
fn verdict(report: &Report) -> Exit {
    let summary = report.summary;
    if report.interrupted {
        Exit::Interrupted
    } else if summary.failed > 0 {
        Exit::Failed
    } else if summary.infra > 0 {
        Exit::Infra
    } else {
        Exit::Success
    }
}
