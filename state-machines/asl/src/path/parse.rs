use super::filter::{self, Filter};
use super::{Function, Path, Root, Step};
use crate::text::Cursor;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at character {position}")]
pub struct PathSyntaxError {
    pub position: usize,
    pub message: &'static str,
}

/// Filters hold paths that hold filters; nobody writes more than two.
const MAX_NESTING: usize = 16;

pub(super) fn path(text: &str) -> Result<Path, PathSyntaxError> {
    let mut cursor = Cursor::new(text);
    let path = path_at(&mut cursor, 0)?;
    if cursor.at_end() {
        Ok(path)
    } else {
        Err(error(&cursor, "unexpected text after the path"))
    }
}

/// Reads a path that starts with `$` and ends where no further step follows.
pub(super) fn path_at(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Path, PathSyntaxError> {
    let start = cursor.position();
    if !cursor.eat("$") {
        return Err(error(cursor, "a path starts with '$'"));
    }
    let root = root(cursor);
    let steps = steps(cursor, nesting)?;
    let definite = steps
        .iter()
        .all(|step| matches!(step, Step::Property(_) | Step::Index(_) | Step::Function(_)));
    Ok(Path {
        text: cursor.since(start).to_owned(),
        root,
        steps,
        definite,
    })
}

fn root(cursor: &mut Cursor<'_>) -> Root {
    if cursor.eat("$") {
        return Root::Context;
    }
    let name = cursor.take_while(|c| c.is_alphanumeric() || c == '_');
    if name.is_empty() {
        Root::Input
    } else {
        Root::Variable(name.to_owned())
    }
}

pub(super) fn steps(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Vec<Step>, PathSyntaxError> {
    if nesting > MAX_NESTING {
        return Err(error(cursor, "too deeply nested"));
    }
    let mut steps = Vec::new();
    loop {
        if cursor.eat("..") {
            steps.push(Step::Descend);
            match cursor.peek() {
                Some('[') => {}
                _ => steps.push(dotted(cursor)?),
            }
        } else if cursor.eat(".") {
            // The library reads `$.[0]` as `$[0]`.
            if cursor.peek() != Some('[') {
                steps.push(dotted(cursor)?);
            }
        } else if cursor.eat("[") {
            steps.push(bracket(cursor, nesting)?);
        } else {
            return Ok(steps);
        }
    }
}

fn dotted(cursor: &mut Cursor<'_>) -> Result<Step, PathSyntaxError> {
    if cursor.eat("*") {
        return Ok(Step::Wildcard);
    }
    let name = cursor.take_while(is_name);
    if name.is_empty() {
        return Err(error(cursor, "a property name is missing"));
    }
    if cursor.eat("()") {
        return function(name)
            .map(Step::Function)
            .ok_or_else(|| error(cursor, "unknown function"));
    }
    Ok(Step::Property(name.to_owned()))
}

/// Everything but what has a meaning of its own, as in the library that AWS uses.
fn is_name(c: char) -> bool {
    !matches!(
        c,
        '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"' | '*' | '=' | '<' | '>' | '!' | '&' | '|' | '?' | '@'
    ) && !c.is_whitespace()
}

fn function(name: &str) -> Option<Function> {
    Some(match name {
        "length" | "size" => Function::Length,
        "min" => Function::Min,
        "max" => Function::Max,
        "sum" => Function::Sum,
        "avg" => Function::Avg,
        "keys" => Function::Keys,
        _ => return None,
    })
}

fn bracket(cursor: &mut Cursor<'_>, nesting: usize) -> Result<Step, PathSyntaxError> {
    cursor.skip_spaces();
    let step = match cursor.peek() {
        Some('*') => {
            cursor.next();
            Step::Wildcard
        }
        Some('\'' | '"') => properties(cursor)?,
        Some('?') => {
            cursor.next();
            cursor.skip_spaces();
            if !cursor.eat("(") {
                return Err(error(cursor, "a filter is written [?(…)]"));
            }
            let filter: Filter = filter::parse(cursor, nesting + 1)?;
            cursor.skip_spaces();
            if !cursor.eat(")") {
                return Err(error(cursor, "')' is missing"));
            }
            Step::Filter(filter)
        }
        _ => indexes(cursor)?,
    };
    cursor.skip_spaces();
    if cursor.eat("]") {
        Ok(step)
    } else {
        Err(error(cursor, "']' is missing"))
    }
}

fn properties(cursor: &mut Cursor<'_>) -> Result<Step, PathSyntaxError> {
    let first = quoted(cursor)?;
    let mut names = vec![first];
    loop {
        cursor.skip_spaces();
        if !cursor.eat(",") {
            break;
        }
        cursor.skip_spaces();
        names.push(quoted(cursor)?);
    }
    Ok(match <[String; 1]>::try_from(names) {
        Ok([name]) => Step::Property(name),
        Err(names) => Step::Properties(names),
    })
}

/// A quoted name or text. In names, only the quote itself is escaped; a backslash before anything else stands.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<String, PathSyntaxError> {
    let Some(quote @ ('\'' | '"')) = cursor.next() else {
        return Err(error(cursor, "a quoted name is missing"));
    };
    let mut name = String::new();
    loop {
        match cursor.next() {
            Some(c) if c == quote => return Ok(name),
            Some('\\') => match cursor.next() {
                Some(escaped) if escaped == quote || escaped == '\\' => name.push(escaped),
                Some(other) => {
                    name.push('\\');
                    name.push(other);
                }
                None => return Err(error(cursor, "the quote is not closed")),
            },
            Some(c) => name.push(c),
            None => return Err(error(cursor, "the quote is not closed")),
        }
    }
}

fn indexes(cursor: &mut Cursor<'_>) -> Result<Step, PathSyntaxError> {
    let first = integer(cursor)?;
    cursor.skip_spaces();
    if cursor.eat(":") {
        cursor.skip_spaces();
        let end = integer(cursor)?;
        return Ok(Step::Slice(first, end));
    }
    let Some(first) = first else {
        return Err(error(cursor, "an index is missing"));
    };
    let mut indexes = vec![first];
    while cursor.eat(",") {
        cursor.skip_spaces();
        let Some(index) = integer(cursor)? else {
            return Err(error(cursor, "an index is missing"));
        };
        indexes.push(index);
        cursor.skip_spaces();
    }
    Ok(match <[i64; 1]>::try_from(indexes) {
        Ok([index]) => Step::Index(index),
        Err(indexes) => Step::Indexes(indexes),
    })
}

fn integer(cursor: &mut Cursor<'_>) -> Result<Option<i64>, PathSyntaxError> {
    let start = cursor.position();
    cursor.eat("-");
    cursor.take_while(|c| c.is_ascii_digit());
    let digits = cursor.since(start);
    if digits.is_empty() {
        return Ok(None);
    }
    digits
        .parse()
        .map(Some)
        .map_err(|_| error(cursor, "an index is not a number"))
}

pub(super) fn error(cursor: &Cursor<'_>, message: &'static str) -> PathSyntaxError {
    PathSyntaxError {
        position: cursor.position(),
        message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_from_what_is_none() {
        for text in [
            "$",
            "$$",
            "$.a",
            "$.a.b[0]",
            "$['a b']",
            "$..a",
            "$.a[*].b",
            "$.a[0:2]",
            "$.a[-1]",
            "$name.x",
            "$.a-b",
            "$[?(@.x == 'y' && !(@.z))]",
            "$.a.length()",
            "$['a','b']",
            "$[0,1]",
            "$.ä",
        ] {
            assert_eq!(path(text).map(|path| path.text), Ok(text.to_owned()));
        }
        for text in [
            "",
            "a",
            "$.",
            "$.a.",
            "$[",
            "$[a]",
            "$['a]",
            "$.a b",
            "$.a[1",
            "$.x[?(@.a ==)]",
            "$.a()",
        ] {
            assert!(path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_names_one_place() {
        for (text, reference) in [
            ("$.a[0].b", true),
            ("$", true),
            ("$.a[*]", false),
            ("$..a", false),
        ] {
            assert_eq!(
                path(text).map(|path| path.is_reference()),
                Ok(reference),
                "{text}"
            );
        }
    }
}
