//! What is said of a device that came to its end: where it was, and how it got there.

use std::collections::BTreeSet;

use crate::board::{BoardError, HaltReport, Image, StackFrame, name_of};

/// Frames that are shown; of an endless recursion the first say it all.
const FRAMES: usize = 16;

/// Functions that a panic goes through on its way to the log: nobody looks for the fault there.
const PANIC_MACHINERY: &[&str] = &[
    "core::panicking::",
    "__defmt_default_panic",
    "defmt::export::panic",
];
/// The panic handler.
const PANIC_HANDLER: &str = "rust_begin_unwind";

/// `words`, then the code addresses in them by name, then the stack.
pub(super) fn tell(
    words: &str,
    image: &Image,
    report: Result<HaltReport, BoardError>,
    pc: u32,
) -> String {
    let mut lines = vec![words.to_owned()];
    lines.extend(named_addresses(words, image));
    match report {
        Ok(report) => {
            let stack = without_panic(&report.stack);
            if stack.len() == report.stack.len() {
                lines.push(format!("pc {}", name_of(image, report.registers.pc)));
            }
            lines.extend(stack_pointer(image, report.registers.x[2]));
            lines.extend(folded(stack));
        }
        Err(error) => {
            lines.push(format!("pc {}", name_of(image, pc)));
            lines.push(format!("(no backtrace: {error})"));
        }
    }
    lines.join("\n  ")
}

/// The frames of `stack` outside of the panic handler and of what it calls.
fn without_panic(stack: &[StackFrame]) -> &[StackFrame] {
    let Some(handler) = stack
        .iter()
        .position(|frame| frame.function.contains(PANIC_HANDLER))
    else {
        return stack;
    };
    let outside = &stack[handler + 1..];
    let machinery = outside
        .iter()
        .take_while(|frame| {
            PANIC_MACHINERY
                .iter()
                .any(|name| frame.function.starts_with(name))
        })
        .count();
    &outside[machinery..]
}

/// A line for each function, one for those that call themselves.
fn folded(stack: &[StackFrame]) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for frame in stack {
        let line = frame.to_string();
        match lines.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => lines.push((line, 1)),
        }
    }
    let hidden = lines.len().saturating_sub(FRAMES);
    let mut shown: Vec<String> = lines
        .into_iter()
        .take(FRAMES)
        .map(|(line, count)| match count {
            1 => line,
            count => format!("{line} ({count} times in a row, or more)"),
        })
        .collect();
    if hidden > 0 {
        shown.push(format!("... {hidden} more"));
    }
    shown
}

/// Names of the places in code that `words` tell as numbers: an exception's `mepc=0x…` and
/// `ra: …`, which no unwinding gets at.
fn named_addresses(words: &str, image: &Image) -> Vec<String> {
    let hexadecimal = words.split("0x").skip(1).filter_map(|tail| {
        let digits = tail.get(..8)?;
        u32::from_str_radix(digits, 16).ok()
    });
    let decimal = words.split("{ ra: ").skip(1).filter_map(|tail| {
        let end = tail.find(|c: char| !c.is_ascii_digit())?;
        tail[..end].parse().ok()
    });
    let addresses: BTreeSet<u32> = hexadecimal
        .chain(decimal)
        .filter(|&pc| is_code(image, pc))
        .collect();
    addresses
        .into_iter()
        .map(|pc| format!("mentioned: {}", name_of(image, pc)))
        .collect()
}

fn is_code(image: &Image, pc: u32) -> bool {
    let pc = u64::from(pc);
    let region = image.chip().region_of(&(pc..pc + 2));
    region.is_some_and(|region| region.executable)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(function: &str) -> StackFrame {
        StackFrame {
            pc: 0x4200_0000,
            function: function.to_owned(),
            place: None,
            inlined: false,
        }
    }

    #[test]
    fn a_panic_is_shown_from_its_cause_on() {
        let stack = [
            "defmt_rtt::release",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::panicking::panic",
            "firmware::fault",
            "main",
        ]
        .map(frame);
        assert_eq!(without_panic(&stack), &stack[4..]);
        assert_eq!(without_panic(&stack[4..]), &stack[4..]);
    }

    #[test]
    fn a_recursion_is_one_line_and_a_deep_stack_is_cut() {
        let mut stack = vec![frame("again"); 40];
        stack.extend((0..20).map(|n| frame(&format!("f{n}"))));
        let lines = folded(&stack);
        assert_eq!(lines[0], "0x42000000 again (40 times in a row, or more)");
        assert_eq!(lines[1], "0x42000000 f0");
        assert_eq!(lines.len(), FRAMES + 1);
        assert_eq!(lines[FRAMES], "... 5 more");
    }
}
