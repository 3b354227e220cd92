//! Settings as a host writes them down, before they are checked.

use crate::field::{self, FieldError, bytes, check, filled, range, text};
use crate::settings::limits;
use crate::{
    Apn, ApnAuth, Broker, ClientIdentity, Der, LogLevel, Login, ModemProfile, Secret, Settings,
    SmsAlert, Telemetry, Topics,
};

/// All settings in borrowed form. Fill in what differs from the default, then [`build`].
///
/// There is no `Debug`: some of the fields are secrets.
///
/// [`build`]: Draft::build
#[derive(Clone, Copy)]
#[expect(
    missing_docs,
    reason = "each field is described where it ends up, in `Settings`"
)]
pub struct Draft<'a> {
    pub broker_host: &'a str,
    pub broker_port: u16,
    pub server_name: &'a str,
    pub ca: &'a [u8],
    pub client_id: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    pub client_certificate: Option<&'a [u8]>,
    pub client_key: Option<&'a [u8]>,
    pub apn: &'a str,
    pub apn_user: &'a str,
    pub apn_password: &'a str,
    pub apn_auth: ApnAuth,
    pub topic_telemetry: &'a str,
    pub topic_status: &'a str,
    pub topic_command: &'a str,
    pub telemetry_period_s: u32,
    pub telemetry_queue: u16,
    pub keep_alive_s: u16,
    pub modem: ModemProfile,
    pub sms_number: Option<&'a str>,
    pub sms_after_s: u32,
    pub log_level: LogLevel,
    pub uart_baud: u32,
}

impl Default for Draft<'_> {
    /// Everything that has a sensible value; host, server name, CA and client id must be given.
    fn default() -> Self {
        Self {
            broker_host: "",
            broker_port: 8883,
            server_name: "",
            ca: &[],
            client_id: "",
            user: "",
            password: "",
            client_certificate: None,
            client_key: None,
            apn: "",
            apn_user: "",
            apn_password: "",
            apn_auth: ApnAuth::None,
            topic_telemetry: "device/telemetry",
            topic_status: "device/status",
            topic_command: "device/command",
            telemetry_period_s: 60,
            telemetry_queue: 1024,
            keep_alive_s: 60,
            modem: ModemProfile::WhLte7s1E,
            sms_number: None,
            sms_after_s: 3600,
            log_level: LogLevel::Info,
            uart_baud: 115_200,
        }
    }
}

impl Draft<'_> {
    /// Checks every field and copies it.
    ///
    /// # Errors
    /// The first field that does not fit, by name, with its size and limit.
    pub fn build(&self) -> Result<Settings, FieldError> {
        let settings = Settings {
            broker: Broker {
                host: text("broker.host", self.broker_host)?,
                port: self.broker_port,
                server_name: text("broker.server_name", self.server_name)?,
                ca: Der::new(bytes("broker.ca", self.ca)?),
            },
            login: Login {
                client_id: text("login.client_id", self.client_id)?,
                user: text("login.user", self.user)?,
                password: Secret::new(text("login.password", self.password)?),
            },
            identity: self.identity()?,
            apn: Apn {
                name: text("apn.name", self.apn)?,
                user: text("apn.user", self.apn_user)?,
                password: Secret::new(text("apn.password", self.apn_password)?),
                auth: self.apn_auth,
            },
            topics: Topics {
                telemetry: text("topics.telemetry", self.topic_telemetry)?,
                status: text("topics.status", self.topic_status)?,
                command: text("topics.command", self.topic_command)?,
            },
            telemetry: Telemetry {
                period_s: self.telemetry_period_s,
                queue: self.telemetry_queue,
            },
            keep_alive_s: self.keep_alive_s,
            modem: self.modem,
            sms: match self.sms_number {
                None => None,
                Some(number) => Some(SmsAlert {
                    number: Secret::new(text("sms.number", number)?),
                    after_s: self.sms_after_s,
                }),
            },
            log_level: self.log_level,
            uart_baud: self.uart_baud,
        };
        settings.check()?;
        Ok(settings)
    }

    fn identity(&self) -> Result<Option<ClientIdentity>, FieldError> {
        const CERTIFICATE: &str = "identity.certificate";
        const KEY: &str = "identity.key";
        match (self.client_certificate, self.client_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(ClientIdentity {
                certificate: Der::new(bytes(CERTIFICATE, certificate)?),
                key: Secret::new(Der::new(bytes(KEY, key)?)),
            })),
            (Some(_), None) => Err(FieldError::Incomplete {
                field: KEY,
                other: CERTIFICATE,
            }),
            (None, Some(_)) => Err(FieldError::Incomplete {
                field: CERTIFICATE,
                other: KEY,
            }),
        }
    }
}

impl Settings {
    /// Checks what the types alone do not: empty fields, characters, ranges.
    ///
    /// [`encode`](crate::encode) and [`decode`](crate::decode) do this by themselves.
    ///
    /// # Errors
    /// The first field that the device could not use.
    pub fn check(&self) -> Result<(), FieldError> {
        let broker = &self.broker;
        filled("broker.host", broker.host.len())?;
        check("broker.host", &broker.host, field::NAME)?;
        range("broker.port", broker.port.into(), limits::PORT)?;
        filled("broker.server_name", broker.server_name.len())?;
        check("broker.server_name", &broker.server_name, field::NAME)?;
        filled("broker.ca", broker.ca.as_bytes().len())?;

        filled("login.client_id", self.login.client_id.len())?;
        check("login.client_id", &self.login.client_id, field::TEXT)?;
        check("login.user", &self.login.user, field::TEXT)?;

        if let Some(identity) = &self.identity {
            filled(
                "identity.certificate",
                identity.certificate.as_bytes().len(),
            )?;
            filled("identity.key", identity.key.expose().as_bytes().len())?;
        }

        check("apn.name", &self.apn.name, field::AT_FIELD)?;
        check("apn.user", &self.apn.user, field::AT_FIELD)?;
        check("apn.password", self.apn.password.expose(), field::AT_FIELD)?;

        for (name, topic) in [
            ("topics.telemetry", &self.topics.telemetry),
            ("topics.status", &self.topics.status),
            ("topics.command", &self.topics.command),
        ] {
            filled(name, topic.len())?;
            check(name, topic, field::TOPIC)?;
        }

        range(
            "telemetry.period_s",
            self.telemetry.period_s,
            limits::PERIOD_S,
        )?;
        range(
            "telemetry.queue",
            self.telemetry.queue.into(),
            limits::QUEUE,
        )?;
        range(
            "keep_alive_s",
            self.keep_alive_s.into(),
            limits::KEEP_ALIVE_S,
        )?;

        range("uart_baud", self.uart_baud, limits::UART_BAUD)?;

        if let Some(sms) = &self.sms {
            filled("sms.number", sms.number.expose().len())?;
            check("sms.number", sms.number.expose(), field::DIGITS)?;
            range("sms.after_s", sms.after_s, limits::SMS_AFTER_S)?;
        }
        Ok(())
    }
}
