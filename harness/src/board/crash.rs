//! How a device came to its end, as data: for people [`CrashReport`] is displayed, for programs it
//! is serialised.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::ser::{SerializeMap as _, SerializeStruct as _, Serializer};

use super::backtrace::{
    ABI_NAMES, CoreRegisters, Interrupted, OUTSIDE, StackFrame, frame_at, is_code,
};
use super::error::BoardError;
use super::image::Image;
use super::probe_board::HaltReport;

/// How a device came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrashKind {
    /// The program panicked.
    Panic,
    /// The processor could not execute an instruction.
    Exception,
    /// The stack grew into what lies below it.
    StackOverflow,
    /// A watchdog has reset the chip.
    Watchdog,
    /// The supply fell too low, and the chip was reset.
    BrownOut,
    /// The processor computes without an end in sight.
    Hang,
    /// It starts again and again.
    ResetLoop,
    /// Exceptions follow each other without any progress: the trap handler itself traps.
    TrapStorm,
    /// Flash holds nothing that can be started.
    NothingToBoot,
    /// The processor stands still, nobody knows why.
    Halted,
    /// The device's process has ended.
    ProcessEnded,
    /// The program does what the simulated chip has no model for.
    NotModelled,
}

impl CrashKind {
    /// What the words of a panic are about: esp-hal turns exceptions and damaged stacks into
    /// panics (`exception_handler` of esp-hal 1).
    pub fn of_panic(words: &str) -> Self {
        const STACK: [&str; 4] = [
            "Stack overflow detected",
            "Detected a write to the main stack's guard value",
            "Detected a write to a stack guard value",
            "Detected a write to the trap/rwtext segment",
        ];
        if STACK.iter().any(|text| words.contains(text)) {
            Self::StackOverflow
        } else if words.contains("] Exception '") || words.contains("] Breakpoint exception at") {
            Self::Exception
        } else {
            Self::Panic
        }
    }

    /// Its name in reports: the serialised value.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Exception => "exception",
            Self::StackOverflow => "stack_overflow",
            Self::Watchdog => "watchdog",
            Self::BrownOut => "brown_out",
            Self::Hang => "hang",
            Self::ResetLoop => "reset_loop",
            Self::TrapStorm => "trap_storm",
            Self::NothingToBoot => "nothing_to_boot",
            Self::Halted => "halted",
            Self::ProcessEnded => "process_ended",
            Self::NotModelled => "not_modelled",
        }
    }

    /// What a message calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Exception => "exception",
            Self::StackOverflow => "stack overflow",
            Self::Watchdog => "reset by a watchdog",
            Self::BrownOut => "brown-out",
            Self::Hang => "hang",
            Self::ResetLoop => "reset loop",
            Self::TrapStorm => "trap storm",
            Self::NothingToBoot => "nothing to boot",
            Self::Halted => "halt",
            Self::ProcessEnded => "end of the process",
            Self::NotModelled => "beyond the simulated chip",
        }
    }
}

/// Registers by name, in the order of their numbers, `pc` first; those that are not known left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedRegisters(Vec<(&'static str, u32)>);

impl NamedRegisters {
    /// Every register and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.0.iter().copied()
    }

    /// The value of the register `name`, such as `sp`.
    pub fn get(&self, name: &str) -> Option<u32> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    fn new(pc: u32, x: impl IntoIterator<Item = Option<u32>>) -> Self {
        let numbered = ABI_NAMES.into_iter().zip(x).skip(1);
        let known = numbered.filter_map(|(name, value)| Some((name, value?)));
        Self(std::iter::once(("pc", pc)).chain(known).collect())
    }
}

impl From<&CoreRegisters> for NamedRegisters {
    fn from(registers: &CoreRegisters) -> Self {
        Self::new(registers.pc, registers.x.map(Some))
    }
}

impl From<&Interrupted> for NamedRegisters {
    fn from(interrupted: &Interrupted) -> Self {
        Self::new(interrupted.pc, interrupted.x)
    }
}

/// Everything that is known of a device's end. All addresses are serialised as text, `0x42010072`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CrashReport {
    /// What happened.
    pub kind: CrashKind,
    /// The device's last words, or what the bench has to say.
    pub message: String,
    /// Where: the instruction that failed, the call that panicked, else where the processor stood.
    #[serde(serialize_with = "optional_address")]
    pub pc: Option<u32>,
    /// Of an exception those of the failing instruction, else those of the halted processor.
    pub registers: NamedRegisters,
    /// The functions on the stack, the innermost first, without those that only tell of the end.
    pub frames: Vec<StackFrame>,
    /// Addresses of code in `message`, by name.
    pub mentioned: Vec<StackFrame>,
    /// Remarks: a stack pointer that points elsewhere, what could not be found out.
    pub notes: Vec<String>,
    /// The last lines of the UART's transcript, the newest last.
    pub at_lines: Vec<String>,
    /// The last lines of the device's log, the newest last.
    pub log_lines: Vec<String>,
}

