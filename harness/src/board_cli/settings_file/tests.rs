use std::path::Path;

use super::*;

const DEVICE: &str = r#"log_level = "debug"

[broker]
host = "broker.example.org"
ca = "ca.der"

[login]
client_id = "device-1"
user = "u"
password = { env = "PASSWORD" }
"#;

/// Reads `text` as a file beside a `ca.der`, with one environment variable.
fn parse(text: &str) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.der"), [0x30, 0x03, 1, 2, 3]).unwrap();
    fs::write(folder.path().join("password"), "hunter2\n").unwrap();
    let path = folder.path().join("device.toml");
    let env = |name: &str| (name == "PASSWORD").then(|| "hunter2".to_owned());
    let prefix = format!("{}/", folder.path().display());
    SettingsFile::parse(text, &path, &env)
        .map(|file| file.settings().clone())
        .map_err(|error| error.to_string().replace(&prefix, ""))
}

fn refused(text: &str) -> String {
    let error = parse(text).unwrap_err();
    assert!(!error.contains("hunter2"), "{error}");
    error
}

fn with(old: &str, new: &str) -> String {
    assert!(DEVICE.contains(old));
    refused(&DEVICE.replace(old, new))
}

#[test]
fn a_device_is_read_and_what_is_left_out_has_a_default() {
    let settings = parse(DEVICE).unwrap();
    assert_eq!(settings.broker.server_name.as_str(), "broker.example.org");
    assert_eq!(settings.broker.port, 8883);
    assert_eq!(settings.broker.ca.as_bytes(), [0x30, 0x03, 1, 2, 3]);
    assert_eq!(settings.login.password.expose().as_str(), "hunter2");
    assert_eq!(settings.topics.telemetry.as_str(), "device-1/telemetry");
    assert_eq!(settings.log_level, firmware_settings::LogLevel::Debug);
    let file = DEVICE.replace("env = \"PASSWORD\"", "file = \"password\"");
    assert_eq!(parse(&file).unwrap(), settings);
}

#[test]
fn the_partition_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.der"), [0x30, 0]).unwrap();
    let path = folder.path().join("device.toml");
    let file = SettingsFile::parse(DEVICE, &path, &|_| Some("x".to_owned())).unwrap();
    let partition = file.partition().unwrap();
    assert_eq!(partition.len(), PARTITION_SIZE);
    assert_eq!(
        &firmware_settings::decode(&partition).unwrap(),
        file.settings()
    );
}

#[test]
fn a_field_that_does_not_fit_is_told_with_its_line() {
    insta::assert_snapshot!(with("broker.example.org", "brokér"), @"device.toml:4:8: settings field broker.host holds a character it must not, at byte 4: letters, digits, dot, hyphen, underscore or colon");
    insta::assert_snapshot!(with("\"device-1\"", "\"\""), @"device.toml:8:13: settings field login.client_id is empty: give it a value");
    insta::assert_snapshot!(with("log_level = \"debug\"", "keep_alive_s = 1"), @"device.toml:1:16: settings field keep_alive_s is 1, it must lie between 5 and 65535");
    insta::assert_snapshot!(with("log_level = \"debug\"", "keep_alive_s = 70000"), @"device.toml:1:16: invalid value: integer `70000`, expected u16");
    insta::assert_snapshot!(with("log_level = \"debug\"", "log_level = \"loud\""), @"device.toml:1:13: unknown variant `loud`, expected one of `off`, `error`, `warn`, `info`, `debug`");
    insta::assert_snapshot!(with("log_level", "log_levle"), @"device.toml:1:1: unknown field `log_levle`, expected one of `broker`, `login`, `identity`, `apn`, `topics`, `telemetry`, `sms`, `keep_alive_s`, `uart_baud`, `modem`, `log_level`");
    insta::assert_snapshot!(with("host = \"broker.example.org\"\n", ""), @"device.toml:3:1: missing field `host`");
}

#[test]
fn what_a_file_names_is_told_with_its_line() {
    insta::assert_snapshot!(with("\"PASSWORD\"", "\"MISSING\""), @"device.toml:10:12: the environment variable MISSING is not set, or is not text: set it and run this again");
    insta::assert_snapshot!(with("\"ca.der\"", "\"other.der\""), @"device.toml:5:6: cannot read other.der: No such file or directory (os error 2)");
    insta::assert_snapshot!(with("\"ca.der\"", "\"password\""), @"device.toml:5:6: password: there is no certificate in it, in PEM or DER");
}

#[test]
fn secrets_in_the_file_are_refused_unquoted() {
    let rule =
        "a secret does not stand in this file: write { env = \"NAME\" } or { file = \"PATH\" }";
    for secret in [
        "\"hunter2\"",
        "{ text = \"hunter2\" }",
        "[\"hunter2\"]",
        "{}",
    ] {
        let error = with("{ env = \"PASSWORD\" }", secret);
        assert_eq!(error, format!("device.toml:10:12: {rule}"), "{secret}");
    }
    for secret in ["12345678", "1234.5678", "true"] {
        let error = with("{ env = \"PASSWORD\" }", secret);
        assert!(error.ends_with(rule) && !error.contains(secret), "{error}");
    }
}

#[test]
fn pem_is_decoded() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["ca".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.der"), certificate.pem()).unwrap();
    fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
    let text =
        format!("{DEVICE}[identity]\ncertificate = \"ca.der\"\nkey = {{ file = \"key.pem\" }}\n");
    let path = folder.path().join("device.toml");
    let file = SettingsFile::parse(&text, &path, &|_| Some("x".to_owned())).unwrap();
    let identity = file.settings().identity.as_ref().unwrap();
    assert_eq!(identity.certificate.as_bytes(), &**certificate.der());
    assert_eq!(identity.key.expose().as_bytes(), key.serialized_der());
    assert_eq!(file.settings().broker.ca.as_bytes(), &**certificate.der());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = SettingsFile::read(Path::new("/nonexistent/device.toml")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the settings /nonexistent/device.toml")
    );
}
