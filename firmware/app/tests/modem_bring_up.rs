//! The way from power-up to a transparent connection, and every way to fail on it.

mod modem_support;

use firmware_app::at::AtError;
use firmware_app::modem::{BringUpError, ModemError, Rat, SimFault};
use proptest::prelude::*;

use modem_support::{Mode, Script, bring_up, now, secs, with_modem};

fn modem_error(error: ModemError) -> BringUpError {
    BringUpError::Modem(error)
}

#[test]
fn a_module_from_the_factory_converges_with_one_save() {
    let (result, script) = bring_up(Script::factory());
    let link = result.unwrap();
    assert!(link.wrote_settings);
    assert_eq!((link.csq, link.rat), (18, Rat::Lte));
    assert_eq!(
        script.writes(),
        [
            "E", "HEARTEN", "APN", "SOCKA", "CACHEN", "NATEN", "UATEN", "RSTIM", "UARTFT"
        ]
    );
    assert_eq!((script.saves, script.restarts), (1, 1));
    assert_eq!(script.commands.last().unwrap(), "AT+ENTM");
    assert_eq!(script.stored["APN"], "free,me,hush,0");
    assert_eq!(script.stored["SOCKA"], "TCP,broker.example,8883");
    assert_eq!(script.payload, b"");
}

#[test]
fn a_module_that_is_set_up_is_not_written_to() {
    let (result, script) = bring_up(Script::set_up());
    assert!(!result.unwrap().wrote_settings);
    assert_eq!((script.saves, script.restarts), (0, 0));
    assert!(script.writes().is_empty(), "{:?}", script.writes());
    // One question per item, one each for service, signal, time and link, and the way out.
    assert_eq!(script.commands.len(), 19 + 4 + 1);
    assert!(now() < secs(5), "took {:?}", now());
}

#[test]
fn the_network_time_is_that_of_the_return() {
    // Read early, while the link comes 20 s later; 02:00 in a zone two hours ahead.
    let script = Script::set_up().at(secs(0), "SOCKALK", "Disconnected").at(
        secs(20),
        "SOCKALK",
        "Connected",
    );
    let (result, _) = bring_up(script);
    let midnight = 1_781_481_600;
    let time = result.unwrap().time.unwrap();
    assert!(
        (midnight + 17..midnight + 21).contains(&time),
        "{}",
        time - midnight
    );
}

#[test]
fn a_clock_that_is_not_set_is_no_time() {
    let script = Script::set_up().at(secs(0), "CCLK", " \"70/01/01,00:00:12+00\"");
    let (result, script) = bring_up(script);
    assert_eq!(result.unwrap().time, None);
    assert_eq!(script.count("AT+CCLK?"), 3);
}

#[test]
fn a_dead_modem_is_told_within_a_minute() {
    let mut script = Script::factory();
    script.silent = true;
    let (result, _) = bring_up(script);
    assert_eq!(result, Err(modem_error(ModemError::NoAnswer)));
    assert!(now() < secs(60), "took {:?}", now());
}

#[test]
fn noise_is_not_an_answer() {
    let mut script = Script::factory().prints(secs(0), [0; 200]);
    script.silent = true;
    for second in 1..60 {
        script = script.prints(secs(second), b"\0\xFF\x81\0k\0a\xC3");
    }
    let (result, _) = bring_up(script);
    assert_eq!(result, Err(modem_error(ModemError::NotInCommandMode)));
    assert!(now() < secs(70), "took {:?}", now());
}

#[test]
fn a_module_in_command_mode_is_accepted() {
    let mut script = Script::set_up();
    script.mode = Mode::Command;
    let (result, script) = bring_up(script);
    assert!(result.is_ok());
    assert_eq!(script.payload, b"");

    let mut script = Script::set_up();
    script.mode = Mode::Command;
    script.buffers_plus = true;
    let (result, script) = bring_up(script);
    assert!(result.is_ok());
    assert_eq!(script.payload, b"");
}

#[test]
fn a_module_that_starts_in_command_mode_is_found_even_if_it_buffers() {
    let mut script = Script::set_up().prints(secs(1), "WH-LTE-7S1-E");
    script.mode = Mode::Command;
    script.buffers_plus = true;
    let (result, script) = bring_up(script);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(script.payload, b"");
}

#[test]
fn power_up_junk_and_heartbeats_do_no_harm() {
    let mut script = Script::factory().prints(secs(0), b"\xF0\x00\x3CWH-LTE-7S1-E");
    for second in 0..40 {
        script = script.prints(secs(second), b"www.usr.cn");
    }
    let (result, _) = bring_up(script);
    assert!(result.unwrap().wrote_settings);
}

#[test]
fn the_echo_is_no_obstacle() {
    let mut script = Script::set_up();
    script.stored.insert("E".into(), "ON".into());
    let (result, script) = bring_up(script);
    assert!(result.unwrap().wrote_settings);
    assert_eq!(script.writes(), ["E"]);
}

