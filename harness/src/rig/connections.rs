//! Facts of the TLS connections as text.

use std::fmt::Write;

use crate::broker::{AuthOutcome, ConnectionFacts, Direction};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything but ports and addresses, which vary from run to run.
    Full,
    /// Without sizes that depend on what time it is.
    Story,
}

/// A block of lines a connection: what was negotiated, who said what, how it ended.
pub(super) fn render(connections: &[ConnectionFacts], detail: Detail) -> String {
    let mut text = String::new();
    for (number, facts) in (1..).zip(connections) {
        // Writing to a String cannot fail.
        let _ = one(&mut text, number, facts, detail);
    }
    text
}

fn one(
    text: &mut String,
    number: usize,
    facts: &ConnectionFacts,
    detail: Detail,
) -> std::fmt::Result {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
    let tls = &facts.tls;
    writeln!(text, "connection {number}")?;
    writeln!(text, "  sni        {}", or_none(&tls.sni))?;
    writeln!(
        text,
        "  negotiated {}, {}, {}",
        or_none(&tls.version),
        or_none(&tls.suite),
        or_none(&tls.group)
    )?;
    let handshake = if tls.handshake_complete {
        "complete"
    } else {
        "not completed"
    };
    writeln!(text, "  handshake  {handshake}")?;
    for (what, value) in [
        ("error", &tls.error),
        ("we alerted", &tls.alert_sent),
        ("it alerted", &tls.alert_received),
    ] {
        if let Some(value) = value {
            writeln!(text, "  {what:<10} {value}")?;
        }
    }
    if detail == Detail::Full {
        writeln!(
            text,
            "  bytes      {} in, {} out",
            facts.bytes_in, facts.bytes_out
        )?;
        writeln!(
            text,
            "  plaintext  {} bytes from the device",
            tls.application_bytes
        )?;
    } else if tls.application_bytes == 0 {
        writeln!(text, "  plaintext  none from the device")?;
    }
    match &facts.auth {
        AuthOutcome::NotAttempted => writeln!(text, "  login      not attempted")?,
        AuthOutcome::Pending => writeln!(text, "  login      not answered")?,
        AuthOutcome::Accepted => writeln!(text, "  login      accepted")?,
        AuthOutcome::BadLogin { .. } => writeln!(text, "  login      bad user or password")?,
        AuthOutcome::Refused { reason } => {
            writeln!(text, "  login      refused: {}", or_none(reason))?;
        }
    }
    for packet in &facts.packets {
        let arrow = match packet.direction {
            Direction::FromDevice => '>',
            Direction::ToDevice => '<',
        };
        let id = packet
            .packet_id
            .map(|id| format!(" #{id}"))
            .unwrap_or_default();
        let size = match detail {
            Detail::Full => format!(", {} bytes", packet.size),
            Detail::Story => String::new(),
        };
        let topic = packet.topic.as_deref().unwrap_or_default();
        let line = format!("  {arrow} {:?}{id}{size} {topic}", packet.kind);
        writeln!(text, "{}", line.trim_end())?;
    }
    let closed = facts
        .closed_by
        .map_or_else(|| "open".to_owned(), |by| format!("{by:?}"));
    writeln!(text, "  closed by  {closed}")
}
