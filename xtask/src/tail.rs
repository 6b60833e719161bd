//! The end of a log, for an error message.

use std::fs;
use std::path::Path;

const LINES: usize = 15;

/// The last lines of a file, indented; empty when there is nothing to read.
pub(crate) fn of_file(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    last_lines(&String::from_utf8_lossy(&text), LINES)
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(count);
    lines
        .iter()
        .skip(skipped)
        .map(|line| format!("\n    {line}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines_that_say_something() {
        assert_eq!(last_lines("", 2), "");
        assert_eq!(last_lines("a\n\n", 2), "\n    a");
        assert_eq!(last_lines("a\nb\n\nc\n", 2), "\n    b\n    c");
    }
}
