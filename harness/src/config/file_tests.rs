use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("hil.toml")).map_err(|error| error.to_string())
}

fn refused(text: &str) -> String {
    parse(text).unwrap_err()
}

const DESK: &str = "[[board]]\nname = \"desk\"\nchip = \"esp32c3\"\nprobe = \"303a:1001:60:55\"\n";

#[test]
fn a_full_board_is_read() {
    let text = format!(
        "{DESK}modem_port = \"/dev/ttyUSB0\"\nmodem = {{ real = \"/dev/ttyUSB1\" }}\nbaud = 460800\n"
    );
    let config = parse(&text).unwrap();
    let expected = BoardConfig {
        name: "desk".to_owned(),
        chip: ChipKind::Esp32c3,
        probe: "303a:1001:60:55".to_owned(),
        modem_port: Some("/dev/ttyUSB0".into()),
        modem: Some(RealModem {
            port: "/dev/ttyUSB1".into(),
        }),
        baud: 460_800,
    };
    assert_eq!(config.board("desk"), Some(&expected));
    assert_eq!(config.board("other"), None);
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = parse(DESK).unwrap();
    assert_eq!(config.boards[0].baud, 115_200);
    assert_eq!(config.boards[0].modem_port, None);
    assert_eq!(parse("").unwrap(), Config::default());
    assert_eq!(parse("# nothing\n").unwrap(), Config::default());
}

#[test]
fn syntax_and_types_are_told_with_their_place() {
    insta::assert_snapshot!(refused("[[board]\nname = 1\n"), @"hil.toml:1:8: invalid table header; expected `.`, `]]`");
    insta::assert_snapshot!(refused("name = \"\u{fc}\" x\n"), @"hil.toml:1:12: expected newline, `#`");
    insta::assert_snapshot!(refused(&format!("{DESK}probee = \"x\"\n")), @"hil.toml:5:1: unknown field `probee`, expected one of `name`, `chip`, `probe`, `modem_port`, `modem`, `baud`");
    insta::assert_snapshot!(refused("[[bord]]\n"), @"hil.toml:1:3: unknown field `bord`, expected `board`");
    insta::assert_snapshot!(refused("[board]\nname = \"desk\"\n"), @"hil.toml:1:1: invalid type: map, expected a sequence");
    insta::assert_snapshot!(refused("[[board]]\nname = 1\n"), @"hil.toml:2:8: invalid type: integer `1`, expected a string");
    insta::assert_snapshot!(refused("[[board]]\nname = \"a\"\nchip = \"esp32c3\"\n"), @"hil.toml:1:1: missing field `probe`");
    insta::assert_snapshot!(refused(&format!("{DESK}name = \"again\"\n")), @"hil.toml:5:1: duplicate key `name` in table `board`");
    insta::assert_snapshot!(refused(&format!("{DESK}baud = \"fast\"\n")), @r#"hil.toml:5:8: invalid type: string "fast", expected i64"#);
    insta::assert_snapshot!(refused(&format!("{DESK}modem_port = \"p\"\nmodem = {{ reel = \"x\" }}\n")), @"hil.toml:6:11: unknown field `reel`, expected `real`");
}

#[test]
fn values_are_checked_with_their_place() {
    let with = |key: &str, value: &str| {
        let line = format!("{key} = {value}");
        let text: Vec<&str> = DESK
            .lines()
            .map(|old| if old.starts_with(key) { &line } else { old })
            .collect();
        refused(&text.join("\n"))
    };
    insta::assert_snapshot!(with("name", "\"native\""), @"hil.toml:2:8: `native` is the name of a simulated board, which needs no entry: choose another name");
    insta::assert_snapshot!(with("name", "\"a/b\""), @"hil.toml:2:8: `a/b` is no board name: use 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit first");
    insta::assert_snapshot!(with("name", "\"\""), @"hil.toml:2:8: `` is no board name: use 1 to 64 letters, digits, `-`, `_` or `.`, a letter or digit first");
    insta::assert_snapshot!(with("chip", "\"esp8266\""), @"hil.toml:3:8: unknown chip `esp8266`; known chips: esp32c3");
    insta::assert_snapshot!(with("probe", "\"usb\""), @"hil.toml:4:9: `usb` is no probe selector: write VID:PID or VID:PID:SERIAL, in hexadecimal, as `cargo hil boards` prints them");
    insta::assert_snapshot!(refused(&format!("{DESK}baud = 0\n")), @"hil.toml:5:8: baud is 0, it must lie between 300 and 5000000 bits per second");
    insta::assert_snapshot!(refused(&format!("{DESK}baud = 99999999999\n")), @"hil.toml:5:8: baud is 99999999999, it must lie between 300 and 5000000 bits per second");
    insta::assert_snapshot!(refused(&format!("{DESK}modem_port = \"\"\n")), @"hil.toml:5:14: modem_port is empty: give the path of a serial port, or leave the key out");
    insta::assert_snapshot!(refused(&format!("{DESK}modem = {{ real = \"/dev/ttyS0\" }}\n")), @"hil.toml:5:9: modem = { real = … } passes bytes between a real modem and the firmware: name the firmware's side too, with modem_port");
}

#[test]
fn boards_share_nothing() {
    let second = |name: &str, probe: &str, rest: &str| {
        format!(
            "{DESK}modem_port = \"/dev/a\"\n\n[[board]]\nname = \"{name}\"\nchip = \"esp32c3\"\n\
             probe = \"{probe}\"\n{rest}\n"
        )
    };
    assert_eq!(
        parse(&second("b", "1d50:6018", "")).unwrap().boards.len(),
        2
    );
    insta::assert_snapshot!(refused(&second("desk", "1d50:6018", "")), @"hil.toml:8:8: there is a board named `desk` already, at line 2: rename one");
    insta::assert_snapshot!(refused(&second("b", "303A:1001:60:55", "")), @"hil.toml:10:9: probe `303A:1001:60:55` belongs to the board `desk` already: each board has its own");
    insta::assert_snapshot!(refused(&second("b", "1d50:6018", "modem_port = \"/dev/a\"")), @"hil.toml:11:14: serial port `/dev/a` belongs to the board `desk` already: each board has its own");
}
