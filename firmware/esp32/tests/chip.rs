//! What only the chip can prove, one reset a test: flash, clocks, resets.
//!
//! A test whose name ends in `_across_reset` resets the chip and is asked for again after it; a
//! word in RTC memory says how far it came.
#![no_std]
#![no_main]

mod support;

#[embedded_test::tests(default_timeout = 10, executor = esp_rtos::embassy::Executor::new())]
mod tests {
    use core::hint::spin_loop;

    use embassy_futures::join::join3;
    use embassy_time::{Duration, Instant, Timer};
    use embedded_storage_async::nor_flash::{NorFlash as _, ReadNorFlash as _};
    use esp_hal::peripherals::{ADC1, FLASH, RNG};
    use esp_hal::ram;
    use esp_hal::rtc_cntl::Rtc;
    use esp_hal::timer::timg::TimerGroup;
    use firmware_app::platform::ResetReason;
    use firmware_app::telemetry::{Log, Queued, Sample, Store as _};
    use firmware_esp32::outbox::Outbox;
    use firmware_esp32::{flash, random, reset, settings, watchdog};
    use firmware_settings::{DecodeError, PARTITION_SIZE, decode};
    use portable_atomic::{AtomicU32, Ordering};

    use crate::support;

    struct Chip {
        flash: FLASH<'static>,
        rng: RNG<'static>,
        adc: ADC1<'static>,
        rtc: Rtc<'static>,
        /// Taken first of all, as the product does.
        reason: ResetReason,
    }

    #[init]
    fn init() -> Chip {
        let reason = reset::take_reason();
        let peripherals = support::chip();
        let timers = TimerGroup::new(peripherals.TIMG0);
        esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
        Chip {
            flash: peripherals.FLASH,
            rng: peripherals.RNG,
            adc: peripherals.ADC1,
            rtc: Rtc::new(peripherals.RTC_TIMER),
            reason,
        }
    }

    // Time and alarms.

    /// An alarm comes neither early nor more than a tenth of a millisecond late.
    #[test]
    async fn an_alarm_comes_on_time() {
        for wait in [1, 20, 300].map(Duration::from_millis) {
            let begin = Instant::now();
            Timer::after(wait).await;
            let slept = begin.elapsed();
            defmt::assert!(slept >= wait, "early: {} for {}", slept, wait);
            let late = slept - wait;
            defmt::assert!(late < Duration::from_micros(100), "late by {}", late);
        }
    }

    /// Whoever sets an alarm before or after others, they come in the order of their times.
    #[test]
    async fn alarms_come_in_order() {
        let begin = Instant::now();
        let at = |millis| async move {
            Timer::at(begin + Duration::from_millis(millis)).await;
            begin.elapsed().as_millis()
        };
        let woken = join3(at(30), at(10), at(20)).await;
        defmt::assert_eq!(woken, (30, 10, 20));
    }

    /// An alarm that falls due while interrupts are off comes when they are on again.
    #[test]
    async fn an_alarm_is_not_lost_while_interrupts_are_off() {
        let begin = Instant::now();
        let alarm = Timer::at(begin + Duration::from_millis(5));
        let masked = async {
            // The alarm is set by now, for it was polled first.
            critical_section::with(|_| while begin.elapsed().as_millis() < 15 {});
        };
        embassy_futures::join::join(alarm, masked).await;
        let woken = begin.elapsed();
        defmt::assert!(woken >= Duration::from_millis(15));
        defmt::assert!(woken < Duration::from_micros(15_300), "{}", woken);
    }

    /// The RTC's clock, an oscillator of its own, and the timer's agree within a tenth.
    #[test]
    async fn two_clocks_agree(chip: Chip) {
        let (timer, rtc) = (Instant::now(), chip.rtc.time_since_power_up());
        Timer::after_millis(100).await;
        let timer = timer.elapsed().as_micros();
        let rtc = (chip.rtc.time_since_power_up() - rtc).as_micros();
        defmt::info!("the timer says {} us, the RTC {} us", timer, rtc);
        defmt::assert!(timer.abs_diff(rtc) < timer / 10);
    }

    // Flash.

    /// A free place among the addresses that the flash cache serves: the last page of 64 KiB.
    const WINDOW: usize = 0x3c7f_0000;
    /// The MMU's entry for it (ESP32-C3 TRM, "System and Memory"; 128 entries of 64 KiB each).
    const ENTRY: usize = 0x600c_5000 + 127 * 4;

    /// Compares what the flash cache shows of `offset` in flash with `bytes`.
    #[expect(unsafe_code, reason = "maps a page of flash")]
    fn cache_shows(offset: usize, bytes: &[u8]) -> bool {
        // SAFETY: the entry is the last one, which no image of this size uses, and this maps it for
        // reading. Nothing of it is in the cache: it was never mapped since the reset.
        unsafe { (ENTRY as *mut u32).write_volatile((offset >> 16) as u32) };
        let page = WINDOW + (offset & 0xffff);
        bytes.iter().enumerate().all(|(index, byte)| {
            // SAFETY: mapped above; the partitions looked at do not cross a page.
            unsafe { ((page + index) as *const u8).read_volatile() == *byte }
        })
    }