impl CrashReport {
    /// An end of which no more is known than `message`.
    pub fn new(kind: CrashKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            pc: None,
            registers: NamedRegisters::default(),
            frames: Vec::new(),
            mentioned: Vec::new(),
            notes: Vec::new(),
            at_lines: Vec::new(),
            log_lines: Vec::new(),
        }
    }

    /// A panic with these words; what kind of end it stands for is told by them.
    pub fn panic(words: impl Into<String>) -> Self {
        let words = words.into();
        Self::new(CrashKind::of_panic(&words), words)
    }

    /// Adds where the processor of a device that runs `image` was, as far as `halt` tells.
    #[must_use]
    pub fn at_halt(mut self, image: &Image, halt: Result<HaltReport, BoardError>) -> Self {
        self.mentioned = named_addresses(&self.message, image);
        let halt = match halt {
            Ok(halt) => halt,
            Err(error) => {
                self.notes.push(format!("no backtrace: {error}"));
                return self;
            }
        };
        let told = after_telling(&halt.stack, halt.interrupted.as_ref());
        self.frames = halt.stack.get(told..).unwrap_or_default().to_vec();
        let interrupted = halt.interrupted.as_ref();
        let fault = interrupted.filter(|interrupted| interrupted.frame == told);
        self.registers = fault.map_or_else(|| (&halt.registers).into(), Into::into);
        self.pc = match (fault, told) {
            (Some(fault), _) => Some(fault.pc),
            (None, 0) => Some(halt.registers.pc),
            (None, _) => self.frames.first().map(|frame| frame.pc),
        };
        if let Some(frame) = self.frames.first_mut()
            && !is_code(image, frame.pc)
        {
            OUTSIDE.clone_into(&mut frame.function);
        }
        let sp = self.registers.get("sp");
        if let Some(note) = sp.and_then(|sp| stack_pointer(image, sp)) {
            // Past a guard that was not written to: what lies below was, up to the trap's code.
            if self.kind == CrashKind::TrapStorm {
                self.kind = CrashKind::StackOverflow;
            }
            self.notes.push(note);
        }
        self
    }

    /// Adds where the processor was, for a device whose stack says nothing.
    #[must_use]
    pub fn at_pc(mut self, image: &Image, pc: u32) -> Self {
        self.pc = Some(pc);
        self.frames = vec![frame_at(image, pc)];
        self
    }

    /// Applies `redact` to every text that the device has written.
    pub fn redact(&mut self, redact: impl Fn(&str) -> String) {
        self.message = redact(&self.message);
        let lines = self.at_lines.iter_mut().chain(&mut self.log_lines);
        for line in lines.chain(&mut self.notes) {
            *line = redact(line);
        }
    }

    /// Leaves out the registers whose value `is_part` of a secret.
    pub fn redact_registers(&mut self, is_part: impl Fn(u32) -> bool) {
        self.registers.0.retain(|(_, value)| !is_part(*value));
    }
}

/// Functions that a panic goes through on its way to the log: nobody looks for the fault there.
const PANIC_MACHINERY: &[&str] = &[
    "core::panicking::",
    "__defmt_default_panic",
    "defmt::export::panic",
];
/// The panic handler.
const PANIC_HANDLER: &str = "rust_begin_unwind";
/// esp-hal's function that makes a panic of an exception.
const EXCEPTION_HANDLER: &str = "ExceptionHandler";

/// How many frames of `stack` belong to the panic handler, to what it calls, and to what makes a
/// panic of an exception.
fn after_telling(stack: &[StackFrame], interrupted: Option<&Interrupted>) -> usize {
    let is_handler = |frame: &StackFrame| frame.function.contains(PANIC_HANDLER);
    let Some(handler) = stack.iter().position(is_handler) else {
        return 0;
    };
    let outside = handler + 1;
    let machinery = stack[outside..].iter().take_while(|frame| {
        PANIC_MACHINERY
            .iter()
            .any(|name| frame.function.starts_with(name))
    });
    let outside = outside + machinery.count();
    let exception = stack.get(outside).map(|frame| frame.function.as_str());
    match interrupted {
        Some(interrupted) if exception == Some(EXCEPTION_HANDLER) => interrupted.frame,
        _ => outside,
    }
}

/// The places in code that `words` tell as numbers: an exception's `mepc=0x…` and `ra: …`.
fn named_addresses(words: &str, image: &Image) -> Vec<StackFrame> {
    let hexadecimal = words.split("0x").skip(1).filter_map(|tail| {
        let digits = tail.get(..8)?;
        u32::from_str_radix(digits, 16).ok()
    });
    let decimal = words.split("{ ra: ").skip(1).filter_map(|tail| {
        let end = tail.find(|c: char| !c.is_ascii_digit())?;
        tail[..end].parse().ok()
    });
    let addresses = hexadecimal.chain(decimal);
    let addresses: BTreeSet<u32> = addresses.filter(|&pc| is_code(image, pc)).collect();
    addresses
        .into_iter()
        .map(|pc| frame_at(image, pc))
        .collect()
}

/// Says so when the stack pointer is not within the program's stack (symbols of esp-hal's linker
/// scripts).
fn stack_pointer(image: &Image, sp: u32) -> Option<String> {
    let address = |name| Some(image.symbol(name)?.0);
    let (low, high) = (address("_stack_end")?, address("_stack_start")?);
    let outside = !(low..=high).contains(&u64::from(sp));
    outside
        .then(|| format!("sp {sp:#010x} is outside of the main stack, {low:#010x} to {high:#010x}"))
}

fn optional_address<S: Serializer>(pc: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
    match pc {
        Some(pc) => serializer.collect_str(&format_args!("{pc:#010x}")),
        None => serializer.serialize_none(),
    }
}

impl Serialize for NamedRegisters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, &format!("{value:#010x}"))?;
        }
        map.end()
    }
}

impl Serialize for StackFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (file, line) = self.place.as_ref().map(|(file, line)| (file, line)).unzip();
        let mut frame = serializer.serialize_struct("StackFrame", 5)?;
        frame.serialize_field("pc", &format!("{:#010x}", self.pc))?;
        frame.serialize_field("function", &self.function)?;
        frame.serialize_field("file", &file)?;
        frame.serialize_field("line", &line)?;
        frame.serialize_field("inlined", &self.inlined)?;
        frame.end()
    }
}

#[cfg(test)]
#[path = "crash_tests.rs"]
mod tests;
