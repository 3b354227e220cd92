//! Scenarios as text for people.

use std::fmt::Write as _;

use super::Scenario;

/// The command that writes the catalogue.
pub const COMMAND: &str = "cargo hil run --catalogue > fixtures/SCENARIOS.md";

/// One scenario: title, origin, explanation, for a terminal.
pub fn explain(scenario: &Scenario) -> String {
    let Scenario {
        id,
        name,
        title,
        origin,
        explanation,
        ..
    } = scenario;
    format!("{id} {name}: {title}\nOrigin: {origin}\n\n{explanation}\n")
}

/// All scenarios in Markdown, in the order of their list: `fixtures/SCENARIOS.md`.
pub fn markdown(scenarios: &[Scenario]) -> String {
    let mut text = format!(
        "# Scenarios\n\nWhat can go wrong between a device, an LTE modem and a broker, what the device \
does about it, and how to see it on a bench. Each runs with `cargo hil run NAME`. This file is \
written by `{COMMAND}`.\n"
    );
    for scenario in scenarios {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "\n## {} {}\n\n`{}`, from {}\n\n{}\n",
            scenario.id, scenario.title, scenario.name, scenario.origin, scenario.explanation
        );
    }
    text
}
