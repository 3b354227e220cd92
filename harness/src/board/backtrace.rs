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

use super::chip::{ChipKind, RegionKind};
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

impl fmt::Display for CoreRegisters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; REGISTERS] = [
            "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3",
            "a4", "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11",
            "t3", "t4", "t5", "t6",
        ];
        write!(f, "{:<4} {:#010x}", "pc", self.pc)?;
        for (index, (name, value)) in NAMES.iter().zip(self.x).enumerate().skip(1) {
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

/// The stack of a core that halted with `registers`. `read` reads a word of its memory.
pub fn backtrace(
    image: &Image,
    registers: &CoreRegisters,
    mut read: impl FnMut(u32) -> Option<u32>,
) -> Vec<StackFrame> {
    let Ok(file) = object::File::parse(image.bytes()) else {
        return Vec::new();
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
    let mut returned = false;
    while stack.len() < DEPTH_LIMIT {
        // A return address is behind the call, perhaps behind the function's end.
        let lookup = unwinder.pc.saturating_sub(u32::from(returned));
        symbols.describe(unwinder.pc, lookup, &mut stack);
        if !unwinder.step(lookup, !returned, &mut read) {
            break;
        }
        returned = true;
    }
    stack
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

/// The function at `pc`, with its place, in a few words.
pub fn name_of(image: &Image, pc: u32) -> String {
    let kind = image
        .chip()
        .region_of(&(u64::from(pc)..u64::from(pc) + 2))
        .map(|region| region.kind);
    let Ok(file) = object::File::parse(image.bytes()) else {
        return format!("{pc:#010x}");
    };
    let mut stack = Vec::new();
    Symbols::new(&file).describe(pc, pc, &mut stack);
    let frame = stack.last().map(ToString::to_string).unwrap_or_default();
    match kind {
        Some(RegionKind::Flash | RegionKind::Ram) => frame,
        None => format!("{pc:#010x}, outside of the program"),
    }
}

#[cfg(test)]
#[path = "backtrace_tests.rs"]
mod tests;
