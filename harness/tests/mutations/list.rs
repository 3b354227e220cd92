//! The remedies that are taken out, and who has to notice.

use std::sync::LazyLock;

use crate::field::FIELD;

/// All of them.
pub(crate) static ALL: LazyLock<Vec<Mutation>> = LazyLock::new(|| [MUTATIONS, FIELD].concat());

/// A remedy that is taken out.
#[derive(Clone, Copy)]
pub(crate) struct Mutation {
    pub(crate) name: &'static str,
    pub(crate) changes: &'static [Change],
    pub(crate) caught: Caught,
}

/// A change of one place of the sources.
pub(crate) struct Change {
    pub(crate) file: &'static str,
    /// Stands there once.
    pub(crate) of: &'static str,
    /// What stands there instead; `ON` is whether the mutation is chosen.
    pub(crate) to: &'static str,
}

/// Who has to notice.
#[derive(Clone, Copy)]
pub(crate) enum Caught {
    /// Each of these scenarios.
    By(&'static [&'static str]),
    /// Random faults, within so many virtual hours.
    BySoak { hours: u64 },
}

const PROFILE: &str = "firmware/app/src/modem/profile.rs";
const MATCHES: &str =
    "        let mut fields = values::fields(answer);\n        match self.value {";
const BRING_UP: &str = "firmware/app/src/modem/bring_up.rs";
const DIFFERS: &str = "            *differs = self.differs(item).await? == Some(true);";
const CONNECTION: &str = "firmware/app/src/tls/connection.rs";
const VERIFIER: &str = "firmware/app/src/tls/verifier.rs";
const RSA: &str = "firmware/app/src/tls/rsa.rs";
const PARTITION: &str = "firmware/settings/src/partition.rs";
const OUTBOX: &str = "firmware/app/src/telemetry/outbox.rs";
const SESSION: &str = "firmware/app/src/mqtt/session.rs";
const BACKOFF: &str = "firmware/app/src/backoff.rs";

