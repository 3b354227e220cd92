//! The file's keys.

use firmware_settings::{ApnAuth, Draft, LogLevel, ModemProfile};
use serde::Deserialize;
use toml::Spanned;

use super::error::SettingsProblem;
use super::secret::{Secret, Sources};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSettings {
    broker: Spanned<RawBroker>,
    login: Spanned<RawLogin>,
    identity: Option<Spanned<RawIdentity>>,
    #[serde(default)]
    apn: RawApn,
    #[serde(default)]
    topics: RawTopics,
    #[serde(default)]
    telemetry: RawTelemetry,
    sms: Option<Spanned<RawSms>>,
    keep_alive_s: Option<Spanned<u16>>,
    uart_baud: Option<Spanned<u32>>,
    modem: Option<RawModem>,
    log_level: Option<RawLogLevel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBroker {
    host: Spanned<String>,
    port: Option<Spanned<u16>>,
    server_name: Option<Spanned<String>>,
    ca: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLogin {
    client_id: Spanned<String>,
    user: Option<Spanned<String>>,
    password: Option<Spanned<Secret>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentity {
    certificate: Spanned<String>,
    key: Spanned<Secret>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawApn {
    name: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
    password: Option<Spanned<Secret>>,
    auth: Option<RawAuth>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawTopics {
    telemetry: Option<Spanned<String>>,
    status: Option<Spanned<String>>,
    command: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawTelemetry {
    period_s: Option<Spanned<u32>>,
    queue: Option<Spanned<u16>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSms {
    number: Spanned<Secret>,
    after_s: Option<Spanned<u32>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawAuth {
    None,
    Pap,
    Chap,
}

#[derive(Deserialize, Clone, Copy)]
enum RawModem {
    #[serde(rename = "WH-LTE-7S1-E")]
    WhLte7s1E,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawLogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

/// What the file names without holding it. No `Debug`: there are secrets in it.
#[derive(Default)]
pub(super) struct Named {
    ca: Vec<u8>,
    password: String,
    certificate: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    apn_password: String,
    sms_number: Option<String>,
    topics: [String; 3],
}

type Located = (usize, SettingsProblem);

impl RawSettings {
    /// Reads files and variables; an error comes with its offset in the file.
    pub(super) fn named(&self, sources: &Sources<'_>) -> Result<Named, Located> {
        fn at<T>(
            value: &Spanned<T>,
            read: impl FnOnce(&T) -> Result<Vec<u8>, SettingsProblem>,
        ) -> Result<Vec<u8>, Located> {
            read(value.get_ref()).map_err(|problem| (value.span().start, problem))
        }
        let text = |secret: &Spanned<Secret>| {
            let value = sources.text(secret.get_ref());
            value.map_err(|problem| (secret.span().start, problem))
        };
        let secret = |secret: Option<&Spanned<Secret>>| secret.map_or(Ok(String::new()), text);
        let identity = self.identity.as_ref().map(Spanned::get_ref);
        let broker = self.broker.get_ref();
        let login = self.login.get_ref();
        let client_id = login.client_id.get_ref();
        let topic = |topic: &Option<Spanned<String>>, last: &str| match topic {
            Some(topic) => topic.get_ref().clone(),
            // As the telemetry of several devices would otherwise mix.
            None => format!("{client_id}/{last}"),
        };
        Ok(Named {
            ca: at(&broker.ca, |file| sources.certificate(file))?,
            password: secret(login.password.as_ref())?,
            certificate: identity
                .map(|identity| at(&identity.certificate, |file| sources.certificate(file)))
                .transpose()?,
            key: identity
                .map(|identity| at(&identity.key, |secret| sources.key(secret)))
                .transpose()?,
            apn_password: secret(self.apn.password.as_ref())?,
            sms_number: self
                .sms
                .as_ref()
                .map(|sms| text(&sms.get_ref().number))
                .transpose()?,
            topics: [
                topic(&self.topics.telemetry, "telemetry"),
                topic(&self.topics.status, "status"),
                topic(&self.topics.command, "command"),
            ],
        })
    }

    /// The settings, not yet checked.
    pub(super) fn draft<'a>(&'a self, named: &'a Named) -> Draft<'a> {
        fn text(value: &Option<Spanned<String>>) -> &str {
            value.as_ref().map_or("", |value| value.get_ref())
        }
        fn number<T: Copy>(value: &Option<Spanned<T>>, default: T) -> T {
            value.as_ref().map_or(default, |value| *value.get_ref())
        }
        let default = Draft::default();
        let (broker, login) = (self.broker.get_ref(), self.login.get_ref());
        let host = broker.host.get_ref();
        let server_name = broker.server_name.as_ref();
        let sms = self.sms.as_ref().map(Spanned::get_ref);
        let [telemetry, status, command] = &named.topics;
        Draft {
            broker_host: host,
            broker_port: number(&broker.port, default.broker_port),
            server_name: server_name.map_or(host.as_str(), |name| name.get_ref()),
            ca: &named.ca,
            client_id: login.client_id.get_ref(),
            user: text(&login.user),
            password: &named.password,
            client_certificate: named.certificate.as_deref(),
            client_key: named.key.as_deref(),
            apn: text(&self.apn.name),
            apn_user: text(&self.apn.user),
            apn_password: &named.apn_password,
            apn_auth: self.apn.auth.map_or(default.apn_auth, Into::into),
            topic_telemetry: telemetry,
            topic_status: status,
            topic_command: command,
            telemetry_period_s: number(&self.telemetry.period_s, default.telemetry_period_s),
            telemetry_queue: number(&self.telemetry.queue, default.telemetry_queue),
            keep_alive_s: number(&self.keep_alive_s, default.keep_alive_s),
            uart_baud: number(&self.uart_baud, default.uart_baud),
            modem: self.modem.map_or(default.modem, Into::into),
            sms_number: named.sms_number.as_deref(),
            sms_after_s: sms.map_or(default.sms_after_s, |sms| {
                number(&sms.after_s, default.sms_after_s)
            }),
            log_level: self.log_level.map_or(default.log_level, Into::into),
        }
    }

    /// Where the value of the field called `name` stands; where it would, when it has its default.
    pub(super) fn offset_of(&self, name: &str) -> usize {
        fn start<T>(value: &Option<Spanned<T>>) -> Option<usize> {
            value.as_ref().map(|value| value.span().start)
        }
        let (broker, login) = (self.broker.get_ref(), self.login.get_ref());
        let identity = self.identity.as_ref().map(Spanned::get_ref);
        let sms = self.sms.as_ref().map(Spanned::get_ref);
        let found = match name {
            "broker.host" => Some(broker.host.span().start),
            "broker.port" => start(&broker.port),
            "broker.server_name" => {
                start(&broker.server_name).or_else(|| Some(broker.host.span().start))
            }
            "broker.ca" => Some(broker.ca.span().start),
            "login.client_id" => Some(login.client_id.span().start),
            "login.user" => start(&login.user),
            "login.password" => start(&login.password),
            "identity.certificate" => identity.map(|identity| identity.certificate.span().start),
            "identity.key" => identity.map(|identity| identity.key.span().start),
            "apn.name" => start(&self.apn.name),
            "apn.user" => start(&self.apn.user),
            "apn.password" => start(&self.apn.password),
            "topics.telemetry" => start(&self.topics.telemetry),
            "topics.status" => start(&self.topics.status),
            "topics.command" => start(&self.topics.command),
            "telemetry.period_s" => start(&self.telemetry.period_s),
            "telemetry.queue" => start(&self.telemetry.queue),
            "keep_alive_s" => start(&self.keep_alive_s),
            "uart_baud" => start(&self.uart_baud),
            "sms.number" => sms.map(|sms| sms.number.span().start),
            "sms.after_s" => sms.and_then(|sms| start(&sms.after_s)),
            _ => None,
        };
        // Topics that were left out come from the client id.
        found.unwrap_or_else(|| match name.split_once('.') {
            Some(("topics", _)) => login.client_id.span().start,
            _ => 0,
        })
    }
}

impl From<RawAuth> for ApnAuth {
    fn from(auth: RawAuth) -> Self {
        match auth {
            RawAuth::None => Self::None,
            RawAuth::Pap => Self::Pap,
            RawAuth::Chap => Self::Chap,
        }
    }
}

impl From<RawModem> for ModemProfile {
    fn from(modem: RawModem) -> Self {
        match modem {
            RawModem::WhLte7s1E => Self::WhLte7s1E,
        }
    }
}

impl From<RawLogLevel> for LogLevel {
    fn from(level: RawLogLevel) -> Self {
        match level {
            RawLogLevel::Off => Self::Off,
            RawLogLevel::Error => Self::Error,
            RawLogLevel::Warn => Self::Warn,
            RawLogLevel::Info => Self::Info,
            RawLogLevel::Debug => Self::Debug,
        }
    }
}
