//! The intrinsic functions of JSONPath: `States.Format('{}', $.name)` and its like.

pub(crate) use functions::hash;

mod functions;
mod parse;

use serde_json::Value;

use crate::path::Path;
use crate::scope::Scope;

/// A call, parsed when a machine is resolved.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    text: String,
    function: Function,
    arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    Literal(Value),
    Path(Path),
    Call(Call),
}

macro_rules! functions {
    ($($name:ident($least:literal, $most:literal)),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(clippy::upper_case_acronyms, reason = "the names are the language's")]
        pub(crate) enum Function { $($name),* }

        impl Function {
            fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }

            /// How many arguments it takes, least and most.
            fn arity(self) -> (usize, usize) {
                match self { $(Self::$name => ($least, $most)),* }
            }
        }
    };
}

functions!(
    Format(1, 1000),
    StringToJson(1, 1),
    JsonToString(1, 1),
    Array(0, 1000),
    ArrayPartition(2, 2),
    ArrayContains(2, 2),
    ArrayRange(3, 3),
    ArrayGetItem(2, 2),
    ArrayLength(1, 1),
    ArrayUnique(1, 1),
    Base64Encode(1, 1),
    Base64Decode(1, 1),
    Hash(2, 2),
    JsonMerge(3, 3),
    MathRandom(2, 3),
    MathAdd(2, 2),
    StringSplit(2, 2),
    UUID(0, 0),
);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a call of an intrinsic function: {0}")]
pub(crate) struct CallSyntaxError(pub(crate) &'static str);

impl Call {
    pub(crate) fn parse(text: &str) -> Result<Self, CallSyntaxError> {
        parse::call(text)
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// The value, or the cause that AWS would give.
    pub(crate) fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, String> {
        self.value(scope)
            .map_err(|cause| format!("The function '{}' had the following error: {cause}", self.text))
    }

    fn value(&self, scope: &Scope<'_>) -> Result<Value, String> {
        let arguments = self
            .arguments
            .iter()
            .map(|argument| match argument {
                Argument::Literal(value) => Ok(value.clone()),
                Argument::Call(call) => call.value(scope),
                Argument::Path(path) => scope.find(path).map_err(|_| {
                    format!(
                        "The JsonPath argument for the field '{}' could not be found in the input '{}'",
                        path.text(),
                        scope.root(path)
                    )
                }),
            })
            .collect::<Result<Vec<_>, _>>()?;
        functions::apply(self.function, &arguments, scope.entropy)
    }
}
