//! Faults as text, for the command line and for the line that repeats a run.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::error::FaultError;
use super::spec::{BrokerFault, Effect, Fault, ModemFault, NetFault, UartFault, Way, Window};
use super::unit::{duration, write_duration};

/// Every kind, for the message about an unknown one.
const UART: &str = "loss=SHARE, corrupt=SHARE, duplicate=SHARE, noise=BYTES-A-SECOND, stall, \
                    baud=RATE, zeros";
const NET: &str = "latency=TIME, jitter=TIME, bandwidth=BYTES-A-SECOND, stall, half-open, \
                   reset[=BYTES], close[=BYTES], truncate=BYTES, corrupt=SHARE, refuse, dns";
const BROKER: &str = "down, flood=MESSAGES, disconnect=REASON, malformed";
const MODEM: &str = "reset[=BYTES-SENT], off, stall, late=TIME";

impl FromStr for Fault {
    type Err = FaultError;

    /// `WHERE:WHAT[=VALUE][@FROM[..TO]]`.
    ///
    /// `WHERE` is `uart`, `uart.to-device`, `uart.to-modem`, `net`, `broker` or `modem`. Without `@` it lasts
    /// from power-up on, without `..TO` it does not end.
    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text).map_err(|reason| FaultError {
            text: text.to_owned(),
            reason,
        })
    }
}

fn read(text: &str) -> Result<Fault, String> {
    let (what, when) = match text.split_once('@') {
        Some((what, when)) => (what, Some(when)),
        None => (text, None),
    };
    let (place, kind) = what.split_once(':').ok_or_else(|| {
        format!(
            "it has no `:` between where and what; there are `uart`, `uart.to-device` and \
                 `uart.to-modem` with {UART}; `net` with {NET}; `broker` with {BROKER}; `modem` with {MODEM}"
        )
    })?;
    let (kind, value) = match kind.split_once('=') {
        Some((kind, value)) => (kind, Some(value)),
        None => (kind, None),
    };
    let value = Value { kind, value };
    let effect = match place {
        "uart" => Effect::Uart(Way::Both, uart(&value)?),
        "uart.to-device" => Effect::Uart(Way::ToDevice, uart(&value)?),
        "uart.to-modem" => Effect::Uart(Way::ToModem, uart(&value)?),
        "net" => Effect::Net(net(&value)?),
        "broker" => Effect::Broker(broker(&value)?),
        "modem" => Effect::Modem(modem(&value)?),
        _ => {
            return Err(format!(
                "there is no place `{place}`: it is uart, uart.to-device, uart.to-modem, net, \
                 broker or modem"
            ));
        }
    };
    let window = when.map_or_else(|| Ok(Window::default()), window)?;
    if window.to.is_none() && effect.needs_end() {
        return Err(format!(
            "`{kind}` for ever leaves nothing to see: say until when, `@1s..2s`"
        ));
    }
    Ok(Fault { effect, window })
}

fn window(text: &str) -> Result<Window, String> {
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (duration(from)?, Some(duration(to)?)),
        None => (duration(text)?, None),
    };
    if to.is_some_and(|to| to <= from) {
        return Err(format!("`{text}` ends before it begins"));
    }
    Ok(Window { from, to })
}

fn uart(value: &Value<'_>) -> Result<UartFault, String> {
    Ok(match value.kind {
        "loss" => UartFault::Loss(value.of(str::parse)?),
        "corrupt" => UartFault::Corrupt(value.of(str::parse)?),
        "duplicate" => UartFault::Duplicate(value.of(str::parse)?),
        "noise" => UartFault::Noise(value.number()?),
        "stall" => value.none(UartFault::Stall)?,
        "baud" => UartFault::Baud(value.number()?),
        "zeros" => value.none(UartFault::Zeros)?,
        kind => return Err(unknown(kind, "the UART", UART)),
    })
}

