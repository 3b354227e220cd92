//! A device's end as a person reads it.

use std::fmt;

use super::backtrace::StackFrame;
use super::crash::CrashReport;

/// Frames that are shown; of an endless recursion the first say it all.
const FRAMES: usize = 16;

impl fmt::Display for CrashReport {
    /// The message, then a line each, indented: the addresses in it by name, where the processor
    /// was, the stack, the last lines of log and UART.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for frame in &self.mentioned {
            write!(f, "\n  mentioned: {frame}")?;
        }
        if let Some(pc) = self.pc
            && self.frames.first().is_none_or(|frame| frame.pc != pc)
        {
            write!(f, "\n  pc {pc:#010x}")?;
        }
        for note in &self.notes {
            write!(f, "\n  {note}")?;
        }
        for line in folded(&self.frames) {
            write!(f, "\n  {line}")?;
        }
        for (title, lines) in [
            ("the last log lines", &self.log_lines),
            ("the last UART lines", &self.at_lines),
        ] {
            if !lines.is_empty() {
                write!(f, "\n  {title}:")?;
            }
            for line in lines {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::CrashKind;

    fn frame(function: &str) -> StackFrame {
        StackFrame {
            pc: 0x4200_0000,
            function: function.to_owned(),
            place: None,
            inlined: false,
        }
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

    #[test]
    fn a_report_reads_from_the_message_to_the_last_lines() {
        let mut crash = CrashReport::new(CrashKind::Panic, "panicked at src/main.rs:7:1: no");
        crash.pc = Some(0x4200_0000);
        crash.frames = vec![frame("fault"), frame("main")];
        crash.notes = vec!["sp 0x00000000 is outside of the main stack".to_owned()];
        crash.at_lines = vec!["1.000 > AT".to_owned()];
        insta::assert_snapshot!(crash, @"
        panicked at src/main.rs:7:1: no
          sp 0x00000000 is outside of the main stack
          0x42000000 fault
          0x42000000 main
          the last UART lines:
            1.000 > AT
        ");
    }
}
