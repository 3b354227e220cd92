//! Who called whom, from the registers of a halted core, its stack, and the program's debug
//! information.
//!
//! Frames are unwound by the call frame information (DWARF, section 6.4), and where there is none
//! (hand-written assembly) along the frame pointers, which the firmware is built with.

use std::fmt;

use gimli::{
    BaseAddresses, CfaRule, DebugFrame, EndianSlice, LittleEndian, Register, RegisterRule,
    UnwindContext, UnwindSection as _,
};
use object::{Object as _, ObjectSection as _};

use super::chip::ChipKind;
use super::image::Image;
use super::log_decoder::shortened;

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Registers x0 to x31; their DWARF numbers are the same (RISC-V ELF psABI, "DWARF").
const REGISTERS: usize = 32;
const RA: usize = 1;
const SP: usize = 2;
const FP: usize = 8;
/// Registers that a function leaves as it found them (zero, sp, s0 to s11; psABI, "Integer Register
/// Convention"), and the return address, which a function without calls does not touch.
const KEPT: [usize; 15] = [0, 1, 2, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27];

/// Registers that the entry of a trap saves, in the order in which they lie in memory: `ra`, `t0` to
/// `t6`, `a0` to `a7` (`TrapFrame` of the crate riscv-rt, which esp-hal's start code uses).
const TRAP_FRAME: [usize; 16] = [1, 5, 6, 7, 28, 29, 30, 31, 10, 11, 12, 13, 14, 15, 16, 17];

/// A deeper stack than this is a loop.
const DEPTH_LIMIT: usize = 64;

/// Registers of a halted core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreRegisters {
    /// Program counter.
    pub pc: u32,
    /// x0 to x31.
    pub x: [u32; REGISTERS],
}

/// Names of x0 to x31 (psABI, "Integer Register Convention").
pub(super) const ABI_NAMES: [&str; REGISTERS] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

impl fmt::Display for CoreRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<4} {:#010x}", "pc", self.pc)?;
        for (index, (name, value)) in ABI_NAMES.iter().zip(self.x).enumerate().skip(1) {
            let separator = if index.is_multiple_of(4) { '\n' } else { ' ' };
            write!(f, "{separator}{name:<4} {value:#010x}")?;
        }
        Ok(())
    }
}

/// One function on the stack, the innermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFrame {
    /// Where it is, or where it goes on when what it called returns.
    pub pc: u32,
    /// Its name, `?` when nothing is known.
    pub function: String,
    /// Source file and line.
    pub place: Option<(String, u32)>,
    /// Whether the compiler has merged it into the one after it.
    pub inlined: bool,
}

impl fmt::Display for StackFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x} {}", self.pc, self.function)?;
        if self.inlined {
            f.write_str(" (inlined)")?;
        }
        match &self.place {
            Some((file, line)) => write!(f, " at {file}:{line}"),
            None => Ok(()),
        }
    }
}

/// The code that an exception or an interrupt has interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    /// Index of its frame in the stack: those before it belong to the trap's handler.
    pub frame: usize,
    /// Where it was: the instruction that failed, or the next one.
    pub pc: u32,
    /// x0 to x31 as it had them, as far as they can be told.
    pub x: [Option<u32>; REGISTERS],
}

/// The stack of a core, innermost function first, and what a trap on it interrupted.
pub(super) type Walk = (Vec<StackFrame>, Option<Interrupted>);

/// The stack of a core that halted with `registers`. `read` reads a word of its memory.
pub fn backtrace(
    image: &Image,
    registers: &CoreRegisters,
    read: impl FnMut(u32) -> Option<u32>,
) -> Vec<StackFrame> {
    walk(image, registers, None, read).0
}

