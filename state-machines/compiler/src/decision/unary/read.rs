//! The text of a cell.

use jiff::civil::Date;

use super::{Bound, Cell, Constant, End, Order, Test};

/// Where a cell stops being one, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The character, counted from 1.
    pub(crate) at: usize,
    pub(crate) en: String,
    pub(crate) zh: String,
    /// What was probably meant.
    pub(crate) meant: Option<String>,
}

type Read<T> = Result<T, SyntaxError>;

pub(crate) fn read(text: &str) -> Read<Cell> {
    let mut reader = Reader { text, rest: text };
    reader.space();
    if reader.rest.is_empty() {
        return Err(reader.error("The cell is empty.", "单元格为空。").meant("-"));
    }
    if text.trim() == "-" {
        return Ok(Cell::Anything);
    }
    let cell = if reader.word("not") {
        reader.expect('(')?;
        let tests = reader.tests()?;
        reader.expect(')')?;
        Cell::NoneOf(tests)
    } else {
        Cell::OneOf(reader.tests()?)
    };
    if reader.rest.is_empty() {
        Ok(cell)
    } else {
        Err(reader.error(
            "Nothing more is expected here; several tests are separated by commas.",
            "此处不应再有内容；多个条件请用逗号分隔。",
        ))
    }
}

struct Reader<'t> {
    text: &'t str,
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn error(&self, en: impl Into<String>, zh: impl Into<String>) -> SyntaxError {
        let read = self.text.chars().count() - self.rest.chars().count();
        SyntaxError {
            at: read + 1,
            en: en.into(),
            zh: zh.into(),
            meant: None,
        }
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes `token`, and the space behind it.
    fn take(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(token) else {
            return false;
        };
        self.rest = rest;
        self.space();
        true
    }

    /// As [`take`](Self::take), where the name goes no further.
    fn word(&mut self, word: &str) -> bool {
        self.name() == word && self.take(word)
    }

    fn name(&self) -> &'t str {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        self.rest.split_at(end.unwrap_or(self.rest.len())).0
    }

    fn expect(&mut self, token: char) -> Read<()> {
        if self.take(token.encode_utf8(&mut [0; 4])) {
            return Ok(());
        }
        Err(self.error(format!("`{token}` is expected."), format!("此处应为 `{token}`。")))
    }

    fn tests(&mut self) -> Read<Vec<Test>> {
        let mut tests = vec![self.test()?];
        while self.take(",") {
            tests.push(self.test()?);
        }
        Ok(tests)
    }

    fn test(&mut self) -> Read<Test> {
        if self.take("!=") {
            return Ok(Test::IsNot(self.constant()?));
        }
        for order in [Order::AtMost, Order::AtLeast, Order::Less, Order::Greater] {
            if self.take(order.symbol()) {
                return Ok(Test::Order(order, self.bound()?));
            }
        }
        if self.rest.starts_with(['[', '(', ']']) {
            return self.range();
        }
        self.take("=");
        Ok(Test::Is(self.constant()?))
    }

    fn range(&mut self) -> Read<Test> {
        let start = self.error(
            "The range is empty: its end is not above its start.",
            "区间为空：终点没有大于起点。",
        );
        let closed = self.take("[");
        if !closed && !self.take("(") {
            self.take("]");
        }
        let low = End {
            bound: self.bound()?,
            closed,
        };
        if !self.take("..") {
            return Err(self.error("`..` is expected.", "此处应为 `..`。"));
        }
        let bound = self.bound()?;
        let closed = self.take("]");
        if !closed && !self.take(")") && !self.take("[") {
            return Err(self.error(
                "The range ends with `]`, or with `)` or `[` without its end.",
                "区间以 `]` 结束；不含终点时用 `)` 或 `[`。",
            ));
        }
        let high = End { bound, closed };
        match low.bound.order(&high.bound.to_json()) {
            None => Err(SyntaxError {
                en: "The ends of a range are of one type.".to_owned(),
                zh: "区间两端的类型必须相同。".to_owned(),
                ..start
            }),
            Some(order) if order.is_gt() || (order.is_eq() && low.closed && high.closed) => {
                Ok(Test::Between(low, high))
            }
            Some(_) => Err(start),
        }
    }

    fn constant(&mut self) -> Read<Constant> {
        for (word, constant) in [
            ("null", Constant::Null),
            ("true", Constant::Bool(true)),
            ("false", Constant::Bool(false)),
        ] {
            if self.word(word) {
                return Ok(constant);
            }
        }
        self.bound().map(Constant::Of)
    }

    fn bound(&mut self) -> Read<Bound> {
        let start = self.rest;
        if self.rest.starts_with('"') {
            return self.string().map(Bound::Text);
        }
        if self.word("date") {
            return self.date().map(Bound::Text);
        }
        let name = self.name();
        if matches!(name, "true" | "false" | "null") {
            return Err(self.error(
                format!("`{name}` has no order."),
                format!("`{name}` 不能比较大小。"),
            ));
        }
        if name.starts_with(|c: char| !c.is_ascii_digit()) {
            let mut meant: String = start.chars().take_while(|c| !"\",()[]".contains(*c)).collect();
            meant.truncate(meant.trim_end().len());
            return Err(self
                .error(
                    "Only numbers, strings in quotes, true, false, null and date(\"…\") stand in a cell.",
                    "单元格中只能写数字、带引号的字符串、true、false、null 和 date(\"…\")。",
                )
                .meant(format!("\"{meant}\"")));
        }
        self.number().map(Bound::Number)
    }

    fn string(&mut self) -> Read<String> {
        let open = self.error("The string is not closed.", "字符串没有结束。");
        let mut escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let Some((end, _)) = end else { return Err(open) };
        let (string, rest) = self.rest.split_at(end + 1);
        let Ok(string) = serde_json::from_str(string) else {
            return Err(SyntaxError {
                en: "The string has an escape that JSON does not have.".to_owned(),
                zh: "字符串中有 JSON 不支持的转义。".to_owned(),
                ..open
            });
        };
        self.rest = rest;
        self.space();
        Ok(string)
    }

    fn date(&mut self) -> Read<String> {
        self.expect('(')?;
        let wrong = self.error(
            "A date is written \"2026-12-31\" in quotes.",
            "日期应写作带引号的 \"2026-12-31\"。",
        );
        if !self.rest.starts_with('"') {
            return Err(wrong);
        }
        let text = self.string()?;
        match Date::strptime("%Y-%m-%d", &text) {
            // In one way only, or its order would not be that of its text.
            Ok(date) if date.to_string() == text => {
                self.expect(')')?;
                Ok(text)
            }
            _ => Err(wrong),
        }
    }

    fn number(&mut self) -> Read<f64> {
        let wrong = self.error("A value is expected.", "此处应为一个值。");
        let minus = self.take("-");
        let mut end = digits(self.rest);
        // `1..5` is a range, not 1 and a fraction.
        let (_, rest) = self.rest.split_at(end);
        if let Some(fraction) = rest.strip_prefix('.').filter(|rest| digits(rest) > 0) {
            end += 1 + digits(fraction);
        }
        let (_, rest) = self.rest.split_at(end);
        end += exponent(rest);
        let (number, rest) = self.rest.split_at(end);
        match number.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.rest = rest;
                self.space();
                Ok(if minus { -number } else { number })
            }
            _ => Err(wrong),
        }
    }
}

/// How many digits it begins with.
fn digits(text: &str) -> usize {
    let is_digit = |c: char| c.is_ascii_digit();
    text.len() - text.trim_start_matches(is_digit).len()
}

/// The length of `e10`, `E-3`.
fn exponent(text: &str) -> usize {
    let Some(power) = text.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let unsigned = power.strip_prefix(['+', '-']).unwrap_or(power);
    match digits(unsigned) {
        0 => 0,
        count => text.len() - unsigned.len() + count,
    }
}

impl SyntaxError {
    fn meant(self, what: impl Into<String>) -> Self {
        Self {
            meant: Some(what.into()),
            ..self
        }
    }
}
