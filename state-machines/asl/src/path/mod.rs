//! JSONPath as Step Functions reads it: the dialect of the Jayway library, rooted at the input (`$`), the
//! context object (`$$`) or a variable (`$name`).

mod evaluate;
mod filter;
mod parse;
mod reference;

pub use parse::PathSyntaxError;

use filter::Filter;

/// A parsed path. Parsing happens once, when a machine is resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    text: String,
    root: Root,
    steps: Vec<Step>,
    /// Whether it can find at most one value; the others give an array of what they find.
    definite: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    Input,
    Context,
    Variable(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Step {
    Property(String),
    Properties(Vec<String>),
    Index(i64),
    Indexes(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    Wildcard,
    /// `..`: the node and all below it.
    Descend,
    Filter(Filter),
    /// A function of the end of a path, such as `length()`.
    Function(Function),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Length,
    Min,
    Max,
    Sum,
    Avg,
    Keys,
}

impl Path {
    pub fn parse(text: &str) -> Result<Self, PathSyntaxError> {
        parse::path(text)
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn root(&self) -> &Root {
        &self.root
    }

    /// Whether it is all of its root: `$`, `$$` or `$name`.
    pub fn is_whole(&self) -> bool {
        self.steps.is_empty()
    }

    pub fn is_definite(&self) -> bool {
        self.definite
    }

    /// Whether it names one place: what `ResultPath` may be, and what the fields with `Path` in their name want.
    pub fn is_reference(&self) -> bool {
        self.steps
            .iter()
            .all(|step| matches!(step, Step::Property(_) | Step::Index(0..)))
    }
}

/// Why a path found nothing, in the words of the library that AWS uses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoMatch(pub String);