/// The same, beyond the entry of the last trap, which has left the interrupted address in `mepc`
/// (RISC-V privileged specification).
pub(super) fn walk(
    image: &Image,
    registers: &CoreRegisters,
    mut mepc: Option<u32>,
    mut read: impl FnMut(u32) -> Option<u32>,
) -> Walk {
    let Ok(file) = object::File::parse(image.bytes()) else {
        return (Vec::new(), None);
    };
    let symbols = Symbols::new(&file);
    let section = file
        .section_by_name(".debug_frame")
        .and_then(|section| section.data().ok())
        .unwrap_or_default();
    let mut unwinder = Unwinder {
        frames: DebugFrame::new(section, LittleEndian),
        context: Box::new(UnwindContext::new()),
        chip: image.chip(),
        pc: registers.pc,
        x: registers.x.map(Some),
    };
    // Addresses in the table are 32 bits wide.
    unwinder.frames.set_address_size(4);
    let mut stack = Vec::new();
    let mut interrupted = None;
    let mut returned = false;
    while stack.len() < DEPTH_LIMIT {
        // A return address is behind the call, perhaps behind the function's end.
        let lookup = unwinder.pc.saturating_sub(u32::from(returned));
        symbols.describe(unwinder.pc, lookup, &mut stack);
        if mepc.is_some() && symbols.is_trap_entry(lookup) {
            let resumed = mepc.take().filter(|pc| unwinder.leave_trap(*pc, &mut read));
            if let Some(pc) = resumed {
                let x = unwinder.x;
                let frame = stack.len();
                interrupted = Some(Interrupted { frame, pc, x });
                returned = false;
                continue;
            }
        }
        if !unwinder.step(lookup, !returned, &mut read) {
            break;
        }
        returned = true;
    }
    (stack, interrupted)
}

struct Unwinder<'a> {
    frames: DebugFrame<Slice<'a>>,
    context: Box<UnwindContext<usize>>,
    chip: ChipKind,
    pc: u32,
    x: [Option<u32>; REGISTERS],
}

impl Unwinder<'_> {
    /// Goes to the caller; false at the end of the stack.
    fn step(
        &mut self,
        lookup: u32,
        innermost: bool,
        read: &mut impl FnMut(u32) -> Option<u32>,
    ) -> bool {
        let before = (self.pc, self.x[SP]);
        let caller = self
            .by_table(lookup, read)
            .or_else(|| self.by_frame_pointer(innermost, read));
        let Some((pc, x)) = caller else { return false };
        (self.pc, self.x) = (pc, x);
        (self.pc, self.x[SP]) != before && self.is_code(pc)
    }

    fn by_table(
        &mut self,
        lookup: u32,
        read: &mut impl FnMut(u32) -> Option<u32>,
    ) -> Option<(u32, [Option<u32>; REGISTERS])> {
        let bases = BaseAddresses::default();
        let row = self
            .frames
            .unwind_info_for_address(
                &bases,
                &mut self.context,
                lookup.into(),
                DebugFrame::cie_from_offset,
            )
            .ok()?;
        let CfaRule::RegisterAndOffset { register, offset } = row.cfa() else {
            return None;
        };
        let base = self.x.get(usize::from(register.0)).copied().flatten()?;
        let cfa = base.wrapping_add(*offset as u32);
        let mut x = [None; REGISTERS];
        for (number, value) in (0_u16..).zip(&mut x) {
            let index = usize::from(number);
            let unchanged = self.x[index];
            *value = match row.register(Register(number)) {
                Some(RegisterRule::Offset(offset)) => read(cfa.wrapping_add(offset as u32)),
                Some(RegisterRule::ValOffset(offset)) => Some(cfa.wrapping_add(offset as u32)),
                Some(RegisterRule::Register(other)) => {
                    self.x.get(usize::from(other.0)).copied().flatten()
                }
                Some(RegisterRule::SameValue) => unchanged,
                Some(RegisterRule::Undefined) | None if KEPT.contains(&index) => unchanged,
                _ => None,
            };
        }
        x[SP] = Some(cfa);
        Some((x[RA]?, x))
    }

    /// The caller's frame pointer and the return address lie below the frame pointer.
    fn by_frame_pointer(
        &self,
        innermost: bool,
        read: &mut impl FnMut(u32) -> Option<u32>,
    ) -> Option<(u32, [Option<u32>; REGISTERS])> {
        let mut x = self.x;
        if innermost && let Some(ra) = self.x[RA].filter(|ra| self.is_code(*ra)) {
            // A leaf may have no frame of its own.
            return Some((ra, x));
        }
        let fp = self.x[FP]?;
        let ra = read(fp.checked_sub(4)?)?;
        x[RA] = Some(ra);
        x[FP] = read(fp.checked_sub(8)?);
        x[SP] = Some(fp);
        Some((ra, x))
    }

    /// From the entry of a trap to the code it interrupted at `pc`: the entry has saved the
    /// registers that calls destroy at its stack pointer. False when they cannot be read.
    fn leave_trap(&mut self, pc: u32, read: &mut impl FnMut(u32) -> Option<u32>) -> bool {
        let Some(base) = self.x[SP] else { return false };
        let mut x = self.x;
        let mut address = base;
        for register in TRAP_FRAME {
            let Some(value) = read(address) else {
                return false;
            };
            x[register] = Some(value);
            address = address.wrapping_add(4);
        }
        x[SP] = Some(address);
        (self.pc, self.x) = (pc, x);
        true
    }

    fn is_code(&self, pc: u32) -> bool {
        let pc = u64::from(pc);
        self.chip
            .region_of(&(pc..pc + 2))
            .is_some_and(|region| region.executable)
    }
}