fn net(value: &Value<'_>) -> Result<NetFault, String> {
    Ok(match value.kind {
        "latency" => NetFault::Latency(value.of(duration)?),
        "jitter" => NetFault::Jitter(value.of(duration)?),
        "bandwidth" => NetFault::Bandwidth(value.number()?),
        "stall" => value.none(NetFault::Stall)?,
        "half-open" => value.none(NetFault::HalfOpen)?,
        "reset" => NetFault::Reset(value.count()?),
        "close" => NetFault::Close(value.count()?),
        "truncate" => NetFault::Truncate(value.number()?.into()),
        "corrupt" => NetFault::Corrupt(value.of(str::parse)?),
        "refuse" => value.none(NetFault::Refuse)?,
        "dns" => value.none(NetFault::Dns)?,
        kind => return Err(unknown(kind, "the network", NET)),
    })
}

fn broker(value: &Value<'_>) -> Result<BrokerFault, String> {
    Ok(match value.kind {
        "down" => value.none(BrokerFault::Down)?,
        "flood" => BrokerFault::Flood(value.number()?),
        "disconnect" => BrokerFault::Disconnect(value.of(reason)?),
        "malformed" => value.none(BrokerFault::Malformed)?,
        kind => return Err(unknown(kind, "the broker", BROKER)),
    })
}

/// A reason code of MQTT 5, as the standard writes it.
fn reason(text: &str) -> Result<u8, String> {
    let code = text
        .strip_prefix("0x")
        .and_then(|hex| u8::from_str_radix(hex, 16).ok());
    code.ok_or_else(|| format!("`{text}` is no reason code, which is written `0x8e`"))
}

fn modem(value: &Value<'_>) -> Result<ModemFault, String> {
    Ok(match value.kind {
        "reset" => ModemFault::Reset(value.count()?),
        "off" => value.none(ModemFault::Off)?,
        "stall" => value.none(ModemFault::Stall)?,
        "late" => ModemFault::Late(value.of(duration)?),
        kind => return Err(unknown(kind, "the modem", MODEM)),
    })
}

fn unknown(kind: &str, place: &str, known: &str) -> String {
    format!("`{kind}` is nothing that happens to {place}; known: {known}")
}

struct Value<'a> {
    kind: &'a str,
    value: Option<&'a str>,
}

impl Value<'_> {
    fn of<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, String> {
        let missing = || format!("`{}` needs a value: `{0}=…`", self.kind);
        read(self.value.ok_or_else(missing)?)
    }

    /// From 1 on: nothing here makes sense with 0.
    fn number(&self) -> Result<u32, String> {
        self.of(|text| {
            let number = text.parse().ok().filter(|number| *number > 0);
            number.ok_or_else(|| format!("`{text}` is no whole number from 1 to {}", u32::MAX))
        })
    }

    fn count(&self) -> Result<Option<u64>, String> {
        self.value.map(|_| self.number().map(u64::from)).transpose()
    }

    fn none<T>(&self, result: T) -> Result<T, String> {
        match self.value {
            None => Ok(result),
            Some(value) => Err(format!("`{}` takes no value, here `{value}`", self.kind)),
        }
    }
}

impl Effect {
    /// Whether it only makes sense with an end.
    const fn needs_end(self) -> bool {
        matches!(
            self,
            Self::Uart(_, UartFault::Stall | UartFault::Zeros)
                | Self::Net(NetFault::Stall)
                | Self::Broker(BrokerFault::Down)
                | Self::Modem(ModemFault::Off | ModemFault::Stall | ModemFault::Late(_))
        )
    }
}