#[test]
fn a_missing_sim_is_told_at_once() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,NoNetwork")
        .reply("AT+CPIN?", "\r\n+CME ERROR:58\r\n")
        .prints(secs(12), b"No Sim.Reboot\r\n");
    let (result, _) = bring_up(script);
    assert_eq!(
        result,
        Err(modem_error(ModemError::SimFault(SimFault::NotUsable)))
    );
    assert!(now() < secs(13), "took {:?}", now());
}

#[test]
fn a_locked_sim_is_told_at_once() {
    let fault = |reply: &str| {
        let script = Script::set_up()
            .at(secs(0), "SYSINFO", "0,NoNetwork")
            .reply("AT+CPIN?", reply);
        let (result, _) = bring_up(script);
        assert!(now() < secs(10), "took {:?}", now());
        match result {
            Err(BringUpError::Modem(ModemError::SimFault(fault))) => fault,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        fault("\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"),
        SimFault::PinRequired
    );
    assert_eq!(
        fault("\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n"),
        SimFault::PukRequired
    );
    assert_eq!(fault("\r\n+CME ERROR: 10\r\n"), SimFault::NotUsable);
    assert_eq!(fault("\r\n+CME ERROR: 11\r\n"), SimFault::PinRequired);
}

#[test]
fn no_coverage() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,NoNetwork")
        .at(secs(0), "CSQ", " 99,99")
        .at(secs(0), "CEREG", " 0,2");
    let (result, script) = bring_up(script);
    assert_eq!(
        result,
        Err(BringUpError::NotRegistered {
            csq: 99,
            seconds: 130
        })
    );
    assert_eq!(script.saves, 0);
}

#[test]
fn the_modem_gave_up_registering() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,NoNetwork")
        .prints(secs(30), b"Net Reg Fail\r\n\r\n");
    let (result, _) = bring_up(script);
    assert_eq!(result, Err(modem_error(ModemError::RegistrationFailed)));
    assert!(now() < secs(34), "took {:?}", now());
}

#[test]
fn a_registration_of_a_hundred_seconds_is_waited_for() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,LTE")
        .at(secs(100), "SYSINFO", "2,LTE");
    let (result, _) = bring_up(script);
    assert!(result.is_ok());
}

#[test]
fn a_refused_access_point_is_named() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,LTE")
        .at(secs(0), "CGACT", " 0, 0");
    let (result, _) = bring_up(script);
    let error = result.unwrap_err();
    assert!(matches!(&error, BringUpError::ApnRejected { csq: 18, apn } if apn == "free"));
    assert!(!error.to_string().contains("hush"));
}

#[test]
fn no_service_for_a_reason_nobody_tells() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,LTE")
        .reply("AT+CGACT?", "\r\n+CME ERROR:58\r\n")
        .reply("AT+CEREG?", "\r\n+CME ERROR:58\r\n");
    let (result, _) = bring_up(script);
    assert_eq!(
        result,
        Err(BringUpError::NoService {
            csq: 18,
            seconds: 130
        })
    );
}

#[test]
fn a_broker_that_refuses() {
    let script = Script::set_up().at(secs(0), "SOCKALK", "Disconnected");
    let (result, script) = bring_up(script);
    assert_eq!(result, Err(BringUpError::LinkRefused { seconds: 45 }));
    assert_eq!(script.count("AT+ENTM"), 0);
}

#[test]
fn a_setting_that_does_not_stick() {
    let script = Script::factory().reply("AT+SOCKA=TCP,broker.example,8883", "\r\nOK\r\n");
    let (result, script) = bring_up(script);
    assert_eq!(
        result,
        Err(BringUpError::ReadBackMismatch { item: "SOCKA" })
    );
    assert_eq!(script.saves, 1, "not saved again and again");
}

#[test]
fn each_error_code_is_told_apart() {
    for (number, code) in [
        (3, AtError::MissingParameter),
        (50, AtError::ExecutionFailed),
        (53, AtError::WrongParameter),
        (73, AtError::NotLoggedIn),
    ] {
        let reply = format!("\r\n+CME ERROR:{number}\r\n");
        let (result, script) =
            bring_up(Script::factory().reply("AT+SOCKA=TCP,broker.example,8883", &reply));
        let rejected = ModemError::CommandRejected {
            command: "SOCKA",
            code,
        };
        assert_eq!(result, Err(modem_error(rejected)));
        assert_eq!(script.saves, 0);
    }
}

#[test]
fn a_firmware_without_an_essential_command_is_too_old() {
    let (result, _) = bring_up(Script::factory().reply("AT+SOCKA?", "\r\n+CME ERROR:58\r\n"));
    assert_eq!(
        result,
        Err(BringUpError::DialectTooOld { command: "SOCKA" })
    );
}