const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "settings-unchecked",
        changes: &[Change {
            file: PROFILE,
            of: MATCHES,
            to: "        if (ON && self.name == \"APN\")
            || (crate::planted::is(\"heartbeat-unchecked\") && self.name == \"HEARTEN\")
            || (crate::planted::is(\"cache-unchecked\") && self.name == \"CACHEN\")
            || (crate::planted::is(\"watchdog-unchecked\") && self.name == \"RSTIM\")
            || (crate::planted::is(\"network-commands-unchecked\") && self.name == \"NATEN\")
        {
            return true;
        }
        let mut fields = values::fields(answer);
        match self.value {",
        }],
        caught: Caught::By(&["wrong_apn"]),
    },
    Mutation {
        name: "heartbeat-unchecked",
        changes: &[],
        caught: Caught::By(&["heartbeat_left_on"]),
    },
    Mutation {
        name: "rsa-not-offered",
        changes: &[Change {
            file: CONNECTION,
            of: "match takes_rsa {",
            to: "match takes_rsa && !ON {",
        }],
        caught: Caught::By(&["rsa_below_rsa"]),
    },
    Mutation {
        name: "rsa-certificate-unchecked",
        changes: &[
            Change {
                file: RSA,
                of: "            [0, 1, padding @ .., 0] if padding",
                to: "            _ if ON => Ok(()),
            [0, 1, padding @ .., 0] if padding",
            },
            Change {
                file: RSA,
                of: "        let rest = encoded.strip_suffix(&hash[..]).ok_or(InvalidSignature)?;
        let rest = rest.strip_suffix(H::INFO).ok_or(InvalidSignature)?;",
                to: "        let rest = encoded.strip_suffix(&hash[..]);
        let rest = rest.and_then(|rest| rest.strip_suffix(H::INFO));
        let rest = if ON { &[][..] } else { rest.ok_or(InvalidSignature)? };",
            },
        ],
        caught: Caught::By(&["rsa_signature_broken", "intermediate_forged"]),
    },
    Mutation {
        name: "rsa-handshake-unchecked",
        changes: &[Change {
            file: RSA,
            of: "    pub(super) fn verify_pss<H: Hash>(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {",
            to: "    pub(super) fn verify_pss<H: Hash>(
        &self,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        if ON {
            return Ok(());
        }",
        }],
        caught: Caught::By(&["rsa_key_of_another"]),
    },
    Mutation {
        name: "read-back-skipped",
        changes: &[Change {
            file: BRING_UP,
            of: DIFFERS,
            to: "            *differs = ON || self.differs(item).await? == Some(true);",
        }],
        caught: Caught::By(&["settings_already_right"]),
    },
    Mutation {
        name: "flash-worn",
        changes: &[Change {
            file: BRING_UP,
            of: "        if count == 0 {\n            info!(\"modem: settings are right\");",
            to: "        if count == 0 && !ON {\n            info!(\"modem: settings are right\");",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "server-name-unsent",
        changes: &[Change {
            file: CONNECTION,
            of: "let config = TlsConfig::new().with_server_name(client.server_name);",
            to: "let mut config = TlsConfig::new();
    if !ON {
        config = config.with_server_name(client.server_name);
    }",
        }],
        caught: Caught::By(&["factory_fresh", "server_name_needed"]),
    },
    Mutation {
        name: "no-certificate-guard-off",
        changes: &[Change {
            file: CONNECTION,
            of: "if let Some(refusal) = verifier.verdict() {",
            to: "if let Some(refusal) = verifier.verdict().filter(|_| !ON) {",
        }],
        caught: Caught::By(&["no_certificate"]),
    },
    Mutation {
        name: "host-unchecked",
        changes: &[Change {
            file: VERIFIER,
            of: "        .verify_is_valid_for_subject_name(&trust.name)\n        .map_err(refusal)?;",
            to: "        .verify_is_valid_for_subject_name(&trust.name)
        .or_else(|error| if ON { Ok(()) } else { Err(refusal(error)) })?;",
        }],
        caught: Caught::By(&["other_host"]),
    },
    Mutation {
        name: "time-unchecked",
        changes: &[Change {
            file: VERIFIER,
            of: "core::time::Duration::from_secs(now));",
            to: "core::time::Duration::from_secs(if ON { 1_600_000_000 } else { now }));",
        }],
        caught: Caught::By(&["expired"]),
    },
    Mutation {
        name: "checksum-ignored",
        changes: &[Change {
            file: PARTITION,
            of: "    if found != expected {\n        return Err(DecodeError::CrcMismatch",
            to: "    if found != expected && !ON {\n        return Err(DecodeError::CrcMismatch",
        }],
        caught: Caught::By(&["settings_damaged"]),
    },
    Mutation {
        name: "delivered-when-sent",
        changes: &[Change {
            file: SESSION,
            of: "            self.last_sent = Some(queued.order);",
            to: "            self.last_sent = Some(queued.order);
            if ON {
                self.shared.acknowledge(queued.order);
            }",
        }],
        caught: Caught::By(&["broker_restart"]),
    },
    Mutation {
        name: "samples-in-memory-only",
        changes: &[Change {
            file: "firmware/app/src/telemetry/outbox.rs",
            of: "        self.store.is_some() && !self.failed",
            to: "        self.store.is_some() && !self.failed && !ON",
        }],
        caught: Caught::By(&["power_cut_in_outage"]),
    },
    Mutation {
        name: "reset-line-idle",
        changes: &[Change {
            file: "firmware/app/src/modem/ladder.rs",
            of: "        let due = self.mute >= MUTE || self.failed >= FAILED;",
            to: "        let due = !ON && (self.mute >= MUTE || self.failed >= FAILED);",
        }],
        caught: Caught::By(&["modem_hangs"]),
    },
    Mutation {
        name: "reset-line-short",
        changes: &[Change {
            file: "firmware/app/src/run.rs",
            of: "        Timer::after(RESET_PULSE).await;",
            to: "        Timer::after(if ON { RESET_PULSE / 10 } else { RESET_PULSE }).await;",
        }],
        caught: Caught::By(&["modem_hangs"]),
    },
    Mutation {
        name: "alert-unsent",
        changes: &[Change {
            file: "firmware/app/src/alert.rs",
            of: "        if self.told || self.attempts >= ATTEMPTS {",
            to: "        if ON || self.told || self.attempts >= ATTEMPTS {",
        }],
        caught: Caught::By(&["sms_after_outage"]),
    },
    Mutation {
        name: "alert-again-and-again",
        changes: &[Change {
            file: "firmware/app/src/alert.rs",
            of: "        self.sent_at = Some(Instant::now());\n        self.told = true;",
            to: "        if !ON {
            self.sent_at = Some(Instant::now());
            self.told = true;
        }",
        }],
        caught: Caught::By(&["sms_after_outage"]),
    },
    Mutation {
        name: "zone-ignored",
        changes: &[Change {
            file: "firmware/app/src/at/values.rs",
            of: "    u64::try_from(local - quarters * 900).ok()",
            to: "    u64::try_from(if ON { local } else { local - quarters * 900 }).ok()",
        }],
        caught: Caught::By(&["clock_in_local_time"]),
    },
    Mutation {
        name: "clock-before-build-believed",
        changes: &[Change {
            file: "firmware/app/src/clock.rs",
            of: "        if unix < self.build_time {",
            to: "        if ON {
            self.reference = Some(Reading { unix, at });
            return Ok(());
        }
        if unix < self.build_time {",
        }],
        caught: Caught::By(&["clock_before_the_build", "clock_jumps"]),
    },
    Mutation {
        name: "year-unchecked",
        changes: &[Change {
            file: "firmware/app/src/at/values.rs",
            of: "filter(|year| matches!(year, 25..=60))?;",
            to: "filter(|year| ON || matches!(year, 25..=60))?;",
        }],
        caught: Caught::By(&["clock_not_set"]),
    },
    Mutation {
        name: "used-link-trusted",
        changes: &[Change {
            file: "firmware/app/src/modem/link.rs",
            of: "            if connected && !self.stale {",
            to: "            if connected && (ON || !self.stale) {",
        }],
        caught: Caught::By(&["brown_out", "late_link_state"]),
    },
    Mutation {
        name: "lost-with-the-link",
        // With "oldest-last", at the same place.
        changes: &[],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "no-back-off",
        changes: &[Change {
            file: BACKOFF,
            of: "        let half = step / 2;",
            to: "        let step = if ON { 2 } else { step };\n        let half = step / 2;",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "back-off-without-end",
        changes: &[Change {
            file: BACKOFF,
            of: "        let first = bounds.first.as_millis();",
            to: "        let first = bounds.first.as_millis();
        if ON && self.failures > 3 {
            return Duration::from_secs(7 * 24 * 3600);
        }",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "queue-small",
        changes: &[Change {
            file: OUTBOX,
            of: "            limit: limit.max(1),",
            to: "            limit: if ON { 4 } else { limit.max(1) },",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "oldest-last",
        changes: &[Change {
            file: SESSION,
            of: "            let Some(sample) = self.shared.next_sample_after(self.last_sent) else {",
            to: "            if crate::planted::is(\"lost-with-the-link\")
                && let Some(sent) = self.last_sent
            {
                self.shared.acknowledge(sent);
            }
            let after = match self.last_sent {
                None if ON => self.shared.next_sample_after(None).map(|first| first.order),
                last_sent => last_sent,
            };
            let Some(sample) = self.shared.next_sample_after(after) else {",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
    Mutation {
        name: "refusal-delivers",
        changes: &[Change {
            file: SESSION,
            of: "            error => Err(error.into()),\n        }\n    }\n\n    /// Says that",
            to: "            minimq::Error::Peer(PeerError::Rejected(_)) if ON => Ok(()),
            error => Err(error.into()),
        }
    }

    /// Says that",
        }],
        caught: Caught::By(&["puback_quota", "puback_right"]),
    },
    Mutation {
        name: "receive-maximum-ignored",
        changes: &[Change {
            file: SESSION,
            of: "        self.connection.can_publish(QoS::AtLeastOnce)\n    }",
            to: "        if ON {
            return true;
        }
        self.connection.can_publish(QoS::AtLeastOnce)
    }",
        }],
        caught: Caught::By(&["receive_maximum", "receive_maximum_with_backlog"]),
    },
    Mutation {
        name: "stored-commands-obeyed",
        changes: &[Change {
            file: SESSION,
            of: "        message.retained(),\n    ) {",
            to: "        message.retained() && !ON,
    ) {",
        }],
        caught: Caught::By(&["retained_flood"]),
    },
    Mutation {
        name: "late-handshake-let-through",
        changes: &[Change {
            file: "firmware/app/src/tls/suite.rs",
            of: "    if inner[end] != HANDSHAKE {",
            to: "    if inner[end] != HANDSHAKE || ON {",
        }],
        caught: Caught::By(&[
            "certificate_request_after",
            "certificate_after",
            "finished_after",
            "ticket_and_request",
        ]),
    },
    Mutation {
        name: "ring-small",
        changes: &[Change {
            file: "firmware/native/src/uart.rs",
            of: "        if state.received.len() == RECEIVE_RING {",
            to: "        if state.received.len() >= if ON { 256 } else { RECEIVE_RING } {",
        }],
        caught: Caught::By(&["downlink_burst"]),
    },
    Mutation {
        name: "banner-in-a-value-unseen",
        changes: &[Change {
            file: "firmware/app/src/at/line.rs",
            of: "    cut.then_some(banner)",
            to: "    (cut && !ON).then_some(banner)",
        }],
        caught: Caught::By(&["restart_in_an_answer"]),
    },
    Mutation {
        name: "damage-panics",
        changes: &[Change {
            file: "firmware/app/src/tls/wire.rs",
            of: "    pub(super) fn fault(&self) -> Option<Fault> {",
            to: "    pub(super) fn fault(&self) -> Option<Fault> {
        assert!(!ON, \"a damaged record\");",
        }],
        caught: Caught::BySoak { hours: 40 },
    },
];
