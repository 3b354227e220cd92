//! Runs cargo: what it says on the way, what it built, what the compiler had against it.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use serde::Deserialize;

use super::options::Variant;
use super::{BuildError, Progress};

/// What cargo left of one program.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) executable: PathBuf,
    /// What the compiler wrote: warnings, when it succeeded.
    pub(super) diagnostics: String,
}

/// A line of cargo: standard output is for machines, standard error for people.
enum Line {
    Message(String),
    Text(String),
}

/// The messages of `--message-format=json` that matter here.
#[derive(Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
enum Message {
    CompilerArtifact {
        target: Target,
        executable: Option<PathBuf>,
    },
    /// Comes when anything was compiled at all, be it with success or not.
    BuildFinished {},
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    #[serde(default)]
    kind: Vec<String>,
}

/// Runs `command`, which is cargo without arguments, to build the firmware.
pub(super) fn build(
    mut command: Command,
    variant: Variant,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Built, BuildError> {
    command.args(["build", "--bin", variant.program()]).args(
        variant
            .feature()
            .map(|feature| format!("--features={feature}")),
    );
    let outcome = run(command, on_progress)?;
    let program = variant.program();
    let mut executables = outcome.executables.into_iter();
    let (_, executable) = executables
        .rfind(|(target, _)| target.name == program)
        .ok_or(BuildError::NoArtifact)?;
    Ok(Built {
        executable,
        diagnostics: outcome.diagnostics.join("\n").trim().to_owned(),
    })
}

/// The feature that builds tests which are to be seen to fail, and the names of these programs.
const PLANTED_TESTS: [&str; 2] = ["planted-tests", "planted*"];

/// Runs `command`, which is cargo without arguments, to build the on-target tests, or those that
/// are to be seen to fail. One executable for each test program, by name.
pub(super) fn build_tests(
    mut command: Command,
    planted: bool,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Vec<PathBuf>, BuildError> {
    command.args(["test", "--no-run"]);
    if planted {
        let [feature, programs] = PLANTED_TESTS;
        command.args(["--features", feature, "--test", programs]);
    } else {
        command.arg("--tests");
    }
    let mut executables = run(command, on_progress)?.executables;
    executables.retain(|(target, _)| target.kind.iter().any(|kind| kind == "test"));
    executables.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    Ok(executables.into_iter().map(|(_, path)| path).collect())
}

/// Runs cargo to its end. What it says is an error unless it succeeds.
fn run(mut command: Command, on_progress: &mut dyn FnMut(Progress)) -> Result<Outcome, BuildError> {
    command
        .args(["--release", "--message-format=json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().map_err(|source| BuildError::Start {
        program: command.get_program().into(),
        source,
    })?;
    let mut running = Running(child);
    let mut outcome = Outcome::default();
    for line in running.lines() {
        outcome.take(line, on_progress);
    }
    let status = running.0.wait().map_err(|source| BuildError::Start {
        program: command.get_program().into(),
        source,
    })?;
    outcome.judge(status)
}

/// A child that does not outlive us, whichever way we leave.
struct Running(Child);

impl Running {
    /// Both outputs as they come, until both are closed.
    fn lines(&mut self) -> mpsc::Receiver<Line> {
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = self.0.stdout.take() {
            forward(stdout, Line::Message, sender.clone());
        }
        if let Some(stderr) = self.0.stderr.take() {
            forward(stderr, Line::Text, sender);
        }
        lines
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn forward(
    output: impl Read + Send + 'static,
    wrap: fn(String) -> Line,
    sender: mpsc::Sender<Line>,
) {
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        // A pipe that breaks is a child that ends; its exit status says the rest.
        while output
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| count > 0)
        {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            if sender.send(wrap(line)).is_err() {
                return;
            }
            bytes.clear();
        }
    });
}

#[derive(Default)]
struct Outcome {
    executables: Vec<(Target, PathBuf)>,
    compiled: bool,
    done: usize,
    diagnostics: Vec<String>,
}

impl Outcome {
    fn take(&mut self, line: Line, on_progress: &mut dyn FnMut(Progress)) {
        match line {
            Line::Message(json) => match serde_json::from_str(&json) {
                Ok(Message::CompilerArtifact { target, executable }) => {
                    self.done += 1;
                    self.executables
                        .extend(executable.map(|path| (target, path)));
                }
                Ok(Message::BuildFinished {}) => self.compiled = true,
                Ok(Message::Other) => {}
                // A build script may write anything: not ours, but not to be lost either.
                Err(_) => self.diagnostics.push(json),
            },
            Line::Text(text) if is_status(&text) => {
                let line = text.trim().to_owned();
                on_progress(Progress::Cargo {
                    line,
                    done: self.done,
                });
            }
            Line::Text(text) => self.diagnostics.push(text),
        }
    }

    /// Itself, if cargo succeeded.
    fn judge(self, status: ExitStatus) -> Result<Self, BuildError> {
        if let Some(signal) = status.signal() {
            return Err(BuildError::Interrupted { signal });
        }
        if status.success() {
            return Ok(self);
        }
        let diagnostics = self.diagnostics.join("\n").trim().to_owned();
        let output = if diagnostics.is_empty() {
            status.to_string()
        } else {
            diagnostics
        };
        Err(match self.compiled {
            true => BuildError::Compile { output },
            false => BuildError::Prepare { output },
        })
    }
}

/// Whether a line is one of cargo's own, `   Compiling esp-hal v1.2.2`: the verb is right-aligned
/// to twelve columns.
fn is_status(line: &str) -> bool {
    let verb = line.trim_start();
    let Some((verb, _)) = verb.split_once(' ') else {
        return false;
    };
    let indent = line.len() - line.trim_start().len();
    indent + verb.len() == 12 && verb.starts_with(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cargo that is a shell script.
    fn run_script(script: &str) -> (Result<Built, BuildError>, Vec<Progress>) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "cargo"]);
        let mut said = Vec::new();
        let result = build(command, Variant::Product, &mut |step| said.push(step));
        (result, said)
    }

    const ARTIFACT: &str = r#"echo '{"reason":"compiler-artifact","target":{"name":"core"},"executable":null}'
