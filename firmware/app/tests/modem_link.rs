//! The transparent pipe, and a new connection after a lost session.

mod modem_support;

use embedded_io_async::{Read, Write};
use modem_support::{Script, now, secs, with_modem};

#[test]
fn the_pipe_starts_behind_the_last_reply() {
    let mut script = Script::set_up();
    script.downlink = b"\x16\x03\x03hello";
    let (received, script) = with_modem(script, async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        let mut transport = modem.transport();
        transport.write_all(b"to the broker").await.unwrap();
        transport.flush().await.unwrap();
        let mut received = [0; 8];
        transport.read_exact(&mut received).await.unwrap();
        received
    });
    assert_eq!(&received, b"\x16\x03\x03hello");
    assert_eq!(script.payload, b"to the broker");
}

#[test]
fn a_late_line_feed_is_no_payload() {
    let mut script = Script::set_up();
    script.late_line_feed = true;
    let (received, _) = with_modem(script, async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        let mut received = [0; 1];
        let mut transport = modem.transport();
        let read = transport.read(&mut received);
        embassy_time::with_timeout(embassy_time::Duration::from_secs(1), read)
            .await
            .is_ok()
    });
    assert!(!received, "a byte of the reply was taken for payload");
}

#[test]
fn a_banner_whose_first_byte_ended_the_session_is_seen() {
    let script = Script::set_up().prints(secs(30), "WH-LTE-7S1-E");
    let ((), script) = with_modem(script, async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        let mut byte = [0];
        modem.transport().read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"W");
        embassy_time::Timer::after_secs(1).await;
        modem.recover_link(profile).await.unwrap();
    });
    assert_eq!(
        script.restarts, 0,
        "the connection was taken for a used one"
    );
}

#[test]
fn a_connection_the_peer_closed_is_replaced_without_a_restart() {
    let script = Script::set_up().at(secs(30), "SOCKALK", "Disconnected").at(
        secs(40),
        "SOCKALK",
        "Connected",
    );
    let (at, script) = with_modem(script, async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        embassy_time::Timer::at(embassy_time::Instant::from_secs(31)).await;
        let link = modem.recover_link(profile).await.unwrap();
        assert!(!link.wrote_settings);
        now()
    });
    assert_eq!(script.restarts, 0);
    assert!(at > secs(40) && at < secs(42), "{at:?}");
    // The profile is not read again.
    assert_eq!(script.count("AT+HEARTEN?"), 1);
}

#[test]
fn a_connection_that_does_not_end_is_ended_by_a_restart() {
    let (_, script) = with_modem(Script::set_up(), async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        modem.recover_link(profile).await.unwrap();
    });
    assert_eq!((script.restarts, script.saves), (1, 0));
    assert_eq!(script.count("AT+Z"), 1);
    assert_eq!(script.commands.last().unwrap(), "AT+ENTM");
}

#[test]
fn the_connection_of_an_earlier_life_of_the_device_is_not_used() {
    let (_, script) = with_modem(Script::set_up(), async |modem, profile| {
        modem.assume_stale_link();
        modem.bring_up(profile).await.unwrap();
    });
    assert_eq!(script.count("AT+Z"), 1);
}

#[test]
fn a_second_bring_up_does_not_use_the_old_connection_either() {
    let (_, script) = with_modem(Script::set_up(), async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        modem.bring_up(profile).await.unwrap();
    });
    assert_eq!((script.restarts, script.saves), (1, 0));
}

#[test]
fn a_restart_of_the_modem_ends_the_stream_and_makes_the_link_new() {
    let mut script = Script::set_up();
    script.downlink = b"\x17\x03\x03WH-LTE-7S1-E";
    let (_, script) = with_modem(script, async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        let mut transport = modem.transport();
        let mut received = Vec::new();
        loop {
            let mut byte = [0];
            match transport.read(&mut byte).await.unwrap() {
                0 => break,
                _ => received.push(byte[0]),
            }
        }
        assert_eq!(received, b"\x17\x03\x03WH-LTE-7S");
        assert_eq!(transport.read(&mut [0; 4]).await.unwrap(), 0);
        modem.recover_link(profile).await.unwrap();
    });
    assert_eq!(
        script.restarts, 0,
        "the restart has already replaced the connection"
    );
}

#[test]
fn the_guard_is_kept_after_payload() {
    let (_, script) = with_modem(Script::set_up(), async |modem, profile| {
        modem.bring_up(profile).await.unwrap();
        let mut transport = modem.transport();
        transport.write_all(&[0xAA; 2000]).await.unwrap();
        // Not flushed: 174 ms of line time are still ahead.
        modem.enter_command_mode().await.unwrap();
    });
    assert_eq!(script.payload.len(), 2000, "`+++` went to the peer");
}