/// Names and places.
struct Symbols<'a> {
    lines: Option<addr2line::Context<Slice<'a>>>,
    map: object::read::SymbolMap<object::read::SymbolMapName<'a>>,
}

impl<'a> Symbols<'a> {
    fn new(file: &object::File<'a>) -> Self {
        let load = |id: gimli::SectionId| -> Result<Slice<'a>, gimli::Error> {
            let data = file
                .section_by_name(id.name())
                .and_then(|section| section.data().ok())
                .unwrap_or_default();
            Ok(EndianSlice::new(data, LittleEndian))
        };
        let lines = gimli::Dwarf::load(load)
            .ok()
            .and_then(|dwarf| addr2line::Context::from_dwarf(dwarf).ok());
        Self {
            lines,
            map: file.symbol_map(),
        }
    }

    /// Adds the functions at `lookup`: the innermost inlined one first.
    fn describe(&self, pc: u32, lookup: u32, stack: &mut Vec<StackFrame>) {
        let first = stack.len();
        if let Some(lines) = &self.lines
            && let Ok(mut frames) = lines.find_frames(lookup.into()).skip_all_loads()
        {
            while let Ok(Some(frame)) = frames.next() {
                let name = frame.function.and_then(|function| {
                    let name = function.demangle().ok()?;
                    Some(name.into_owned())
                });
                let place = frame.location.and_then(|location| {
                    let file = shortened(location.file?.as_ref());
                    Some((file, location.line?))
                });
                let Some(function) = name else { continue };
                stack.push(StackFrame {
                    pc,
                    function,
                    place,
                    inlined: true,
                });
            }
        }
        match stack[first..].last_mut() {
            Some(outermost) => outermost.inlined = false,
            None => stack.push(StackFrame {
                pc,
                function: self.by_symbol(lookup),
                place: None,
                inlined: false,
            }),
        }
    }

    /// Whether this is the assembly that riscv-rt enters a trap with.
    fn is_trap_entry(&self, address: u32) -> bool {
        let symbol = self.map.containing(address.into());
        symbol.is_some_and(|symbol| {
            symbol.name().contains("start_trap") && !symbol.name().contains("_rust")
        })
    }

    fn by_symbol(&self, address: u32) -> String {
        let symbol = self.map.containing(address.into());
        symbol
            // The assembler's own labels name nothing.
            .filter(|symbol| !symbol.name().starts_with(".L"))
            .map_or_else(
                || "?".to_owned(),
                |symbol| addr2line::demangle_auto(symbol.name().into(), None).into_owned(),
            )
    }
}

/// What stands in the place of a function's name where the program has no code.
pub(super) const OUTSIDE: &str = "(outside of the program)";

/// The function at `pc`, with its place.
pub fn frame_at(image: &Image, pc: u32) -> StackFrame {
    let mut stack = Vec::new();
    if is_code(image, pc)
        && let Ok(file) = object::File::parse(image.bytes())
    {
        Symbols::new(&file).describe(pc, pc, &mut stack);
    }
    stack.pop().unwrap_or_else(|| StackFrame {
        pc,
        function: OUTSIDE.to_owned(),
        place: None,
        inlined: false,
    })
}

/// Whether the chip of `image` could execute code of the program at `pc`.
pub(super) fn is_code(image: &Image, pc: u32) -> bool {
    let pc = u64::from(pc);
    let region = image.chip().region_of(&(pc..pc + 2));
    region.is_some_and(|region| region.executable)
}

#[cfg(test)]
#[path = "backtrace_tests.rs"]
mod tests;
