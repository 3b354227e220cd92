//! Ways to crash, planted so that a test bench can show that it tells each of them (feature
//! `planted-crash`; no product has it).
//!
//! The settings choose: the MQTT client identifier is the name of the fault.

use core::hint::{black_box, spin_loop};

use esp_hal::clock::CpuClock;
use esp_hal::peripherals::{GPIO10, UART1};
use esp_hal::rtc_cntl::{Rtc, Rwdt, RwdtStage, RwdtStageAction, SocResetReason};
use esp_hal::system::reset_reason;
use esp_hal::time::Duration;
use esp_hal::timer::timg::TimerGroup;
use esp_hal::uart::{Config, Uart};

use crate::{constants, flash, settings};

/// Lines of [`chatter`], of some 14 bytes each.
const CHATTER: u32 = 1500;

/// Starts the chip as the product does, as far as a crash needs it, and crashes. Comes back when
/// the settings name no fault.
pub fn run() {
    let peripherals = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let timers = TimerGroup::new(peripherals.TIMG0);
    esp_rtos::start(timers.timer0, peripherals.FROM_CPU_INTR0);
    defmt::debug!("built at {=u64} s", constants::build_time());

    let settings = match settings::read(&mut flash::open(peripherals.FLASH)) {
        Ok(bytes) => bytes,
        Err(error) => defmt::panic!("no settings: {}", defmt::Display2Format(&error)),
    };
    let settings = match firmware_settings::decode(settings) {
        Ok(settings) => settings,
        Err(error) => defmt::panic!("no settings: {}", defmt::Display2Format(&error)),
    };
    let name = settings.login.client_id.as_str();
    defmt::info!("planted: {=str}", name);
    match name {
        "hang" => hang(),
        "spin-masked" => spin_masked(),
        "jump" => jump(),
        "storm" => storm(),
        "panic" => panic(),
        "panic-with-secret" => {
            let password = settings.login.password.expose().as_str();
            tell_modem(peripherals.UART1, peripherals.GPIO10, password);
            panic_with(password);
        }
        "chatter" => chatter(),
        "watchdog" => watchdog(Rtc::new(peripherals.RTC_TIMER).rwdt),
        "reset-loop" => reset_loop(),
        "stack" => {
            black_box(stack(0));
        }
        "rom" => rom(),
        _ => defmt::error!("no such fault"),
    }
}

/// Computes for ever; interrupts are served.
#[inline(never)]
fn hang() -> ! {
    loop {
        spin_loop();
    }
}

/// Computes for ever with interrupts off.
#[inline(never)]
fn spin_masked() -> ! {
    critical_section::with(|_| {
        loop {
            spin_loop();
        }
    })
}

/// Calls a function where there is none.
#[inline(never)]
#[expect(unsafe_code, reason = "no safe way to nowhere")]
fn jump() {
    // SAFETY: it is not sound and not meant to be: the address is no memory of the chip, so that
    // the call ends in an exception before any instruction.
    let nowhere = unsafe { core::mem::transmute::<usize, extern "C" fn()>(black_box(0x5a5a_5a5a)) };
    nowhere();
    black_box(());
}

/// Traps without a trap handler.
#[inline(never)]
#[expect(unsafe_code, reason = "no safe way to an illegal instruction")]
fn storm() {
    // SAFETY: touches no memory. The trap vector leads to no memory of the chip, so nothing runs
    // after the illegal instruction.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        core::arch::asm!(
            "csrw mtvec, {vector}",
            "unimp",
            vector = in(reg) 0x5a5a_5a00_u32,
            options(nomem, nostack)
        );
    }
    black_box(());
}

#[inline(never)]
fn panic() {
    panic!("a planted panic");
}

/// Sends an AT command with `secret` in it.
fn tell_modem(uart: UART1<'static>, tx: GPIO10<'static>, secret: &str) {
    let Ok(uart) = Uart::new(uart, Config::default()) else {
        defmt::panic!("the default configuration does not fit");
    };
    let mut uart = uart.with_tx(tx);
    for piece in ["AT+PLANTED=", secret, "\r\n"] {
        let mut rest = piece.as_bytes();
        // Writes at least a byte, as soon as there is room, and fails for received bytes only.
        while let Ok(count @ 1..) = uart.write(rest) {
            rest = rest.get(count..).unwrap_or_default();
        }
    }
    let _ = uart.flush();
    defmt::info!("told the modem {=str}", secret);
}

#[inline(never)]
fn panic_with(secret: &str) {
    panic!("a planted panic about {secret}");
}

/// Computes for ever; the watchdog of 1 s ends that. The next start sleeps for ever.
#[inline(never)]
fn watchdog(mut watchdog: Rwdt) {
    if reset_reason() == Some(SocResetReason::CoreRtcWdt) {
        defmt::info!("came back");
        return;
    }
    watchdog.set_timeout(RwdtStage::Stage0, Duration::from_secs(1));
    watchdog.enable();
    watchdog.set_stage_action(RwdtStage::Stage0, RwdtStageAction::ResetCore);
    hang();
}

/// Logs more than the log's buffer holds.
fn chatter() {
    for line in 0..CHATTER {
        defmt::info!(
            "chatter {=u32} of {=u32}, a line like any other",
            line,
            CHATTER
        );
    }
    defmt::info!("chattered");
}

/// Resets as soon as it has started.
#[inline(never)]
fn reset_loop() {
    defmt::flush();
    esp_hal::system::software_reset()
}

/// Calls itself without end.
#[inline(never)]
#[expect(unconditional_recursion, reason = "this is the fault")]
fn stack(depth: u32) -> u32 {
    // With the return address and the frame pointer it is a multiple of 16 bytes, to which frames
    // are aligned: no gap in which the guard could lie.
    let frame = black_box([depth; 62]);
    stack(depth + 1).wrapping_add(frame[61])
}

/// Calls a function of the mask ROM that no firmware of this project needs.
#[inline(never)]
#[expect(unsafe_code, reason = "a function of the mask ROM")]
fn rom() {
    unsafe extern "C" {
        fn ets_bigint_enable();
    }
    // SAFETY: takes nothing, returns nothing, and switches a peripheral on that nobody uses.
    unsafe { ets_bigint_enable() }
}