    /// The settings as the SPI driver reads them are those that the flash cache shows. The board
    /// may be provisioned or not; a damaged partition is an error of the board.
    #[test]
    fn the_settings_partition_is_the_same_through_the_flash_cache(chip: Chip) {
        let mut flash = flash::open(chip.flash);
        let Ok(entry) = flash::find(&mut flash, "settings") else {
            defmt::panic!("the table has no partition settings");
        };
        defmt::assert_eq!(entry.len() as usize, PARTITION_SIZE);
        let bytes = match settings::read(&mut flash) {
            Ok(bytes) => bytes,
            Err(error) => defmt::panic!("{}", defmt::Display2Format(&error)),
        };
        defmt::assert_eq!(bytes.len(), PARTITION_SIZE);
        defmt::assert!(cache_shows(entry.offset() as usize, bytes));
        match decode(bytes) {
            Ok(_) | Err(DecodeError::Absent) => {}
            Err(error) => defmt::panic!("{}", defmt::Display2Format(&error)),
        }
    }

    /// The same for the partition table, which is never empty.
    #[test]
    fn the_partition_table_is_the_same_through_the_flash_cache(chip: Chip) {
        let mut flash = flash::open(chip.flash);
        let mut table = Words([0; 128]);
        defmt::assert!(flash.read_nor(0x8000, &mut table.0).is_ok());
        // The magic of an entry, as ESP-IDF's `gen_esp32part.py` writes it.
        defmt::assert_eq!(table.0[..2], [0xaa, 0x50]);
        defmt::assert!(cache_shows(0x8000, &table.0));
        // And a comparison that can fail.
        table.0[1] ^= 1;
        defmt::assert!(!cache_shows(0x8000, &table.0));
    }

    #[repr(align(4))]
    struct Words<const N: usize>([u8; N]);

    // Randomness.

    #[test]
    fn no_two_random_numbers_are_the_same(chip: Chip) {
        let rng = random::start(chip.rng, chip.adc);
        let (first, second) = (rng.random(), rng.random());
        defmt::assert!(first != second, "{} twice", first);
        defmt::assert!(first != 0 && first != u32::MAX);
    }

    // Resets.

    /// How far a test came before it reset the chip; a word of its own for each.
    #[ram(unstable(rtc_fast, persistent))]
    static STAGE: AtomicU32 = AtomicU32::new(0);

    /// Whether this is the start after the reset that test `word` caused. Forgets it.
    fn came_back(word: u32) -> bool {
        STAGE.swap(0, Ordering::Relaxed) == word
    }

    /// Remembers test `word` for the start that follows.
    fn leave(word: u32) {
        STAGE.store(word, Ordering::Relaxed);
    }

    fn assert_reason(chip: &Chip, expected: ResetReason) {
        defmt::assert!(chip.reason == expected, "{}", chip.reason);
        // Consumed: the next start is not to blame this one.
        defmt::assert!(reset::take_reason() != ResetReason::Panic);
    }

    /// The application's own reboot.
    #[test]
    fn a_reboot_is_told_as_software_across_reset(chip: Chip) {
        if came_back(0x5265_6201) {
            return assert_reason(&chip, ResetReason::Software);
        }
        leave(0x5265_6201);
        reset::reboot();
    }

    /// What the panic handler does, but for the halt at the debugger.
    #[test]
    fn a_panic_is_told_across_reset(chip: Chip) {
        if came_back(0x5061_6e02) {
            return assert_reason(&chip, ResetReason::Panic);
        }
        leave(0x5061_6e02);
        reset::mark_panic();
        esp_hal::system::software_reset()
    }

    /// A hart that does nothing any more, interrupts off.
    #[test]
    fn the_watchdog_bites_across_reset(chip: Chip) {
        if came_back(0x5764_6f03) {
            return assert_reason(&chip, ResetReason::Watchdog);
        }
        let begin = Instant::now();
        bite(chip.rtc, begin);
    }

    fn bite(rtc: Rtc<'static>, begin: Instant) -> ! {
        watchdog::take(rtc.rwdt);
        watchdog::last_resort();
        leave(0x5764_6f03);
        critical_section::with(|_| {
            while begin.elapsed() < Duration::from_secs(4) {
                spin_loop();
            }
        });
        leave(0);
        defmt::panic!("the watchdog did not bite within 4 s");
    }

    /// A sample that was written to flash is there after a reset. Empties the partition `outbox`.
    #[test]
    async fn a_sample_in_flash_survives_across_reset(chip: Chip) {
        let mut outbox = match Outbox::open(flash::open(chip.flash)) {
            Ok(outbox) => outbox,
            Err(error) => defmt::panic!("{}", defmt::Display2Format(&error)),
        };
        let queued = Queued {
            order: 7,
            boot: 3,
            sample: Sample {
                seq: 5,
                uptime_ms: u64::from(u32::MAX) + 1,
                time: Some(1_795_342_272),
                temp_c: Some(-4),
                ..Sample::default()
            },
        };
        if !came_back(0x4f75_7404) {
            let size = outbox.capacity() as u32;
            defmt::assert!(outbox.erase(0, size).await.is_ok());
            // One byte beyond the partition is somebody else's.
            defmt::assert!(outbox.read(size - 4, &mut [0; 8]).await.is_err());
            let Ok((mut log, _)) = Log::open(outbox) else {
                defmt::panic!("no log");
            };
            defmt::assert!(log.append(&queued).is_ok());
            leave(0x4f75_7404);
            reset::reboot();
        }
        let Ok((mut log, emptied)) = Log::open(outbox) else {
            defmt::panic!("no log after the reset");
        };
        defmt::assert!(!emptied);
        defmt::assert_eq!(log.len(), 1);
        defmt::assert!(log.next_after(None) == Ok(Some(queued)));
        defmt::assert!(log.remove_through(queued.order).is_ok());
        defmt::assert_eq!(log.len(), 0);
    }
}
