use time::macros::date;

use super::*;

const ENTRY: &str = "[[quarantine]]\nscenario = 'T05::wrong_apn'\nreason = 'the network'\n\
                     owner = 'bench'\nexpires = 2026-12-31\n";

const SCENARIO: Scenario = Scenario {
    id: "T05",
    name: "wrong_apn",
    title: "a title",
    origin: "a test",
    explanation: "text",
    run: |_| Box::pin(async { Ok(()) }),
};

fn parse(text: &str) -> Result<Quarantine, String> {
    Quarantine::parse(text, Path::new("quarantine.toml")).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    let parsed = parse(text).and_then(|quarantine| {
        let checked = quarantine.check_names(&[SCENARIO]);
        checked.map_err(|error| error.to_string())
    });
    parsed.unwrap_err()
}

#[test]
fn an_entry_holds_to_the_end_of_its_last_day() {
    let quarantine = parse(ENTRY).unwrap();
    quarantine.check_names(&[SCENARIO]).unwrap();
    let hold = |today| quarantine.hold(&SCENARIO, "native", today).unwrap();
    assert!(!hold(date!(2026 - 12 - 31)).expired);
    assert!(hold(date!(2027 - 01 - 01)).expired);
    assert_eq!(hold(date!(2026 - 01 - 01)).place, "quarantine.toml:2");
    assert_eq!(hold(date!(2026 - 01 - 01)).entry.issue, None);
}

#[test]
fn an_entry_for_a_board_is_for_that_one() {
    let text = format!("{ENTRY}board = 'desk'\n");
    let quarantine = parse(&text).unwrap();
    let today = date!(2026 - 01 - 01);
    assert!(quarantine.hold(&SCENARIO, "desk", today).is_some());
    assert_eq!(quarantine.hold(&SCENARIO, "native", today), None);
    let both = format!("{text}{}", ENTRY.replace("the network", "all of it"));
    let both = parse(&both).unwrap();
    let reason = |board| both.hold(&SCENARIO, board, today).unwrap().entry.reason;
    assert_eq!(
        (reason("desk"), reason("native")),
        ("the network".into(), "all of it".into())
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let with = |from: &str, to: &str| refused(&ENTRY.replace(from, to));
    let removed = "[[removed]]\nscenario = 'T05::wrong_apn'\nreason = 'x'\nowner = 'y'\n";
    let told = [
        with("owner", "ower"),
        with("T05::wrong_apn", "T05::wrong_anp"),
        with("T05::wrong_apn", "wrong_apn"),
        with("'bench'", "' '"),
        with("expires = 2026-12-31\n", ""),
        with("2026-12-31", "'2026-12-31'"),
        with("2026-12-31", "2026-12-31T10:00:00Z"),
        with("2026-12-31", "2026-02-30"),
        refused(&ENTRY.repeat(2)),
        refused(removed),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_gone_on_purpose_may_be_gone() {
    let text = "[[removed]]\nscenario = 'T31::old'\nreason = 'x'\nowner = 'y'\n";
    let quarantine = parse(text).unwrap();
    quarantine.check_names(&[SCENARIO]).unwrap();
    assert!(quarantine.is_removed("T31::old") && !quarantine.is_removed("T05::wrong_apn"));
}
