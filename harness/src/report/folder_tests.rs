use tempfile::tempdir;

use super::*;

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn publish(path: &Path, mark: &str) -> Result<(), ReportError> {
    Folder::prepare(path).unwrap().publish(|staging| {
        fs::write(
            staging.join(REPORT_JSON),
            format!(r#"{{"schema":"hil-report","mark":"{mark}"}}"#),
        )
        .unwrap();
        fs::write(staging.join(mark), "").unwrap();
        Ok(())
    })
}

#[test]
fn makes_the_folder_and_those_above_it() {
    let root = tempdir().unwrap();
    let path = root.path().join("a/b/report");
    publish(&path, "first").unwrap();
    assert_eq!(names(&path), ["first", REPORT_JSON]);
    assert_eq!(names(path.parent().unwrap()), ["report"]);
}

#[test]
fn replaces_an_earlier_report_as_a_whole() {
    let root = tempdir().unwrap();
    let path = root.path().join("report");
    publish(&path, "first").unwrap();
    publish(&path, "second").unwrap();
    assert_eq!(names(&path), [REPORT_JSON, "second"]);
    assert_eq!(names(root.path()), ["report"]);
}

#[test]
fn keeps_the_earlier_report_when_the_new_one_fails() {
    let root = tempdir().unwrap();
    let path = root.path().join("report");
    publish(&path, "first").unwrap();
    let result = Folder::prepare(&path).unwrap().publish(|staging| {
        fs::write(staging.join("half"), "").unwrap();
        Err(ReportError::io("write", staging)(io::Error::other(
            "planted",
        )))
    });
    assert!(result.unwrap_err().to_string().contains("planted"));
    assert_eq!(names(&path), ["first", REPORT_JSON]);
    assert_eq!(names(root.path()), ["report"]);
}

#[test]
fn takes_an_empty_folder_and_follows_a_link() {
    let root = tempdir().unwrap();
    let target = root.path().join("target");
    fs::create_dir(&target).unwrap();
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    publish(&link, "first").unwrap();
    assert_eq!(names(&target), ["first", REPORT_JSON]);
    assert!(link.is_symlink());
}

#[test]
fn refuses_what_is_not_ours() {
    let root = tempdir().unwrap();
    fs::write(root.path().join("thesis.txt"), "years of work").unwrap();
    assert!(matches!(
        Folder::prepare(root.path()),
        Err(FolderError::Foreign(_))
    ));
    fs::write(root.path().join(REPORT_JSON), r#"{"schema":"another"}"#).unwrap();
    assert!(matches!(
        Folder::prepare(root.path()),
        Err(FolderError::Foreign(_))
    ));
    let file = root.path().join("thesis.txt");
    assert!(matches!(
        Folder::prepare(&file),
        Err(FolderError::NotAFolder(_))
    ));
    assert!(matches!(
        Folder::prepare(&file.join("deeper")),
        Err(FolderError::Io { .. })
    ));
    assert_eq!(names(root.path()), [REPORT_JSON, "thesis.txt"]);
}
