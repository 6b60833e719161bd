use serde_json::Value;

use super::{Argument, Call, CallSyntaxError, Function};
use crate::path::Path;
use crate::text::Cursor;

/// AWS allows ten calls within each other.
const MAX_NESTING: usize = 10;

pub(super) fn call(text: &str) -> Result<Call, CallSyntaxError> {
    let mut cursor = Cursor::new(text.trim());
    let call = call_at(&mut cursor, 0)?;
    if cursor.at_end() {
        Ok(call)
    } else {
        Err(CallSyntaxError("unexpected text after the call"))
    }
}

fn call_at(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Call, CallSyntaxError> {
    if nesting > MAX_NESTING {
        return Err(CallSyntaxError("more than 10 calls within each other"));
    }
    let start = cursor.position();
    if !cursor.eat("States.") {
        return Err(CallSyntaxError("a function's name starts with 'States.'"));
    }
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric());
    let function = Function::from_name(name).ok_or(CallSyntaxError("there is no such function"))?;
    if !cursor.eat("(") {
        return Err(CallSyntaxError("'(' is missing"));
    }
    let mut arguments = Vec::new();
    cursor.skip_spaces();
    while !cursor.eat(")") {
        if !arguments.is_empty() {
            if !cursor.eat(",") {
                return Err(CallSyntaxError("',' or ')' is missing"));
            }
            cursor.skip_spaces();
        }
        arguments.push(argument(cursor, nesting)?);
        cursor.skip_spaces();
    }
    let (least, most) = function.arity();
    if arguments.len() < least || arguments.len() > most {
        return Err(CallSyntaxError("wrong number of arguments"));
    }
    Ok(Call {
        text: cursor.since(start).to_owned(),
        function,
        arguments,
    })
}

fn argument(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Argument, CallSyntaxError> {
    match cursor.peek() {
        Some('\'') => text(cursor).map(|text| Argument::Literal(text.into())),
        Some('$') => {
            let path = path_text(cursor);
            Path::parse(path)
                .map(Argument::Path)
                .map_err(|_| CallSyntaxError("an argument is not a valid path"))
        }
        Some('S') => call_at(cursor, nesting + 1).map(Argument::Call),
        _ => {
            let word = cursor.take_while(|c| !matches!(c, ',' | ')') && !c.is_whitespace());
            match serde_json::from_str(word) {
                Ok(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => Ok(Argument::Literal(value)),
                _ => Err(CallSyntaxError("an argument is no literal, path or call")),
            }
        }
    }
}

/// A text in single quotes. A backslash may stand before `'`, `\`, `{` and `}` only; before braces it stays, since
/// `States.Format` must know them.
fn text(cursor: &mut Cursor<'_>) -> Result<String, CallSyntaxError> {
    cursor.next();
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('\'') => return Ok(text),
            Some('\\') => match cursor.next() {
                Some(escaped @ ('\'' | '\\')) => text.push(escaped),
                Some(brace @ ('{' | '}')) => {
                    text.push('\\');
                    text.push(brace);
                }
                _ => return Err(CallSyntaxError("an illegal escape")),
            },
            Some(c) => text.push(c),
            None => return Err(CallSyntaxError("a text is not closed")),
        }
    }
}

/// A path runs to the comma or parenthesis that is not within its brackets or quotes.
fn path_text<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let start = cursor.position();
    let (mut depth, mut quote) = (0_usize, None);
    while let Some(c) = cursor.peek() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), '\\') => {
                cursor.next();
            }
            (Some(_), _) => {}
            (None, '\'' | '"') if depth > 0 => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']') => depth = depth.saturating_sub(1),
            (None, ')') if depth > 0 => depth -= 1,
            (None, ',' | ')') if depth == 0 => break,
            (None, c) if depth == 0 && c.is_whitespace() => break,
            _ => {}
        }
        cursor.next();
    }
    cursor.since(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_what_is_none() {
        for text in [
            "States.UUID()",
            "States.Format('a {} b', $.x)",
            "States.Format('\\'q\\' \\{ {}', $['a b'].c[0])",
            "States.ArrayGetItem(States.StringSplit($$.Execution.Name, '-'), 0)",
            "States.Array(1, -2.5, true, null, 'x', $.a[?(@.b == 'c, d')])",
        ] {
            assert!(call(text).is_ok(), "{text}");
        }
        for text in [
            "States.Nope()",
            "States.UUID(1)",
            "States.Format()",
            "States.Format('He said, \\\"x\\\"')",
            "States.Format('a'",
            "States.Format('a') x",
            "States.MathAdd(1)",
            "Format('a')",
        ] {
            assert!(call(text).is_err(), "{text}");
        }
    }
}
