//! Diagnostics as a person at a terminal reads them: the place in the text, and under it what is wrong.

use std::fmt::Write as _;
use std::ops::Range;

use domain::diagnostic::{Diagnostic, Severity};
use domain::text::Language;

/// One diagnostic of `text` with the line that it is about.
pub fn excerpt(file: &str, text: &str, diagnostic: &Diagnostic, language: Language) -> String {
    let range = locate(text, &diagnostic.pointer).unwrap_or(0..0);
    let before = text.get(..range.start).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let lead = before.get(line_start..).unwrap_or_default();
    let column = lead.chars().count() + 1;
    let source = text.get(line_start..).and_then(|rest| rest.lines().next());
    let part = text.get(range).and_then(|part| part.lines().next());
    let (source, indent, marked) = window(
        source.unwrap_or_default(),
        column - 1,
        part.map_or(0, |part| part.chars().count()),
    );
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let margin = " ".repeat(line.to_string().len());
    let mut shown = format!(
        "{severity}[{}]: {}\n",
        diagnostic.code,
        diagnostic.message.get(language)
    );
    // Writing to a string cannot fail.
    let _ = writeln!(
        shown,
        "{margin}--> {file}:{line}:{column} ({})",
        pointer(diagnostic)
    );
    let _ = writeln!(shown, "{line} | {source}");
    let _ = writeln!(shown, "{margin} | {}{}", " ".repeat(indent), "^".repeat(marked));
    if let Some(suggestion) = &diagnostic.suggestion {
        let _ = writeln!(shown, "{margin} = {}", suggestion.get(language));
    }
    shown
}

fn pointer(diagnostic: &Diagnostic) -> &str {
    if diagnostic.pointer.is_empty() {
        "/"
    } else {
        &diagnostic.pointer
    }
}

/// What is shown of a line, with the terminal's columns before the mark and of the mark. Of a long line only
/// what is near the mark.
fn window(line: &str, column: usize, length: usize) -> (String, usize, usize) {
    const LONGEST: usize = 120;
    const BEFORE: usize = 40;
    let total = line.chars().count();
    let start = if total > LONGEST {
        column.saturating_sub(BEFORE)
    } else {
        0
    };
    let end = total.min(start + LONGEST);
    let mut shown: String = line.chars().skip(start).take(LONGEST).collect();
    let lead: String = line.chars().skip(start).take(column - start).collect();
    let marked: String = line.chars().take(end).skip(column).take(length).collect();
    let mut indent = width(&lead);
    if start > 0 {
        shown.insert_str(0, "… ");
        indent += 2;
    }
    if end < total {
        shown.push_str(" …");
    }
    (shown, indent, width(&marked).max(1))
}

/// Columns of a terminal: Chinese characters take two.
fn width(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum()
}

/// Where the value that an RFC 6901 pointer names stands in a JSON text.
pub fn locate(text: &str, pointer: &str) -> Option<Range<usize>> {
    let mut scanner = Scanner {
        text: text.as_bytes(),
        at: 0,
    };
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        scanner.enter(text, &step)?;
    }
    scanner.space();
    let start = scanner.at;
    scanner.skip()?;
    Some(start..scanner.at)
}

struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// To the value of a member, or to an entry of a list. Of a name given twice the last one holds.
    fn enter(&mut self, text: &str, step: &str) -> Option<()> {
        self.space();
        let mut found = None;
        if self.peek()? == b'[' {
            self.at += 1;
            for _ in 0..step.parse::<usize>().ok()? {
                self.skip()?;
                self.take(b',')?;
            }
            return Some(());
        }
        self.take(b'{')?;
        loop {
            self.space();
            let start = self.at;
            self.skip()?;
            let name: Option<String> = text
                .get(start..self.at)
                .and_then(|name| serde_json::from_str(name).ok());
            self.take(b':')?;
            if name.as_deref() == Some(step) {
                found = Some(self.at);
            }
            self.skip()?;
            if self.take(b',').is_none() {
                self.at = found?;
                return Some(());
            }
        }
    }

    /// Over one value.
    fn skip(&mut self) -> Option<()> {
        self.space();
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                byte if byte.is_ascii_whitespace() => self.at += 1,
                b',' | b':' => return None,
                _ => self.word(),
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    /// A number or a literal.
    fn word(&mut self) {
        while self
            .peek()
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:]}[{\"".contains(&byte))
        {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::text::Text;
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "{\n  \"a\": [1, {\"b\": \"x,]\\\"\"}],\n  \"名\": {\"c/d\": null}, \"e\": []\n}";

    #[test]
    fn pointers_lead_to_their_values() {
        for (pointer, expected) in [
            ("/a/0", Some("1")),
            ("/a/1", Some(r#"{"b": "x,]\""}"#)),
            ("/a/1/b", Some(r#""x,]\"""#)),
            ("/名/c~1d", Some("null")),
            ("/e", Some("[]")),
            ("/e/0", None),
            ("/a/2", None),
            ("/x", None),
            ("/a/b", None),
        ] {
            assert_eq!(
                locate(TEXT, pointer).and_then(|range| TEXT.get(range)),
                expected,
                "{pointer}"
            );
        }
        assert_eq!(locate(TEXT, ""), Some(0..TEXT.len()));
    }

    #[test]
    fn an_excerpt_shows_the_line_and_the_place() {
        let diagnostic = Diagnostic::error("BAD_VALUE", "/名/c~1d", Text::new("Bad.", "不好。"))
            .suggest(Text::new("Better.", "更好。"));
        insta::assert_snapshot!(excerpt("x.json", TEXT, &diagnostic, Language::En), @r#"
        error[BAD_VALUE]: Bad.
         --> x.json:3:16 (/名/c~1d)
        3 |   "名": {"c/d": null}, "e": []
          |                 ^^^^
          = Better.
        "#);
    }

    #[test]
    fn of_a_long_line_only_the_place_is_shown() {
        let text = format!("[{}7,{}0]", "1,".repeat(200), "2,".repeat(200));
        let diagnostic = Diagnostic::error("BAD_VALUE", "/200", Text::new("Bad.", "不好。"));
        let shown = excerpt("x.json", &text, &diagnostic, Language::En);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            lines[2].starts_with("1 | … 1,") && lines[2].ends_with(" …"),
            "{shown}"
        );
        let mark = lines[3].find('^').unwrap();
        assert_eq!(lines[2].chars().nth(mark), Some('7'), "{shown}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_makes_it_fail(text in ".{0,60}", json in "[\\[\\]{}\":,a0\\\\ ]{0,40}", pointer in "(/[a0-9~]{0,2}){0,4}") {
            let _ = locate(&text, &pointer);
            let _ = locate(&json, &pointer);
            let diagnostic = Diagnostic::error("X", pointer, Text::new("x", "y"));
            let _ = excerpt("x.json", &text, &diagnostic, Language::En);
            let _ = excerpt("x.json", &json, &diagnostic, Language::Zh);
        }
    }
}