impl fmt::Display for Fault {
    /// As [`from_str`](FromStr::from_str) reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.effect)?;
        let Window { from, to } = self.window;
        if from > Duration::ZERO || to.is_some() {
            f.write_str("@")?;
            write_duration(f, from)?;
        }
        if let Some(to) = to {
            f.write_str("..")?;
            write_duration(f, to)?;
        }
        Ok(())
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uart(way, fault) => {
                f.write_str(match way {
                    Way::ToModem => "uart.to-modem:",
                    Way::ToDevice => "uart.to-device:",
                    Way::Both => "uart:",
                })?;
                match fault {
                    UartFault::Loss(rate) => write!(f, "loss={rate}"),
                    UartFault::Corrupt(rate) => write!(f, "corrupt={rate}"),
                    UartFault::Duplicate(rate) => write!(f, "duplicate={rate}"),
                    UartFault::Noise(bytes) => write!(f, "noise={bytes}"),
                    UartFault::Stall => f.write_str("stall"),
                    UartFault::Baud(baud) => write!(f, "baud={baud}"),
                    UartFault::Zeros => f.write_str("zeros"),
                }
            }
            Self::Net(fault) => write_net(f, *fault),
            Self::Broker(BrokerFault::Down) => f.write_str("broker:down"),
            Self::Broker(BrokerFault::Flood(messages)) => write!(f, "broker:flood={messages}"),
            Self::Broker(BrokerFault::Disconnect(reason)) => {
                write!(f, "broker:disconnect={reason:#04x}")
            }
            Self::Broker(BrokerFault::Malformed) => f.write_str("broker:malformed"),
            Self::Modem(ModemFault::Reset(None)) => f.write_str("modem:reset"),
            Self::Modem(ModemFault::Reset(Some(bytes))) => write!(f, "modem:reset={bytes}"),
            Self::Modem(ModemFault::Off) => f.write_str("modem:off"),
            Self::Modem(ModemFault::Stall) => f.write_str("modem:stall"),
            Self::Modem(ModemFault::Late(time)) => {
                f.write_str("modem:late=")?;
                write_duration(f, *time)
            }
        }
    }
}

fn write_net(f: &mut fmt::Formatter<'_>, fault: NetFault) -> fmt::Result {
    f.write_str("net:")?;
    match fault {
        NetFault::Latency(time) => {
            f.write_str("latency=")?;
            write_duration(f, time)
        }
        NetFault::Jitter(time) => {
            f.write_str("jitter=")?;
            write_duration(f, time)
        }
        NetFault::Bandwidth(bytes) => write!(f, "bandwidth={bytes}"),
        NetFault::Stall => f.write_str("stall"),
        NetFault::HalfOpen => f.write_str("half-open"),
        NetFault::Reset(None) => f.write_str("reset"),
        NetFault::Reset(Some(bytes)) => write!(f, "reset={bytes}"),
        NetFault::Close(None) => f.write_str("close"),
        NetFault::Close(Some(bytes)) => write!(f, "close={bytes}"),
        NetFault::Truncate(bytes) => write!(f, "truncate={bytes}"),
        NetFault::Corrupt(rate) => write!(f, "corrupt={rate}"),
        NetFault::Refuse => f.write_str("refuse"),
        NetFault::Dns => f.write_str("dns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_written_as_it_is_read() {
        for text in [
            "uart:loss=0.5%",
            "uart.to-device:corrupt=1%@30s",
            "uart.to-modem:duplicate=2%@1500ms..2s",
            "uart:noise=20@1min..2min",
            "uart:stall@1s..2s",
            "uart:baud=9600",
            "uart.to-device:zeros@0s..1s",
            "net:latency=300ms",
            "net:jitter=250us",
            "net:bandwidth=2000",
            "net:stall@1s..2s",
            "net:half-open@10s",
            "net:reset@10s",
            "net:reset=700",
            "net:close=1",
            "net:truncate=4096",
            "net:corrupt=0.01%",
            "net:refuse@0s..1min",
            "net:dns",
            "broker:down@1min..3min",
            "broker:flood=50@1min",
            "broker:disconnect=0x8e@1min",
            "broker:malformed@1min",
            "modem:reset=17@1min",
            "modem:off@10s..11s",
            "modem:stall@10s..1min",
            "modem:late=2s@10s..1min",
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn what_is_wrong_with_a_fault_is_said() {
        for (text, words) in [
            ("", "no `:`"),
            ("uart", "no `:`"),
            ("usb:loss=1%", "no place `usb`"),
            ("uart:lose=1%", "known: loss=SHARE"),
            ("uart:loss", "`loss` needs a value"),
            ("uart:loss=2", "`2` is no share"),
            ("uart:stall=1s@1s..2s", "takes no value"),
            ("uart:stall", "say until when"),
            ("net:bandwidth=0", "no whole number"),
            ("net:latency=fast", "`fast` is no time"),
            ("net:stall@2s..1s", "ends before it begins"),
            ("broker:disconnect=142", "no reason code"),
            ("modem:late=1s@5s", "say until when"),
            (
                "broker:explode",
                "known: down, flood=MESSAGES, disconnect=REASON",
            ),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
