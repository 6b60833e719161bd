//! Decision tables as DMN has them: inputs, outputs, rules and a hit policy.

pub(crate) mod analysis;
mod compile;
pub(crate) mod literal;
pub(crate) mod unary;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use compile::expression;

/// A table as its author wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub pointer: String,
    pub hit_policy: HitPolicy,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitPolicy {
    Unique,
    Any,
    First,
    Priority,
    RuleOrder,
    OutputOrder,
    Collect(Option<Aggregation>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    Count,
}

impl Aggregation {
    pub(crate) fn takes_numbers(self) -> bool {
        self != Self::Count
    }
}

/// A column that is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    pub pointer: String,
    /// JSONata over the data.
    pub expression: String,
}

/// A column that is answered: the variable that it sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    pub pointer: String,
    pub name: String,
    /// What it can be, the most important first.
    pub values: Vec<serde_json::Value>,
    /// An expression.
    pub default: Option<String>,
}

/// One test for each input, one expression for each output.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub pointer: String,
    /// DMN's unary tests: `-`, `> 5000`, `[1..5]`, `"a", "b"`, `not("c")`.
    pub when: Vec<String>,
    /// JSONata, mostly literals.
    pub then: Vec<String>,
}
