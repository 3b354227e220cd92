//! How the device under test is configured.

use firmware_settings::{ApnAuth, Draft, PARTITION_SIZE};
use rand_core::{OsRng, RngCore};

use super::error::RigError;

/// Name under which the device finds the broker.
pub const BROKER_HOST: &str = "broker.hil.test";

/// User name at the broker of a device that is told no other one.
const USER: &str = "device";

/// What the settings partition holds at power-up.
#[derive(Debug, Clone, Default)]
pub enum Partition {
    /// The settings of [`DeviceSettings`].
    #[default]
    Valid,
    /// Erased flash.
    Erased,
    /// The valid settings with one byte changed at this offset.
    Damaged {
        /// Offset of the byte, from the start of the partition.
        offset: usize,
    },
}

/// The device's settings, to be changed before [`Rig::boot`](super::Rig::boot).
#[derive(Clone)]
pub struct DeviceSettings {
    /// Host that the modem connects to.
    pub broker_host: String,
    /// TCP port that the modem connects to.
    pub broker_port: u16,
    /// Name sent as SNI and expected in the certificate.
    pub server_name: String,
    /// MQTT client identifier; also the first level of all topics.
    pub client_id: String,
    /// User name at the broker.
    pub user: String,
    /// Password at the broker, drawn per run.
    pub password: String,
    /// Certificate and private key (DER) that it shows to a broker that asks; `None`: it has none.
    pub identity: Option<(Vec<u8>, Vec<u8>)>,
    /// Access point name.
    pub apn: String,
    /// User and password at the access point, for CHAP; `None`: no login.
    pub apn_login: Option<(String, String)>,
    /// Seconds between two samples.
    pub telemetry_period_s: u32,
    /// MQTT keep-alive in seconds.
    pub keep_alive_s: u16,
    /// Line rate of the modem's UART in bits per second; the modem's is `AT+UART`.
    pub uart_baud: u32,
    /// Recipient (digits, country code first) and seconds of outage for the alert by text message;
    /// `None`: never.
    pub sms: Option<(String, u32)>,
    /// What the partition holds.
    pub partition: Partition,
}

impl std::fmt::Debug for DeviceSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeviceSettings")
            .field(
                "broker",
                &format_args!("{}:{}", self.broker_host, self.broker_port),
            )
            .field("server_name", &self.server_name)
            .field("apn", &self.apn)
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}

impl DeviceSettings {
    /// A device that fits the rig's own broker and network, with a password of this run.
    pub(super) fn new(password: String) -> Self {
        Self {
            broker_host: BROKER_HOST.to_owned(),
            broker_port: 8883,
            server_name: BROKER_HOST.to_owned(),
            client_id: "hil-device".to_owned(),
            user: USER.to_owned(),
            password,
            identity: None,
            apn: "free".to_owned(),
            apn_login: None,
            telemetry_period_s: 30,
            keep_alive_s: 60,
            uart_baud: 115_200,
            sms: None,
            partition: Partition::Valid,
        }
    }

    /// Values that must not leave the rig. The user that every rig has is no secret.
    pub(super) fn secrets(&self) -> Vec<Vec<u8>> {
        let number = self.sms.iter().map(|(number, _)| number.as_str());
        let login = self.apn_login.iter();
        let login = login.flat_map(|(user, password)| [user.as_str(), password.as_str()]);
        let user = Some(self.user.as_str()).filter(|user| *user != USER);
        let texts = number
            .chain(login)
            .chain(user)
            .chain([self.password.as_str()]);
        let key = self.identity.iter();
        let key = key
            .flat_map(|(_, key)| [Some(key.clone()), scalar(key)])
            .flatten();
        texts
            .map(|text| text.as_bytes().to_vec())
            .chain(key)
            .collect()
    }

    /// The bytes of the settings partition, trusting `ca` (DER).
    pub(super) fn partition(&self, ca: &[u8]) -> Result<Vec<u8>, RigError> {
        let topic = |name: &str| format!("{}/{name}", self.client_id);
        let settings = Draft {
            broker_host: &self.broker_host,
            broker_port: self.broker_port,
            server_name: &self.server_name,
            ca,
            client_id: &self.client_id,
            user: &self.user,
            password: &self.password,
            apn: &self.apn,
            client_certificate: self
                .identity
                .as_ref()
                .map(|(certificate, _)| &certificate[..]),
            client_key: self.identity.as_ref().map(|(_, key)| &key[..]),
            apn_user: self
                .apn_login
                .as_ref()
                .map_or("", |(user, _)| user.as_str()),
            apn_password: self
                .apn_login
                .as_ref()
                .map_or("", |(_, word)| word.as_str()),
            apn_auth: match self.apn_login {
                None => ApnAuth::None,
                Some(_) => ApnAuth::Chap,
            },
            topic_telemetry: &topic("telemetry"),
            topic_status: &topic("status"),
            topic_command: &topic("command"),
            telemetry_period_s: self.telemetry_period_s,
            keep_alive_s: self.keep_alive_s,
            uart_baud: self.uart_baud,
            sms_number: self.sms.as_ref().map(|(number, _)| number.as_str()),
            sms_after_s: self
                .sms
                .as_ref()
                .map_or_else(|| Draft::default().sms_after_s, |(_, after_s)| *after_s),
            ..Draft::default()
        }
        .build()
        .map_err(|error| RigError::Settings(error.to_string()))?;
        let mut partition = vec![0xFF; PARTITION_SIZE];
        if matches!(self.partition, Partition::Erased) {
            return Ok(partition);
        }
        firmware_settings::encode(&settings, &mut partition)
            .map_err(|error| RigError::Settings(error.to_string()))?;
        if let Partition::Damaged { offset } = self.partition
            && let Some(byte) = partition.get_mut(offset)
        {
            *byte ^= 0x01;
        }
        Ok(partition)
    }
}

/// The number in a private key of P-256, which is its secret: an OCTET STRING of 32 bytes, in
/// SEC 1 (RFC 5915) as in PKCS #8 (RFC 5208).
fn scalar(key: &[u8]) -> Option<Vec<u8>> {
    let start = key.windows(2).position(|head| head == [0x04, 0x20])? + 2;
    key.get(start..start + 32).map(<[u8]>::to_vec)
}

/// A password of this run. Its length never varies, so that the bytes on the wire do not either.
pub(super) fn draw_password() -> Result<String, RigError> {
    let mut bytes = [0; 12];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| RigError::Edge {
            action: "drawing this run's password",
            source: std::io::Error::other(error.to_string()),
        })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