echo '{"reason":"build-script-executed","package_id":"x"}'
echo '{"reason":"compiler-artifact","target":{"name":"firmware-esp32"},"executable":"/e/firmware-esp32"}'
echo '{"reason":"build-finished","success":true}'"#;

    #[test]
    fn the_program_the_steps_and_the_warnings_come_out() {
        let (result, said) = run_script(&format!(
            "printf '   Compiling core v0.0.0\nwarning: unused\n  --> x.rs\n' >&2; {ARTIFACT}"
        ));
        let built = result.unwrap();
        assert_eq!(built.executable, PathBuf::from("/e/firmware-esp32"));
        assert_eq!(built.diagnostics, "warning: unused\n  --> x.rs");
        assert_eq!(said.len(), 1);
        assert!(
            matches!(&said[0], Progress::Cargo { line, .. } if line == "Compiling core v0.0.0")
        );
    }

    #[test]
    fn test_programs_come_out_by_name() {
        let artifact = |name: &str, kind: &str, path: &str| {
            format!(
                "echo '{{\"reason\":\"compiler-artifact\",\"target\":{{\"name\":\"{name}\",\"kind\":\
                 [\"{kind}\"]}},\"executable\":{path}}}'\n"
            )
        };
        let script = artifact("uart", "test", "\"/e/uart-1\"")
            + &artifact("firmware-esp32", "bin", "\"/e/firmware-esp32\"")
            + &artifact("chip", "test", "\"/e/chip-1\"")
            + &artifact("core", "lib", "null");
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &script, "cargo"]);
        let tests = build_tests(command, false, &mut |_| {}).unwrap();
        assert_eq!(tests, ["/e/chip-1", "/e/uart-1"].map(PathBuf::from));
    }

    #[test]
    fn what_does_not_compile_is_shown_as_the_compiler_wrote_it() {
        let (result, _) = run_script(
            "printf '   Compiling core v0.0.0\nerror[E0308]: mismatched\n  --> a.rs:1\n\nerror: \
             could not compile\n' >&2; echo '{\"reason\":\"build-finished\",\"success\":false}'; \
             exit 101",
        );
        let error = result.unwrap_err();
        assert!(!error.is_infrastructure());
        insta::assert_snapshot!(error, @"
        the firmware does not build:
        error[E0308]: mismatched
          --> a.rs:1

        error: could not compile
        ");
    }

    #[test]
    fn a_registry_out_of_reach_is_not_the_firmwares_fault() {
        let (result, _) = run_script("echo 'error: failed to download `esp-hal`' >&2; exit 101");
        let error = result.unwrap_err();
        assert!(matches!(error, BuildError::Prepare { .. }), "{error:?}");
        assert!(error.to_string().contains("failed to download `esp-hal`"));
    }

    #[test]
    fn a_signal_is_told_apart_and_so_is_a_missing_program() {
        let (result, _) = run_script("kill -TERM $$");
        assert!(
            matches!(result, Err(BuildError::Interrupted { signal: 15 })),
            "{result:?}"
        );
        let (result, _) = run_script("echo '{\"reason\":\"build-finished\",\"success\":true}'");
        assert!(matches!(result, Err(BuildError::NoArtifact)), "{result:?}");
        let (result, _) = run_script("exit 3");
        assert!(result.unwrap_err().to_string().contains("exit status: 3"));
    }

    #[test]
    fn cargos_own_lines_are_known_by_their_column() {
        for line in [
            "   Compiling x v1",
            "    Blocking waiting for file lock",
            "    Finished `r`",
        ] {
            assert!(is_status(line), "{line}");
        }
        for line in [
            "warning: x",
            "   --> src/main.rs:1:1",
            "    | Some text",
            "Compiling x",
            "",
        ] {
            assert!(!is_status(line), "{line}");
        }
    }
}
