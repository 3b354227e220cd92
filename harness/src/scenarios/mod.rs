//! The registry: every scenario there is.

mod adversaries;
mod bring_up;
mod broker;
mod brokers;
mod dialect;
mod line;
mod link;
mod modes;
mod public_ca;
mod radio;
mod receive;
mod seed;
mod settings;
mod sibling;
mod survival;
mod time;
mod tls;

use std::sync::LazyLock;

use anyhow::{Context, Result};
use modem_sim::Initial;

use crate::rig::{BROKER_HOST, Rig};
use crate::scenario::Scenario;

/// Every scenario, in the order in which lists show them.
pub fn all() -> &'static [Scenario] {
    const ALL: &[Scenario] = &[
        bring_up::FACTORY_FRESH,
        bring_up::HEARTBEAT_LEFT_ON,
        bring_up::SIM_PIN,
        radio::NO_COVERAGE,
        bring_up::WRONG_APN,
        bring_up::WRONG_APN_IN_SETTINGS,
        line::GROUND_OFF,
        line::WRONG_BAUD,
        line::LOST_LINE_END,
        modes::ALREADY_IN_COMMAND_MODE,
        modes::BUFFERED_IN_COMMAND_MODE,
        modes::LATE_ATTENTION,
        modes::GUARD_BEFORE_ESCAPE,
        bring_up::ECHO_ON,
        bring_up::ECHO_OFF,
        seed::ECHO_OF_THE_PASSWORD,
        line::REPLIES_BYTE_BY_BYTE,
        dialect::NO_SPACE_AFTER_THE_COLON,
        dialect::TEXTS_IN_QUOTES,
        dialect::LINK_STATE_IN_LOWER_CASE,
        dialect::LINK_STATE_AS_ON,
        dialect::SYSINFO_2_LTE,
        dialect::SYSINFO_4_LTE,
        dialect::SYSINFO_2_GSM,
        dialect::UNKNOWN_COMMAND,
        dialect::FIRMWARE_TOO_OLD,
        dialect::ERROR_53,
        dialect::ERROR_3,
        dialect::ERROR_50,
        dialect::ERROR_73,
        link::REFUSED,
        link::IMPATIENT_SERVER,
        link::STALE_CACHE,
        link::DOWNLINK_BURST,
        link::UPLINK_IN_SMALL_PACKETS,
        link::BANNER_IN_THE_STREAM,
        link::BANNER_IN_THE_HANDSHAKE,
        link::SILENT_HOUR,
        link::COMMANDS_FROM_THE_PEER,
        link::SERVER_NAME_NEEDED,
        modes::RESTART_IN_COMMAND_MODE,
        modes::RESTART_IN_AN_ANSWER,
        modes::SLOW_RESTART,
        modes::RESTART_UNDER_ANOTHER_NAME,
        link::HALF_OPEN,
        link::LATE_LINK_STATE,
        bring_up::SETTINGS_ALREADY_RIGHT,
        settings::SETTINGS_MISSING,
        settings::SETTINGS_DAMAGED,
        broker::BROKER_RESTART,
        broker::WRONG_PASSWORD,
        broker::COMMANDS,
        receive::CERTIFICATE_FLIGHT_115200,
        receive::CERTIFICATE_FLIGHT_460800,
        receive::CERTIFICATE_FLIGHT_921600,
        survival::POWER_CUT_IN_OUTAGE,
        survival::MODEM_HANGS,
        survival::SMS_AFTER_OUTAGE,
        survival::BROWN_OUT,
        time::CLOCK_IN_LOCAL_TIME,
        time::CLOCK_NOT_SET,
        time::CLOCK_BEFORE_THE_BUILD,
        time::CLOCK_JUMPS,
        sibling::DR154_IN_NET_MODE,
        sibling::OLD_DR154_IN_NET_MODE,
        sibling::DR154_RESTARTS,
        tls::OTHER_CA,
        tls::EXPIRED,
        tls::OTHER_HOST,
        tls::NO_CERTIFICATE,
        tls::FORGED_CA,
        public_ca::RSA_BELOW_RSA,
        public_ca::P256_BELOW_P384_BELOW_RSA,
        public_ca::RSA_SIGNATURE_BROKEN,
        public_ca::RSA_KEY_OF_ANOTHER,
        public_ca::INTERMEDIATE_FORGED,
        public_ca::WRONG_PASSWORD_IN_THE_CLOUD,
        seed::FIRST_WORDS,
        seed::ACCESS_POINT_OF_THE_FACTORY,
        seed::MESSAGES_NEED_THE_ACCESS_POINT,
        seed::PLAIN_UNTIL_THE_HEARTBEAT,
        seed::TLS_PORT_IN_PLAIN,
        seed::COMMANDS_OF_ANOTHER_MODEM,
        seed::THE_ENDPOINT_THEY_WANTED,
    ];
    static EVERY: LazyLock<Vec<Scenario>> =
        LazyLock::new(|| [ALL, adversaries::ALL, brokers::ALL].concat());
    &EVERY
}

