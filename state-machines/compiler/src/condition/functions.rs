//! The functions that a condition may call: those of JSONata 2.0.6 and those that Step Functions adds, less the
//! ones that would give another answer when a step is repeated.

use super::kind::Kinds;

/// A function as the type check knows it.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// What its first argument has to be.
    pub(super) takes: Kinds,
    pub(super) gives: Kinds,
}

const ANY: Kinds = Kinds::ANY;
const N: Kinds = Kinds::NUMBER;
const S: Kinds = Kinds::STRING;
const B: Kinds = Kinds::BOOLEAN;

/// Without a value a function of JSONata has none either.
pub(super) fn find(name: &str) -> Option<Function> {
    let (name, takes, gives) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
    Some(Function {
        name,
        takes: *takes,
        gives: *gives,
    })
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, ..)| *name)
}

/// Functions that take the context when they are given no argument; a condition names what it reads.
pub(super) fn stands_alone(name: &str) -> bool {
    matches!(name, "now" | "millis")
}

const FUNCTIONS: [(&str, Kinds, Kinds); 66] = [
    ("abs", N, N),
    ("append", ANY, ANY),
    ("assert", ANY, ANY),
    ("average", ANY, N),
    ("base64decode", S, S),
    ("base64encode", S, S),
    ("boolean", ANY, B),
    ("ceil", N, N),
    ("clone", ANY, ANY),
    ("contains", S, B),
    ("count", ANY, N),
    ("decodeUrl", S, S),
    ("decodeUrlComponent", S, S),
    ("distinct", ANY, ANY),
    ("each", ANY, ANY),
    ("encodeUrl", S, S),
    ("encodeUrlComponent", S, S),
    ("error", ANY, ANY),
    ("exists", ANY, B),
    ("filter", ANY, ANY),
    ("floor", N, N),
    ("formatBase", N, S),
    ("formatInteger", N, S),
    ("formatNumber", N, S),
    ("fromMillis", N, S),
    ("hash", ANY, S),
    ("join", ANY, S),
    ("keys", ANY, ANY),
    ("length", S, N),
    ("lookup", ANY, ANY),
    ("lowercase", S, S),
    ("map", ANY, ANY),
    ("match", S, ANY),
    ("max", ANY, N),
    ("merge", ANY, ANY),
    ("millis", ANY, N),
    ("min", ANY, N),
    ("not", ANY, B),
    ("now", ANY, S),
    ("number", ANY, N),
    ("pad", S, S),
    ("parse", S, ANY),
    ("parseInteger", S, N),
    ("partition", ANY, ANY),
    ("power", N, N),
    ("range", N, ANY),
    ("reduce", ANY, ANY),
    ("replace", S, S),
    ("reverse", ANY, ANY),
    ("round", N, N),
    ("sift", ANY, ANY),
    ("single", ANY, ANY),
    ("sort", ANY, ANY),
    ("split", S, ANY),
    ("spread", ANY, ANY),
    ("sqrt", N, N),
    ("string", ANY, S),
    ("substring", S, S),
    ("substringAfter", S, S),
    ("substringBefore", S, S),
    ("sum", ANY, N),
    ("toMillis", S, N),
    ("trim", S, S),
    ("type", ANY, S),
    ("uppercase", S, S),
    ("zip", ANY, ANY),
];
