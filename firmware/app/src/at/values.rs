//! What stands behind the colon of `+CMD:`.
//!
//! Each reader takes the `fields` of an [`Event::Value`](super::Event::Value) and returns `None`
//! if they are not what the command answers with.

use core::fmt;

/// Splits `text` at commas outside quotes, without the spaces around a field and without one pair
/// of quotes around it.
pub fn fields(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let line = rest?;
        let mut quoted = false;
        let end = line.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        let field = match end {
            Some(end) => {
                rest = Some(&line[end + 1..]);
                &line[..end]
            }
            None => {
                rest = None;
                line
            }
        };
        Some(unquote(field.trim()))
    })
}

fn unquote(field: &str) -> &str {
    field
        .strip_prefix('"')
        .and_then(|field| field.strip_suffix('"'))
        .unwrap_or(field)
}

/// Signal strength, from `+CSQ:` (MODEM.md 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csq {
    /// 0 to 31, or 99 = no signal known.
    pub rssi: u8,
    /// Bit error rate class, 0 to 7, or 99 = unknown.
    pub ber: u8,
}

impl Csq {
    /// No signal known.
    pub const UNKNOWN: Self = Self { rssi: 99, ber: 99 };

    /// Reads `18,99`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = fields(text);
        let rssi = fields
            .next()?
            .parse()
            .ok()
            .filter(|rssi| matches!(rssi, 0..=31 | 99))?;
        let ber = match fields.next() {
            None | Some("") => 99,
            Some(ber) => ber.parse().ok().filter(|ber| matches!(ber, 0..=7 | 99))?,
        };
        Some(Self { rssi, ber })
    }

    /// Received power in dBm, -113 to -51.
    pub fn dbm(self) -> Option<i16> {
        (self.rssi != 99).then(|| 2 * i16::from(self.rssi) - 113)
    }
}

/// Service and radio, from `+SYSINFO:`. Firmware of 2021 says 2 for GSM and 4 for LTE, newer
/// firmware says 2 for service and names the radio in the second field: any number but 0 is
/// service, and the radio is taken from the text (MODEM.md 0.3, item 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SysInfo {
    /// Whether there is data service.
    pub service: bool,
    /// Radio access technology.
    pub rat: Rat,
}

impl SysInfo {
    /// Reads `2,LTE`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = fields(text);
        let code: u8 = fields.next()?.parse().ok()?;
        let mode = fields.next().unwrap_or_default().as_bytes();
        let starts = |name: &str| {
            mode.get(..name.len())
                .is_some_and(|mode| mode.eq_ignore_ascii_case(name.as_bytes()))
        };
        let rat = if starts("LTE") {
            Rat::Lte
        } else if starts("GSM") || starts("GPRS") || starts("EDGE") {
            Rat::Gsm
        } else {
            Rat::Unknown
        };
        Some(Self {
            service: code != 0,
            rat,
        })
    }
}

/// Radio access technology, from the second field of `+SYSINFO` (MODEM.md 0.3, item 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rat {
    /// LTE.
    Lte,
    /// GSM or GPRS.
    Gsm,
    /// Anything else.
    Unknown,
}

impl Rat {
    /// `"lte"`, `"gsm"` or `"unknown"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lte => "lte",
            Self::Gsm => "gsm",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Rat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a socket is connected, from `+SOCKALK:`. The family says `Connected`, `connected` or
/// `ON` (MODEM.md 3.4).
pub fn connected(text: &str) -> Option<bool> {
    let state = fields(text).next()?;
    if state.eq_ignore_ascii_case("Connected") || state.eq_ignore_ascii_case("ON") {
        Some(true)
    } else if state.eq_ignore_ascii_case("Disconnected") || state.eq_ignore_ascii_case("OFF") {
        Some(false)
    } else {
        None
    }
}

/// Access point, from `+APN:` (MODEM.md 3.2). There is no `Debug`: it holds a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Apn<'a> {
    /// Access point name.
    pub name: &'a str,
    /// User.
    pub user: &'a str,
    /// Password.
    pub password: &'a str,
    /// 0 none, 1 PAP, 2 CHAP.
    pub auth: u8,
}

impl<'a> Apn<'a> {
    /// Reads `CMNET,,,0`. Missing fields are empty, a missing authentication is 0; a fifth field
    /// of newer firmware is ignored.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut fields = fields(text);
        let mut next = || fields.next().unwrap_or_default();
        let (name, user, password) = (next(), next(), next());
        let auth = match next() {
            "" => 0,
            auth => auth.parse().ok()?,
        };
        Some(Self {
            name,
            user,
            password,
            auth,
        })
    }
}

/// Network time, from `+CCLK: "yy/MM/dd,hh:mm:ss+zz"`, in seconds since 1970-01-01 UTC.
///
/// The clock shows local time; `zz` is its offset from UTC in quarter hours. Before the network
/// has told the time, the modem shows a year such as 70 or 80: years outside 25 to 60 are `None`.
pub fn cclk(text: &str) -> Option<u64> {
    let text = unquote(text.trim());
    let (date, time) = text.split_once(',')?;
    let mut date = date.splitn(3, '/').map(two_digits);
    let year = date.next()?.filter(|year| matches!(year, 25..=60))?;
    let month = date.next()?.filter(|month| matches!(month, 1..=12))?;
    let day = date
        .next()?
        .filter(|day| (1..=days_in_month(year, month)).contains(day))?;

    let sign = time.find(['+', '-']);
    let (time, zone) = sign.map_or((time, "+0"), |at| time.split_at(at));
    let quarters: i64 = zone
        .parse()
        .ok()
        .filter(|quarters| matches!(quarters, -48..=56))?;
    let mut time = time.splitn(3, ':').map(two_digits);
    let hour = time.next()?.filter(|hour| *hour < 24)?;
    let minute = time.next()?.filter(|minute| *minute < 60)?;
    let second = time.next()?.filter(|second| *second < 60)?;

    let local = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    u64::try_from(local - quarters * 900).ok()
}

/// One or two digits.
fn two_digits(text: &str) -> Option<i64> {
    let digits = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Days in a month of the year 2000 + `year`; from 2025 to 2060 every fourth year is a leap year.
const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    /// Days from 1970-01-01 to 2000-01-01.
    const EPOCH: i64 = 10_957;
    // 2000 was a leap year itself.
    let years = year * 365 + (year + 3) / 4;
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    EPOCH + years + months + day - 1
}
