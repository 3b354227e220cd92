//! How the modem must be set up, and how that is told from what it says.

use core::fmt::{self, Write};

use firmware_settings::{Apn, ApnAuth, ModemProfile, Settings};

use crate::at::values;

/// Number of settings the driver looks after.
pub(super) const ITEMS: usize = 19;

/// The settings the modem must have, in the order in which they are read and written.
///
/// For a WH-LTE-7S1-E under host-side TLS they are those of MODEM.md 7, "Suggested
/// configuration": a transparent pipe to one TCP peer, into which the modem puts no byte of its
/// own (heartbeat, registration packet, cached data of an earlier connection), and out of which it
/// takes none (commands in the payload).
///
/// There is no `Debug`: it holds the password of the access point.
#[derive(Clone)]
pub struct Profile<'a> {
    pub(super) items: [Item<'a>; ITEMS],
    pub(super) apn: &'a Apn,
}

impl<'a> Profile<'a> {
    /// The profile for the modem, the broker and the access point that `settings` name. With an
    /// empty access point name, the modem keeps the one it has.
    pub fn from_settings(settings: &'a Settings) -> Self {
        match settings.modem {
            ModemProfile::WhLte7s1E => Self::wh_lte_7s1_e(settings),
        }
    }

    fn wh_lte_7s1_e(settings: &'a Settings) -> Self {
        use Need::{Essential, Tuning, Wanted};
        let apn = &settings.apn;
        let broker = &settings.broker;
        let fixed = |name, need, value| Item {
            name,
            need,
            value: Value::Fixed(value),
        };
        Self {
            items: [
                fixed("E", Wanted, "OFF"),
                fixed("HEARTEN", Wanted, "OFF"),
                fixed("REGEN", Wanted, "OFF"),
                fixed("WKMOD", Essential, "NET"),
                Item {
                    name: "APN",
                    need: Essential,
                    value: Value::Apn(apn),
                },
                Item {
                    name: "SOCKA",
                    need: Essential,
                    value: Value::Tcp {
                        host: &broker.host,
                        port: broker.port,
                    },
                },
                fixed("SOCKAEN", Essential, "ON"),
                fixed("SOCKBEN", Wanted, "OFF"),
                fixed("SOCKCEN", Wanted, "OFF"),
                fixed("SOCKDEN", Wanted, "OFF"),
                fixed("SOCKASL", Wanted, "LONG"),
                fixed("SDPEN", Wanted, "OFF"),
                fixed("CACHEN", Wanted, "OFF"),
                fixed("NATEN", Wanted, "OFF"),
                fixed("UATEN", Wanted, "OFF"),
                fixed("RSTIM", Wanted, "0"),
                fixed("UARTFT", Tuning, "10"),
                fixed("UARTFL", Tuning, "1024"),
                fixed("KEEPALIVEA", Tuning, "1,60,15,3"),
            ],
            apn,
        }
    }
}

/// One setting of the modem.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    /// Name of the command, without `AT+`.
    pub(super) name: &'static str,
    pub(super) need: Need,
    value: Value<'a>,
}

/// What it means when the modem does not take a setting.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing works without it.
    Essential,
    /// A modem that does not know the setting does not do what it would switch off. One that
    /// knows it must take it.
    Wanted,
    /// Better with it, and it works without.
    Tuning,
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Fixed(&'static str),
    Tcp { host: &'a str, port: u16 },
    Apn(&'a Apn),
}

impl Item<'_> {
    /// Whether the modem's answer says that nothing is to be done. Further fields of a newer
    /// firmware do not matter.
    pub(super) fn matches(&self, answer: &str) -> bool {
        let mut fields = values::fields(answer);
        match self.value {
            Value::Fixed(wanted) => wanted.split(',').all(|wanted| {
                fields
                    .next()
                    .is_some_and(|field| field.eq_ignore_ascii_case(wanted))
            }),
            Value::Tcp { host, port } => {
                fields
                    .next()
                    .is_some_and(|field| field.eq_ignore_ascii_case("TCP"))
                    && fields
                        .next()
                        .is_some_and(|field| field.eq_ignore_ascii_case(host))
                    && fields.next().is_some_and(|field| field.parse() == Ok(port))
            }
            Value::Apn(apn) if apn.name.is_empty() => true,
            Value::Apn(apn) => values::Apn::parse(answer).is_some_and(|found| {
                found.name.eq_ignore_ascii_case(&apn.name)
                    && found.user == apn.user
                    && found.password == apn.password.expose().as_str()
                    && found.auth == auth_digit(apn.auth)
            }),
        }
    }

    /// Writes the setting's value as the command takes it. The caller must not log it.
    pub(super) fn write_value(&self, line: &mut impl Write) -> fmt::Result {
        match self.value {
            Value::Fixed(wanted) => line.write_str(wanted),
            Value::Tcp { host, port } => write!(line, "TCP,{host},{port}"),
            Value::Apn(apn) => write!(
                line,
                "{},{},{},{}",
                apn.name,
                apn.user,
                apn.password.expose(),
                auth_digit(apn.auth)
            ),
        }
    }
}

const fn auth_digit(auth: ApnAuth) -> u8 {
    match auth {
        ApnAuth::None => 0,
        ApnAuth::Pap => 1,
        ApnAuth::Chap => 2,
    }
}
