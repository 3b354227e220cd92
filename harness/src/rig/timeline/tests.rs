use std::time::Duration;

use modem_sim::{LinkEnd, ModemNote, RestartCause, SocketId};

use super::event::{Event, Lane, Level, Side, Timeline};
use super::{collect::Collector, faults, log, modem, uart};
use crate::rig::LogRecord;
use crate::rig::transcript::{From, Redactions, Transcript};

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn collected(fill: impl FnOnce(&mut Collector<'_>)) -> Timeline {
    let redactions = Redactions::new(["tiger".to_owned()]);
    let mut events = Collector::new(&redactions, millis(100_000));
    fill(&mut events);
    events.finish()
}

/// `at 8000..8001 AT+E?`, with the level if it is not usual.
fn line(event: &Event) -> String {
    let lane = format!("{:?}", event.lane).to_lowercase();
    let start = event.start_ns / 1_000_000;
    let end = event
        .end_ns
        .map_or(String::new(), |end| format!("..{}", end / 1_000_000));
    let level = match event.level {
        Level::Info => String::new(),
        level => format!(" ({})", format!("{level:?}").to_lowercase()),
    };
    format!("{lane} {start}{end} {}{level}", event.title)
}

fn lines(timeline: &Timeline) -> String {
    timeline
        .events
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn uart_lines_carry_their_bytes() {
    let redactions = Redactions::default();
    let mut transcript = Transcript::new(Duration::from_nanos(86_805), redactions);
    transcript.remark(millis(0), "modem: restart: power-up");
    transcript.bytes(millis(8_000), From::Device, b"a");
    transcript.bytes(millis(8_050), From::Modem, b"+ok\r\n");
    transcript.bytes(millis(8_200), From::Device, b"AT+APN=x,tiger\r\n");
    transcript.bytes(millis(8_220), From::Modem, b"\r\n+CME ERROR:58\r\n");
    transcript.remark(millis(8_500), "power: cut and back");
    transcript.bytes(millis(9_000), From::Device, b"AT+ENTM\r\n");
    transcript.bytes(millis(9_020), From::Modem, b"\r\nOK\r\n");
    let mut record = vec![23, 3, 3, 0, 100];
    record.resize(105, 7);
    transcript.bytes(millis(9_100), From::Device, &record);
    let timeline = collected(|events| {
        uart::collect(events, &transcript.lines(), transcript.byte_time());
    });
    insta::assert_snapshot!(lines(&timeline), @r"
    at 8000..8000 a
    at 8050..8050 +ok
    at 8200..8201 AT+APN=x,<redacted>
    at 8220..8221 +CME ERROR:58 (warn)
    fault 8500 power: cut and back
    at 9000..9000 AT+ENTM
    at 9020..9020 OK
    tls 9100..9109 TLS application data, 105 bytes
    ");
    let bytes = |index: usize| timeline.events[index].bytes.clone().unwrap();
    assert_eq!(bytes(1).hex, "2b6f6b0d0a");
    assert_eq!(timeline.events[1].from, Some(Side::Modem));
    let secret = b"AT+APN=x,<redacted>\r\n";
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(bytes(2).hex, hex);
    assert_eq!((bytes(7).hex.len(), bytes(7).left_out), (128, 41));
}

#[test]
fn the_modem_s_notes_become_states() {
    let socket = SocketId::A;
    let cause = RestartCause::Save;
    let notes = [
        (7_000, ModemNote::Started),
        (12_000, ModemNote::Registered),
        (13_000, ModemNote::ServiceUp),
        (13_100, ModemNote::Connecting { socket, attempt: 1 }),
        (13_300, ModemNote::Connected { socket }),
        (
            20_000,
            ModemNote::Disconnected {
                socket,
                end: LinkEnd::Reset,
            },
        ),
        (30_000, ModemNote::Restarting { cause }),
    ];
    let notes: Vec<_> = notes.map(|(at, note)| (millis(at), note)).into();
    let timeline = collected(|events| modem::collect(events, &notes));
    insta::assert_snapshot!(lines(&timeline), @r"
    modem 0..100000 starting
    modem 7000 started
    modem 12000..30000 registered
    modem 12000 registered
    modem 13000..30000 data service
    modem 13000 data service up
    modem 13100..13300 socket A connects, attempt 1
    modem 13300..20000 socket A connected
    modem 13300 socket A connected
    modem 20000 socket A down: reset (warn)
    modem 30000 restart: AT+S
    ");
}

#[test]
fn faults_last_as_long_as_their_windows() {
    let faults = ["net:stall@20s..40s", "net:reset@50s", "uart:loss=1%"];
    let faults: Vec<_> = faults
        .into_iter()
        .map(|text| (millis(1_000), text.parse().unwrap()))
        .collect();
    let timeline = collected(|events| faults::collect(events, &faults));
    insta::assert_snapshot!(lines(&timeline), @r"
    fault 1000..100000 uart:loss=1% (warn)
    fault 20000..40000 net:stall (warn)
    fault 50000 net:reset (warn)
    ");
}

#[test]
fn a_log_record_s_first_line_is_its_title() {
    let record = LogRecord {
        at: millis(5),
        level: "ERROR".to_owned(),
        module: Some("firmware_app::tls".to_owned()),
        text: "tls: bad\nsecret tiger".to_owned(),
        place: Some(("tls.rs".to_owned(), 7)),
        lost: 0,
        awake_cycles: None,
    };
    let timeline = collected(|events| log::collect(events, &[record]));
    assert_eq!(lines(&timeline), "log 5 tls: bad (error)");
    let details = timeline.events[0].details.as_deref();
    assert_eq!(
        details,
        Some("tls: bad\nsecret <redacted>\nfirmware_app::tls, tls.rs:7")
    );
    assert_eq!(timeline.events[0].lane, Lane::Log);
}
