//! Chromium without a window, driven through its DevTools protocol over a pipe: one JSON object a
//! message, a zero byte behind each.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for an answer: a browser that says nothing for so long is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names that browsers of the family have.
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "chrome"];

/// A running browser with one page.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// What the page said on the console, and what went wrong in it.
    pub(crate) complaints: Vec<String>,
    // Dropped last: the browser writes into it until it is gone.
    _profile: TempDir,
}

/// The browser to use: what `HIL_CHROMIUM` says, or the first one in the path.
pub(crate) fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("HIL_CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let candidates = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|file| file.is_file())
}

impl Browser {
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let profile = TempDir::new()?;
        // The protocol wants descriptors 3 and 4; the shell makes them of our pipes.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2"]);
        command.arg(program).args([
            "--headless",
            "--remote-debugging-pipe",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
        ]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        if is_root() {
            // Its sandbox refuses to be set up by root.
            command.arg("--no-sandbox");
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let to = child.stdin.take().context("no pipe to the browser")?;
        let from = listen(child.stdout.take().context("no pipe from the browser")?);
        let mut browser = Self {
            child,
            to,
            from,
            session: None,
            sent: 0,
            complaints: Vec::new(),
            _profile: profile,
        };
        browser.open_page()?;
        Ok(browser)
    }

    fn open_page(&mut self) -> Result<()> {
        let target = self.call("Target.createTarget", &json!({ "url": "about:blank" }))?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", &attach)?;
        let session = attached["sessionId"].as_str().context("no session")?;
        self.session = Some(session.to_owned());
        for domain in ["Page", "Runtime", "Log"] {
            self.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(())
    }

    /// Sends a command and waits for its answer.
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.sent += 1;
        let id = self.sent;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes())?;
        self.to.write_all(&[0])?;
        self.to.flush()?;
        let mut answer = self.until(|message| message["id"] == json!(id))?;
        if let Some(error) = answer.get("error") {
            bail!("{method}: {error}");
        }
        Ok(answer["result"].take())
    }

    fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let message = self.from.recv_timeout(PATIENCE);
            let message = message.map_err(|error| anyhow!("the browser says nothing: {error}"))?;
            self.hear(&message);
            if wanted(&message) {
                return Ok(message);
            }
        }
    }

    fn hear(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled") => self.complaints.push(params["args"].to_string()),
            Some("Log.entryAdded") => self.complaints.push(params["entry"].to_string()),
            _ => {}
        }
    }

    /// Sets size and colour scheme of the window, for the next page.
    pub(crate) fn shape(
        &mut self,
        (width, height): (u32, u32),
        phone: bool,
        dark: bool,
    ) -> Result<()> {
        let metrics = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
        });
        self.call("Emulation.setDeviceMetricsOverride", &metrics)?;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({ "features": features }),
        )?;
        Ok(())
    }

    /// Opens `file`, at its part `fragment`, anew.
    pub(crate) fn open(&mut self, file: &Path, fragment: &str) -> Result<()> {
        // From one fragment to another of the same page nothing would load.
        self.go("about:blank")?;
        self.go(&format!("file://{}#{fragment}", file.display()))
    }

    fn go(&mut self, url: &str) -> Result<()> {
        self.call("Page.navigate", &json!({ "url": url }))?;
        self.until(|message| message["method"] == "Page.loadEventFired")?;
        Ok(())
    }

    /// The value of a JavaScript expression, of a promise what it is resolved to.
    pub(crate) fn value(&mut self, expression: &str) -> Result<Value> {
        let params = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let mut answer = self.call("Runtime.evaluate", &params)?;
        if let Some(exception) = answer.get("exceptionDetails") {
            bail!("{expression}: {exception}");
        }
        Ok(answer["result"]["value"].take())
    }

    /// Presses and releases a key that has a name, such as `ArrowRight`, or one letter.
    pub(crate) fn press(&mut self, key: &str) -> Result<()> {
        let mut down = json!({ "type": "keyDown", "key": key });
        if key.chars().count() == 1 {
            down["text"] = json!(key);
        }
        self.call("Input.dispatchKeyEvent", &down)?;
        let up = json!({ "type": "keyUp", "key": key });
        self.call("Input.dispatchKeyEvent", &up)?;
        // The page draws in the next frame.
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")?;
        Ok(())
    }

    /// A picture of the window, PNG.
    pub(crate) fn screenshot(&mut self) -> Result<Vec<u8>> {
        let picture = self.call("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let data = picture["data"].as_str().context("no picture")?;
        Ok(base64::engine::general_purpose::STANDARD.decode(data)?)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        // It closes in order, its children with it; when it does not, it is made to.
        if self.call("Browser.close", &json!({})).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn listen(output: std::process::ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut message = Vec::new();
        while output
            .read_until(0, &mut message)
            .is_ok_and(|count| count > 0)
        {
            message.pop();
            let value = serde_json::from_slice(&message).unwrap_or_default();
            if sender.send(value).is_err() {
                return;
            }
            message.clear();
        }
    });
    receiver
}