#[test]
fn a_firmware_without_a_convenience_is_good_enough() {
    let script = Script::factory()
        .reply("AT+SDPEN?", "\r\n+CME ERROR:58\r\n")
        .reply("AT+CACHEN?", "\r\nERROR\r\n");
    let (result, _) = bring_up(script);
    // Only 58 means "unknown"; any other refusal is one.
    let rejected = ModemError::CommandRejected {
        command: "CACHEN",
        code: AtError::Plain,
    };
    assert_eq!(result, Err(modem_error(rejected)));

    let (result, script) = bring_up(Script::set_up().reply("AT+SDPEN?", "\r\n+CME ERROR:58\r\n"));
    assert!(!result.unwrap().wrote_settings);
    assert_eq!(script.saves, 0);
}

#[test]
fn a_packing_time_that_is_refused_costs_no_flash() {
    let mut script = Script::set_up().reply("AT+UARTFT=10", "\r\n+CME ERROR:53\r\n");
    script.stored.insert("UARTFT".into(), "50".into());
    let (result, script) = bring_up(script);
    assert!(!result.unwrap().wrote_settings);
    assert_eq!(script.saves, 0);
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let good = "\r\n+WKMOD:NET\r\n\r\nOK\r\n";
    for bad in ["", "\r\n+WKMO", "\r\nOK\r\n", "\r\n+CME ERROR:58\r\n"] {
        let script = Script::set_up()
            .reply("AT+WKMOD?", bad)
            .reply("AT+WKMOD?", good);
        let (result, script) = bring_up(script);
        assert!(result.is_ok(), "{bad:?}: {result:?}");
        assert_eq!((script.count("AT+WKMOD?"), script.saves), (2, 0));
    }
    let (result, _) = bring_up(Script::set_up().reply("AT+WKMOD?", ""));
    let timeout = ModemError::ReplyTimeout {
        command: "WKMOD",
        seconds: 2,
    };
    assert_eq!(result, Err(modem_error(timeout)));
}

#[test]
fn quotes_spaces_and_case_of_a_value_do_not_matter() {
    let mut script = Script::set_up();
    for (name, value) in [
        ("WKMOD", "\"NET\""),
        ("SOCKA", "tcp,\"Broker.Example\", 8883"),
        ("APN", "\"free\",\"me\",\"hush\",0,0"),
        ("E", "off"),
        ("KEEPALIVEA", " 1, 60, 15, 3"),
    ] {
        script.stored.insert(name.into(), value.into());
    }
    let (result, script) = bring_up(script);
    assert!(!result.unwrap().wrote_settings, "{:?}", script.writes());
}

#[test]
fn a_restart_in_the_middle_is_survived() {
    let script = Script::set_up()
        .at(secs(0), "SYSINFO", "0,LTE")
        .at(secs(30), "SYSINFO", "2,LTE");
    let (result, script) = with_modem(
        script.prints(secs(20), b"WH-LTE-7S1-E"),
        async |modem, profile| modem.bring_up(profile).await,
    );
    assert!(result.is_ok(), "{result:?}");
    // It went through the settings again.
    assert_eq!(script.count("AT+HEARTEN?"), 2);
}

#[test]
fn a_banner_of_one_s_own_is_awaited() {
    let mut script = Script::factory();
    script.stored.insert("STMSG".into(), "site 7 is up".into());
    let (result, _) = bring_up(script);
    assert!(result.is_ok());
    assert!(now() < secs(15), "took {:?}", now());

    // One too short to be told from noise costs time and nothing else.
    let mut script = Script::factory();
    script.stored.insert("STMSG".into(), "up".into());
    let (result, _) = bring_up(script);
    assert!(result.is_ok());
    assert!(now() < secs(30), "took {:?}", now());
}

#[test]
fn a_module_without_that_setting_restarts_all_the_same() {
    let (result, _) = bring_up(Script::factory().reply("AT+STMSG?", "\r\n+CME ERROR:58\r\n"));
    assert!(result.is_ok());
    assert!(now() < secs(15), "took {:?}", now());
}

/// What may come on the line at any time: noise, texts, pieces of replies.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..60),
        prop::sample::select(vec![
            "WH-LTE-7S1-E",
            "www.usr.cn",
            "Net Reg Fail\r\n\r\n",
            "a",
            "+ok\r\n",
            "\r\nOK\r\n",
            "\r\n+CME ERROR:58\r\n",
            "\r\n+SYSINFO:0,LTE\r\n",
            "\r\n+SOCKALK:Disconnected\r\n",
            "+CSQ: 1",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn whatever_comes_the_bring_up_ends(
        factory in any::<bool>(),
        deaf in any::<bool>(),
        noise in prop::collection::vec((0_u64..100_000, piece()), 0..60),
    ) {
        let mut script = if factory { Script::factory() } else { Script::set_up() };
        script.silent = deaf;
        for (millis, bytes) in &noise {
            script = script.prints(std::time::Duration::from_millis(*millis), bytes);
        }
        let (result, script) = bring_up(script);
        prop_assert!(now() < secs(600), "took {:?}", now());
        prop_assert!(script.saves <= 3);
        if result.is_ok() {
            prop_assert_eq!(script.commands.last().map(String::as_str), Some("AT+ENTM"));
        }
    }
}
