//! Remedies against the failures of the field, MODEM.md 5.3.

use crate::list::{Caught, Change, Mutation};

const HANDSHAKE: &str = "firmware/app/src/modem/handshake.rs";
const BRING_UP: &str = "firmware/app/src/modem/bring_up.rs";
const DRIVER: &str = "firmware/app/src/modem/driver.rs";
const CODEC: &str = "firmware/app/src/at/codec.rs";
const LINE: &str = "firmware/app/src/at/line.rs";
const VALUES: &str = "firmware/app/src/at/values.rs";

const fn by(
    name: &'static str,
    changes: &'static [Change],
    scenarios: &'static [&'static str],
) -> Mutation {
    Mutation {
        name,
        changes,
        caught: Caught::By(scenarios),
    }
}

pub(crate) const FIELD: &[Mutation] = &[
    by(
        "coverage-awaited-for-ever",
        &[Change {
            file: "firmware/app/src/modem/service.rs",
            of: "            if Instant::now() >= deadline {\n                break;",
            to: "            if Instant::now() >= deadline && !ON {\n                break;",
        }],
        &["no_coverage"],
    ),
    by(
        "noise-taken-for-silence",
        &[Change {
            file: HANDSHAKE,
            of: "        Err(if self.heard {",
            to: "        Err(if self.heard && !ON {",
        }],
        &["ground_off", "wrong_baud"],
    ),
    by(
        "question-not-repeated",
        &[Change {
            file: DRIVER,
            of: "            if !lost || !again {",
            to: "            if ON || !lost || !again {",
        }],
        &["lost_line_end"],
    ),
    by(
        "error-58-no-answer",
        &[Change {
            file: HANDSHAKE,
            of: "            Event::Attention => Some(Answer::Attention),",
            to: "            Event::Attention => Some(Answer::Attention),
            Event::Error(_) if ON => None,",
        }],
        &["already_in_command_mode", "buffered_in_command_mode"],
    ),
    by(
        "no-probe-after-a-start",
        &[Change {
            file: HANDSHAKE,
            of: "(late || self.started_at.is_none())",
            to: "((late && !ON) || self.started_at.is_none())",
        }],
        &["buffered_in_command_mode"],
    ),
    by(
        "late-attention-answered",
        &[Change {
            file: HANDSHAKE,
            of: "        match self.answer(HANDSHAKE).await? {",
            to: "        match self.answer(if ON { HANDSHAKE * 2 } else { HANDSHAKE }).await? {",
        }],
        &["late_attention"],
    ),
    by(
        "guard-off",
        &[Change {
            file: HANDSHAKE,
            of: "        self.wait_for(Instant::now() + GUARD, |_| None::<()>)
            .await?;
        // After",
            to: "        if !ON {
            self.wait_for(Instant::now() + GUARD, |_| None::<()>)
                .await?;
        }
        // After",
        }],
        &["guard_before_escape"],
    ),
    by(
        "pause-ends-a-reply",
        &[Change {
            file: CODEC,
            of: "        if self.line.is_empty() || self.overlong == Overlong::Structured {",
            to: "        if ON {
            return self.end_line(sink);
        }
        if self.line.is_empty() || self.overlong == Overlong::Structured {",
        }],
        &["replies_byte_by_byte"],
    ),
    by(
        "space-expected",
        &[Change {
            file: LINE,
            of: "        fields: fields.trim_start(),",
            to: "        fields: if ON && name == \"CSQ\" {
            fields.get(1..).unwrap_or_default()
        } else {
            fields.trim_start()
        },",
        }],
        &["no_space_after_the_colon"],
    ),
    by(
        "quotes-kept",
        &[Change {
            file: VALUES,
            of: "        Some(unquote(field.trim()))",
            to: "        Some(if ON { field.trim() } else { unquote(field.trim()) })",
        }],
        &["texts_in_quotes"],
    ),
    by(
        "letter-case-matters",
        &[Change {
            file: VALUES,
            of: "    let state = fields(text).next()?;",
            to: "    let state = fields(text).next()?;
    if ON && !state.starts_with(|first: char| first.is_ascii_uppercase()) {
        return None;
    }",
        }],
        &["link_state_in_lower_case"],
    ),
    by(
        "short-link-words-unknown",
        &[Change {
            file: VALUES,
            of: "    let state = fields(text).next()?;",
            to: "    let state = fields(text).next()?;
    if ON && state.len() <= 3 {
        return None;
    }",
        }],
        &["link_state_as_on"],
    ),
    by(
        "sysinfo-by-the-old-manual",
        &[Change {
            file: VALUES,
            of: "            service: code != 0,",
            to: "            service: if ON { code == 4 } else { code != 0 },",
        }],
        &["sysinfo_2_lte", "sysinfo_2_gsm"],
    ),
    by(
        "sysinfo-by-the-new-manual",
        &[Change {
            file: VALUES,
            of: "        Some(Self {\n            service: if",
            to: "        if ON && code == 4 {
            return None;
        }
        Some(Self {\n            service: if",
        }],
        &["sysinfo_4_lte"],
    ),
    by(
        "every-command-essential",
        &[Change {
            file: BRING_UP,
            of: "                if item.need == Need::Essential {",
            to: "                if ON || item.need == Need::Essential {",
        }],
        &["unknown_command"],
    ),
    by(
        "no-command-essential",
        &[Change {
            file: BRING_UP,
            of: "|| item.need == Need::Essential {",
            to: "|| (item.need == Need::Essential && !ON) {",
        }],
        &["firmware_too_old"],
    ),
    by(
        "error-codes-untold",
        &[Change {
            file: "firmware/app/src/at/error.rs",
            of: "            Ok(3) => Self::MissingParameter,",
            to: "            Ok(3 | 50 | 53 | 73) if ON => Self::Plain,
            Ok(3) => Self::MissingParameter,",
        }],
        &["error_3", "error_50", "error_53", "error_73"],
    ),
    by(
        "link-awaited-for-ever",
        &[Change {
            file: "firmware/app/src/modem/link.rs",
            of: "            if waited >= LINK {",
            to: "            if waited >= LINK && !ON {",
        }],
        &["refused"],
    ),
    by(
        "hello-delayed",
        &[Change {
            file: "firmware/app/src/run.rs",
            of: "        info!(\"tls: handshake\");",
            to: "        if ON {
            Timer::after(Duration::from_secs(6)).await;
        }
        info!(\"tls: handshake\");",
        }],
        &["impatient_server"],
    ),
    by("cache-unchecked", &[], &["stale_cache"]),
    by("watchdog-unchecked", &[], &["silent_hour"]),
    by(
        "network-commands-unchecked",
        &[],
        &["commands_from_the_peer"],
    ),
    by(
        "no-setting-may-be-refused",
        &[Change {
            file: BRING_UP,
            of: "if item.need == Need::Tuning => {",
            to: "if item.need == Need::Tuning && !ON => {",
        }],
        &["uplink_in_small_packets", "error_50"],
    ),
    by(
        "flood-ends-the-session",
        &[Change {
            file: "firmware/app/src/mqtt/session.rs",
            of: "                Either3::First(Ok(Some(message))) => {",
            to: "                Either3::First(Ok(Some(_))) if ON => return Ok(Ended::Reboot),
                Either3::First(Ok(Some(message))) => {",
        }],
        &["downlink_burst"],
    ),
    by(
        "name-in-the-stream-unseen",
        &[Change {
            file: "firmware/app/src/modem/transport.rs",
            of: "                if *matched == banner.len() {",
            to: "                if *matched == banner.len() && !ON {",
        }],
        &["banner_in_the_handshake", "banner_in_the_stream"],
    ),
    by(
        "name-of-the-sibling-unseen",
        &[Change {
            file: "firmware/app/src/modem/transport.rs",
            // As the change before leaves it.
            of: "                if *matched == banner.len() && ",
            to: "                if *matched == banner.len()
                    && !(ON && banner.starts_with(b\"USR\"))
                    && ",
        }],
        &["dr154_restarts"],
    ),
    by(
        "restart-in-command-mode-unseen",
        &[Change {
            file: DRIVER,
            of: "                _ => restarted(event).map(|()| Err(ModemError::Restarted)),",
            to: "                _ if ON => None,
                _ => restarted(event).map(|()| Err(ModemError::Restarted)),",
        }],
        &["restart_in_command_mode"],
    ),
    by(
        "restart-awaited-too-short",
        &[Change {
            file: HANDSHAKE,
            of: "Instant::now() + RESTART, restarted)",
            to: "Instant::now() + RESTART / (if ON { 4 } else { 1 }), restarted)",
        }],
        &["slow_restart"],
    ),
    by(
        "banner-not-asked-for",
        &[Change {
            file: HANDSHAKE,
            of: "        self.codec.set_banner(&banner.unwrap_or_default());",
            to: "        self.codec.set_banner(&banner.filter(|_| !ON).unwrap_or_default());",
        }],
        &["restart_under_another_name"],
    ),
    by(
        "acknowledgement-awaited-for-ever",
        &[Change {
            file: "firmware/app/src/mqtt/session.rs",
            of: "        let deadline = oldest + PUBACK_TIMEOUT;",
            to: "        let deadline = oldest + PUBACK_TIMEOUT * (if ON { 100 } else { 1 });",
        }],
        &["half_open"],
    ),
];
