//! A report read back from its folder.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::model::{Report, ReportV1, SCHEMA, VERSION};

/// Name of the file that marks a folder as a report.
pub(super) const REPORT_JSON: &str = "report.json";

/// Why a report cannot be read. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such file or folder.
    #[error(
        "there is no report at `{}`: give a folder that `cargo hil run --report` wrote, or its \
         report.json",
        .0.display()
    )]
    Missing(PathBuf),
    /// A folder without `report.json`.
    #[error(
        "`{}` holds no report.json: give a folder that `cargo hil run --report` wrote",
        .0.display()
    )]
    NoReport(PathBuf),
    /// It cannot be read.
    #[error("cannot read the report `{}`: {source}; check its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No JSON, or none of this version.
    #[error(
        "the report `{}` is damaged: {source}; fetch or write it again",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: serde_json::Error,
    },
    /// JSON of something else.
    #[error(
        "`{}` is no report of hil: `schema` is {found}, expected \"{SCHEMA}\"; \
         name the report.json of a run",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What stands in the field `schema`, as JSON.
        found: String,
    },
    /// A later program wrote it.
    #[error(
        "the report `{}`: `version` is {found}, this program knows 1 to {VERSION}: use the hil that \
         wrote it, or a newer one",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// What stands in the field `version`, as JSON; `missing` where it is not there.
        found: String,
    },
    /// A run of nothing says nothing.
    #[error(
        "the report `{}` holds no scenario: nothing can be compared with it; name the report of a \
         run that executed some",
        .0.display()
    )]
    Empty(PathBuf),
}

/// A report and the folder that its artefacts are in.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What `report.json` holds.
    pub report: Report,
    /// Its folder.
    pub folder: PathBuf,
}

impl Loaded {
    /// The text of an artefact, by its path in the report.
    ///
    /// # Errors
    /// When it cannot be read, as for a report.json that was kept without its artefacts, or when
    /// the path leads out of the folder. What is not UTF-8 is replaced, not refused.
    pub fn artefact(&self, path: &str) -> io::Result<String> {
        let inside = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            let reason = format!("`{path}` leads out of the report folder");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let bytes = fs::read(self.folder.join(path))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Reads a report: `path` is its folder, or its `report.json` under any name.
///
/// Reports of earlier versions are turned into those of this one.
///
/// # Errors
/// See [`LoadError`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let (file, folder) = if path.is_dir() {
        (path.join(REPORT_JSON), path.to_owned())
    } else {
        let folder = path.parent().unwrap_or_else(|| Path::new("."));
        (path.to_owned(), folder.to_owned())
    };
    let text = fs::read_to_string(&file).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound if path.is_dir() => LoadError::NoReport(path.to_owned()),
        io::ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
        _ => LoadError::Io {
            path: file.clone(),
            source,
        },
    })?;
    let report = parse(&text, &file)?;
    if report.scenarios.is_empty() {
        return Err(LoadError::Empty(file));
    }
    Ok(Loaded { report, folder })
}

/// Reads the text of a `report.json`; `path` is for messages.
fn parse(text: &str, path: &Path) -> Result<Report, LoadError> {
    /// What all versions share.
    #[derive(Deserialize)]
    struct Header {
        #[serde(default)]
        schema: serde_json::Value,
        #[serde(default)]
        version: serde_json::Value,
    }
    let header: Header = match from_json(text, path) {
        Ok(header) => header,
        // JSON, but not even an object.
        Err(LoadError::Damaged { source, .. }) if source.is_data() => {
            return Err(LoadError::Foreign {
                path: path.to_owned(),
                found: "missing".to_owned(),
            });
        }
        Err(error) => return Err(error),
    };
    if header.schema != SCHEMA {
        return Err(LoadError::Foreign {
            path: path.to_owned(),
            found: as_found(&header.schema),
        });
    }
    match header.version.as_u64() {
        Some(1) => Ok(from_json::<ReportV1>(text, path)?.into()),
        Some(version) if version == u64::from(VERSION) => from_json(text, path),
        _ => Err(LoadError::Version {
            path: path.to_owned(),
            found: as_found(&header.version),
        }),
    }
}

fn as_found(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "missing".to_owned(),
        other => other.to_string(),
    }
}

fn from_json<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, LoadError> {
    serde_json::from_str(text).map_err(|source| LoadError::Damaged {
        path: path.to_owned(),
        source,
    })
}
