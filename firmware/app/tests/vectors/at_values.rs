//! What stands behind the colon.

use firmware_app::at::values::{Apn, Csq, Rat, SysInfo, cclk, connected, fields};

pub fn fields_know_quotes_and_spaces() {
    assert!(fields("TCP,host,1").eq(["TCP", "host", "1"]));
    assert!(fields("\"NET\"").eq(["NET"]));
    assert!(fields("\"a,b\", 2 ,").eq(["a,b", "2", ""]));
    assert!(fields("\"\",\"123\",129").eq(["", "123", "129"]));
    assert!(fields("").eq([""]));
    assert!(fields("\"open").eq(["\"open"]));
}

pub fn signal_strength() {
    let csq = |text| Csq::parse(text).map(|csq| (csq.rssi, csq.ber, csq.dbm()));
    assert_eq!(csq("18,99"), Some((18, 99, Some(-77))));
    assert_eq!(csq("0,0"), Some((0, 0, Some(-113))));
    assert_eq!(csq("31,7"), Some((31, 7, Some(-51))));
    assert_eq!(csq("99,99"), Some((99, 99, None)));
    assert_eq!(csq("18"), Some((18, 99, Some(-77))));
    for wrong in ["32,99", "98,99", "-1,99", "", ",", "18,8", "x,99", "256,0"] {
        assert_eq!(csq(wrong), None, "{wrong}");
    }
}

pub fn both_dialects_of_sysinfo() {
    let info = |text| SysInfo::parse(text).map(|info| (info.service, info.rat));
    assert_eq!(info("0,LTE"), Some((false, Rat::Lte)));
    assert_eq!(info("2,LTE"), Some((true, Rat::Lte)));
    assert_eq!(info("4,LTE"), Some((true, Rat::Lte)));
    assert_eq!(info("2,GSM"), Some((true, Rat::Gsm)));
    assert_eq!(info("2,GSM/GPRS"), Some((true, Rat::Gsm)));
    assert_eq!(info("0,NoNetwork"), Some((false, Rat::Unknown)));
    assert_eq!(info("2"), Some((true, Rat::Unknown)));
    assert_eq!(info("LTE"), None);
    assert_eq!(info(""), None);
}

pub fn link_state_in_all_spellings() {
    for text in ["Connected", "connected", "ON", "\"CONNECTED\""] {
        assert_eq!(connected(text), Some(true), "{text}");
    }
    for text in ["Disconnected", "disconnected", "OFF"] {
        assert_eq!(connected(text), Some(false), "{text}");
    }
    assert_eq!(connected("Connecting"), None);
    assert_eq!(connected(""), None);
}

pub fn access_point() {
    let apn = |text| Apn::parse(text).map(|apn| (apn.name, apn.user, apn.password, apn.auth));
    assert_eq!(apn("CMNET,,,0"), Some(("CMNET", "", "", 0)));
    assert_eq!(apn("free"), Some(("free", "", "", 0)));
    assert_eq!(apn("a,u,p,2,0"), Some(("a", "u", "p", 2)));
    assert_eq!(apn("\"a\",\"u\",\"p\",1"), Some(("a", "u", "p", 1)));
    assert_eq!(apn("a,u,p,x"), None);
}

pub fn network_time() {
    // 2025-11-27 10:47:46 in a zone eight hours ahead (32 quarters) is 02:47:46 UTC.
    assert_eq!(cclk("\"25/11/27,10:47:46+32\""), Some(1_764_211_666));
    assert_eq!(cclk("25/11/27,02:47:46+00"), Some(1_764_211_666));
    assert_eq!(cclk("25/11/26,20:47:46-24"), Some(1_764_211_666));
    assert_eq!(cclk("25/11/27,02:47:46"), Some(1_764_211_666));
    assert_eq!(cclk("28/02/29,00:00:00+00"), Some(1_835_395_200));
    assert_eq!(cclk("60/12/31,23:59:59+00"), Some(2_871_763_199));
    for wrong in [
        "70/01/01,00:00:00+00",
        "80/01/06,00:00:03+00",
        "24/12/31,23:59:59+00",
        "61/01/01,00:00:00+00",
        "26/02/29,00:00:00+00",
        "26/13/01,00:00:00+00",
        "26/00/01,00:00:00+00",
        "26/01/00,00:00:00+00",
        "26/01/01,24:00:00+00",
        "26/01/01,00:60:00+00",
        "26/01/01,00:00:60+00",
        "26/01/01,00:00:00+99",
        "26/01/01,00:00:00+x",
        "26/01/01,00:00:00+",
        "26/01/01",
        "2026/01/01,00:00:00+00",
        "",
    ] {
        assert_eq!(cclk(wrong), None, "{wrong}");
    }
}