/// The device's profile of the modem (MODEM.md 7, suggested configuration): what a modem holds
/// that this device has brought up before.
const PROFILE: &[(&str, &str)] = &[
    ("E", "OFF"),
    ("WKMOD", "NET"),
    ("APN", "free,,,0"),
    ("SOCKAEN", "ON"),
    ("SOCKBEN", "OFF"),
    ("SOCKCEN", "OFF"),
    ("SOCKDEN", "OFF"),
    ("SOCKASL", "LONG"),
    ("SDPEN", "OFF"),
    ("HEARTEN", "OFF"),
    ("REGEN", "OFF"),
    ("CACHEN", "OFF"),
    ("NATEN", "OFF"),
    ("UATEN", "OFF"),
    ("RSTIM", "0"),
    ("UARTFT", "10"),
    ("UARTFL", "1024"),
    ("KEEPALIVEA", "1,60,15,3"),
];

/// A modem brought up before, except for `changes`.
pub(crate) fn modem_settings(changes: &[(&str, &str)]) -> Result<Initial> {
    let mut settings = modem_sim::Settings::factory(modem_sim::Profile::WhLte7s1E);
    settings.set("SOCKA", &format!("TCP,{BROKER_HOST},8883"))?;
    for (name, value) in PROFILE.iter().chain(changes) {
        settings.set(name, value)?;
    }
    Ok(Initial::Custom(Box::new(settings)))
}

/// The sequence number of a telemetry payload.
fn sequence(payload: &[u8]) -> Result<u64> {
    let sample: serde_json::Value = serde_json::from_slice(payload)
        .with_context(|| format!("telemetry is not JSON: {}", payload.escape_ascii()))?;
    sample["seq"]
        .as_u64()
        .with_context(|| format!("telemetry has no `seq`: {sample}"))
}

/// The sequence numbers of all telemetry the broker delivered, in order.
fn telemetry_sequence(rig: &Rig) -> Result<Vec<u64>> {
    let messages = rig.messages().iter().map(|delivered| &delivered.message);
    messages
        .filter(|message| message.topic.ends_with("/telemetry"))
        .map(|message| sequence(&message.payload))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: HashSet<_> = all().iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn no_scenario_is_left_out_of_the_registry() {
        let written: usize = [
            include_str!("bring_up.rs"),
            include_str!("broker.rs"),
            include_str!("dialect.rs"),
            include_str!("line.rs"),
            include_str!("link.rs"),
            include_str!("modes.rs"),
            include_str!("public_ca.rs"),
            include_str!("radio.rs"),
            include_str!("receive.rs"),
            include_str!("seed.rs"),
            include_str!("settings.rs"),
            include_str!("sibling.rs"),
            include_str!("survival.rs"),
            include_str!("time.rs"),
            include_str!("tls.rs"),
        ]
        .iter()
        .map(|source| source.matches("\n#[scenario(").count())
        .sum();
        assert_eq!(
            written + adversaries::ALL.len() + brokers::ALL.len(),
            all().len()
        );
    }

    #[test]
    fn the_profile_differs_from_the_factory() {
        let Initial::Custom(settings) = modem_settings(&[]).unwrap() else {
            panic!("factory")
        };
        let factory = modem_sim::Settings::factory(modem_sim::Profile::WhLte7s1E);
        assert!(settings.differences(&factory).contains(&"HEARTEN"));
    }
}
