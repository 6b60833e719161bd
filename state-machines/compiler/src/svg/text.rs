//! Texts in a drawing: how wide they are, where they break, how they are written down. Nobody knows the font, so widths are
//! guesses on the safe side.

/// The height of a line.
pub(super) const LINE: i64 = 15;
/// The width of a narrow letter at 12 px.
const LETTER: i64 = 7;
/// The width of an ideograph at 12 px.
const IDEOGRAPH: i64 = 12;
const MOST_LINES: usize = 3;

fn letter_width(letter: char) -> i64 {
    if (letter as u32) < 0x1100 {
        LETTER
    } else {
        IDEOGRAPH
    }
}

pub(super) fn width(text: &str) -> i64 {
    text.chars().map(letter_width).sum()
}

/// The widest of the lines.
pub(super) fn widest(lines: &[String]) -> i64 {
    lines.iter().map(|line| width(line)).max().unwrap_or_default()
}

pub(super) fn height(lines: &[String]) -> i64 {
    lines.len() as i64 * LINE
}

/// At most three lines, broken at spaces where there are any; what does not fit is cut off.
pub(super) fn wrap(text: &str, room: i64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in pieces(text, room) {
        let joined = if line.is_empty() {
            word.clone()
        } else {
            format!("{line}{word}")
        };
        if width(joined.trim()) <= room || line.is_empty() {
            line = joined;
        } else {
            lines.push(line.trim().to_owned());
            line = word;
        }
    }
    lines.push(line.trim().to_owned());
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        if let Some(last) = lines.last_mut() {
            last.push('…');
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

/// Words with the space before them, longer ones in parts; ideographs are words.
fn pieces(text: &str, room: i64) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for letter in text.chars() {
        let begins = letter.is_whitespace() || letter_width(letter) == IDEOGRAPH;
        if !piece.is_empty() && (begins || width(&piece) + letter_width(letter) > room) {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(if letter.is_whitespace() { ' ' } else { letter });
    }
    pieces.push(piece);
    pieces
}

/// One line of at most `room`.
pub(super) fn shorten(text: &str, room: i64) -> String {
    let mut left = room;
    let mut short = String::new();
    for letter in text.chars() {
        left -= letter_width(letter);
        if left < 0 {
            short.push('…');
            break;
        }
        short.push(letter);
    }
    short
}

/// As XML has it; what XML cannot hold becomes a space.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push(' '),
            control if control.is_control() => escaped.push(' '),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_break_at_spaces_and_between_ideographs() {
        for (text, expected) in [
            ("", vec![]),
            ("Pay", vec!["Pay"]),
            ("Ask the director", vec!["Ask the", "director"]),
            ("总经理审批费用", vec!["总经理审批费", "用"]),
            ("abcdefghijklmnopqrst", vec!["abcdefghijk", "lmnopqrst"]),
            (
                "a b c d e f g h i j k l m n o p q r s t u v w",
                vec!["a b c d e f", "g h i j k l", "m n o p q r…"],
            ),
        ] {
            assert_eq!(wrap(text, 80), expected, "{text}");
        }
        assert_eq!(shorten("amount > 5000", 50), "amount …");
        assert_eq!(escape("a<b>&\"\u{7}\""), "a&lt;b&gt;&amp;&quot; &quot;");
    }
}
