//! Cryptographic randomness.

use esp_hal::peripherals::{ADC1, RNG};
use esp_hal::rng::{Trng, TrngSource};
use static_cell::StaticCell;

static SOURCE: StaticCell<TrngSource<'static>> = StaticCell::new();

/// Feeds the generator from the converter's noise and hands it out.
///
/// Without radio the generator of these chips is fed by nothing but its clock: a pseudo-random
/// sequence, unfit for keys. The noise of the analogue converter makes it a true one (ESP-IDF
/// documentation, "Random Number Generation"), which is why ADC1 is taken for good.
pub fn start(rng: RNG<'static>, adc: ADC1<'static>) -> Trng {
    SOURCE.init(TrngSource::new(rng, adc));
    match Trng::try_new() {
        Ok(trng) => trng,
        // The source was switched on in the line above and is never dropped.
        Err(error) => defmt::panic!("no true random numbers: {}", error),
    }
}
