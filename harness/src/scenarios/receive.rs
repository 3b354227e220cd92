//! The receive path keeps up with the line.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness_macros::scenario;

use super::modem_settings;
use crate::rig::Rig;

const MINUTE: Duration = Duration::from_secs(60);

/// Brings the device to its first telemetry at `baud`. Nothing but time depends on the rate, so all
/// rates share their snapshots.
async fn certificate_flight(rig: &mut Rig, baud: u32) -> Result<()> {
    rig.device().uart_baud = baud;
    let line = format!("{baud},8,1,NONE,NONE");
    rig.modem().initial = modem_settings(&[("UART", &line)])?;
    rig.boot().await?;
    let first = rig
        .broker()
        .message("+/telemetry")
        .within(2 * MINUTE)
        .await?;
    let lost = overruns(&first.message.payload)?;
    ensure!(lost == 0, "the device lost {lost} bytes at {baud} baud");
    // Losses that did no harm this time: the bench sees them before the device does.
    let losses = rig.losses();
    ensure!(losses.is_empty(), "at {baud} baud: {}", losses.join("; "));
    rig.snapshot_at("U_certificate_flight")?;
    rig.snapshot_mqtt("U_certificate_flight")?;
    rig.snapshot_tls("U_certificate_flight")
}

/// The count of lost bytes in a telemetry payload.
fn overruns(payload: &[u8]) -> Result<u64> {
    let sample: serde_json::Value = serde_json::from_slice(payload)
        .with_context(|| format!("telemetry is not JSON: {}", payload.escape_ascii()))?;
    sample["rx_overruns"]
        .as_u64()
        .with_context(|| format!("telemetry has no `rx_overruns`: {sample}"))
}

/// The field report: short AT replies always come through, but the TLS handshake never ends, and
/// "large packets are unstable". The server's certificates are the first long burst: the modem
/// writes them without a pause, 87 us a byte, and it has no RTS/CTS pins to be stopped by. The
/// hardware holds 128 bytes, 11 ms; a key exchange keeps the processor busy for 40 ms. Whoever
/// empties the FIFO from the program that computes comes too late, the FIFO drops bytes without a
/// word, and TLS waits for the rest of a record that has come and gone. The device empties the FIFO
/// in an interrupt into a ring of 8 KB, and counts what is lost all the same: `rx_overruns` in its
/// telemetry, `uart: at least 129 bytes lost` in its log. On a bench: compare the server's bytes on
/// a logic analyser at the RX pin with the length the TLS records announce; the line is complete,
/// the program is what loses.
#[scenario(
    id = "U01",
    title = "certificate flight at 115200 baud",
    origin = "MODEM.md T20 and field report of 19/02/2026"
)]
async fn certificate_flight_115200(rig: &mut Rig) -> Result<()> {
    certificate_flight(rig, 115_200).await
}

/// The same at four times the rate: a byte takes 22 us and the FIFO is full after 2.8 ms. No
/// computation of the handshake is that short, so only an interrupt can keep up, and it must be
/// served within 1.4 ms of the moment when half the FIFO is full. On a bench: whatever masks
/// interrupts for long, such as writing flash, shows here first, as `rx_overruns` above 0.
#[scenario(
    id = "U02",
    title = "certificate flight at 460800 baud",
    origin = "MODEM.md T20 and field report of 19/02/2026"
)]
async fn certificate_flight_460800(rig: &mut Rig) -> Result<()> {
    certificate_flight(rig, 460_800).await
}

/// The modem's fastest rate: 11 us a byte, 1.4 ms for the FIFO, 0.7 ms for the interrupt. The
/// whole flight is in the ring before the key exchange is over. A wire that is too long or a
/// divider that does not fit shows here as well, but as damaged bytes: they come, and are wrong.
/// `rx_overruns` tells these two apart.
#[scenario(
    id = "U03",
    title = "certificate flight at 921600 baud",
    origin = "MODEM.md T20 and field report of 19/02/2026"
)]
async fn certificate_flight_921600(rig: &mut Rig) -> Result<()> {
    certificate_flight(rig, 921_600).await
}
