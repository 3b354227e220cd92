//! Facts of the board: boot id, reset reason, temperature, build time.

use esp_hal::gpio::{DriveMode, Level, Output, OutputConfig};
use esp_hal::peripherals::GPIO4;
use firmware_app::platform::{ResetReason, System};

use crate::constants::build_time;
use crate::{sentinel, stack};

/// Chips whose temperature sensor esp-hal drives.
#[cfg(any(feature = "esp32c3", feature = "esp32c6"))]
mod sensor {
    use esp_hal::peripherals::TSENS;
    use esp_hal::tsens::{Config, TemperatureSensor};

    /// The sensor, once it is switched on.
    pub(crate) struct Sensor(TemperatureSensor<'static>);

    impl Sensor {
        /// Switches the sensor on. It settles within some 100 us.
        pub(crate) fn start(peripheral: TSENS<'static>) -> Option<Self> {
            TemperatureSensor::new(peripheral, Config::default())
                .ok()
                .map(Self)
        }

        /// Degrees Celsius, rounded.
        pub(crate) fn celsius(&self) -> i16 {
            let reading = self.0.get_temperature();
            // esp-hal's formula (raw * 0.4386 - offset * 27.88 - 20.52) in hundredths of a
            // percent of a degree: these chips have no floating-point unit.
            let scaled =
                i32::from(reading.raw_value) * 4386 - i32::from(reading.offset) * 278_800 - 205_200;
            let rounded = (scaled + 5000).div_euclid(10_000);
            // -48 to 176 for any raw value and the offsets of the chip, -2 to 2.
            rounded as i16
        }
    }
}

#[cfg(not(any(feature = "esp32c3", feature = "esp32c6")))]
mod sensor {
    /// These chips have none, or esp-hal does not drive it.
    pub(crate) enum Sensor {}

    impl Sensor {
        pub(crate) fn celsius(&self) -> i16 {
            match *self {}
        }
    }
}

pub(crate) use sensor::Sensor;

/// The board, as the application takes it.
pub(crate) struct Board {
    boot_id: u32,
    reset_reason: ResetReason,
    sensor: Option<Sensor>,
    /// Open drain: the modem pulls the line up to its own supply.
    modem_reset: Output<'static>,
}

impl Board {
    /// `boot_id` is drawn anew at each reset.
    pub(crate) fn new(
        boot_id: u32,
        reset_reason: ResetReason,
        sensor: Option<Sensor>,
        modem_reset: GPIO4<'static>,
    ) -> Self {
        let open_drain = OutputConfig::default().with_drive_mode(DriveMode::OpenDrain);
        Self {
            boot_id,
            reset_reason,
            sensor,
            modem_reset: Output::new(modem_reset, Level::High, open_drain),
        }
    }
}

impl System for Board {
    fn boot_id(&self) -> u32 {
        self.boot_id
    }

    fn reset_reason(&self) -> ResetReason {
        self.reset_reason
    }

    fn temperature_c(&mut self) -> Option<i16> {
        self.sensor.as_ref().map(Sensor::celsius)
    }

    fn build_time(&self) -> u64 {
        build_time()
    }

    fn handshake(&mut self, running: bool) {
        if running {
            stack::restart();
            sentinel::begin();
        } else {
            sentinel::end().tell();
            defmt::info!(
                "stack: high-water {=usize} bytes in the handshake, {=usize} ever, of {=usize}",
                stack::high_water(),
                stack::high_water_ever(),
                stack::size()
            );
        }
    }

    fn pull_modem_reset(&mut self, pull: bool) -> bool {
        let level = if pull { Level::Low } else { Level::High };
        self.modem_reset.set_level(level);
        true
    }
}
