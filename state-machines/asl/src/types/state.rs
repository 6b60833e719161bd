use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Catcher, Choice, Fail, Map, Parallel, Pass, QueryLanguage, Retrier, Succeed, Task, Wait};

/// One state. The large ones are boxed; `From` is there for each, so writing code need not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "Type")]
pub enum State {
    Pass(Box<Pass>),
    Task(Box<Task>),
    Choice(Box<Choice>),
    Wait(Box<Wait>),
    Succeed(Box<Succeed>),
    Fail(Box<Fail>),
    Parallel(Box<Parallel>),
    Map(Box<Map>),
}

/// The eight values of `Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl StateType {
    pub const ALL: [Self; 8] = [
        Self::Pass,
        Self::Task,
        Self::Choice,
        Self::Wait,
        Self::Succeed,
        Self::Fail,
        Self::Parallel,
        Self::Map,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Task => "Task",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Reads a field that several variants have and the others lack.
macro_rules! field {
    ($state:expr, $field:ident, [$($has:ident),*], $absent:expr) => {
        match $state {
            $(State::$has(state) => state.$field.as_ref(),)*
            _ => $absent,
        }
    };
}

impl State {
    pub fn kind(&self) -> StateType {
        match self {
            Self::Pass(_) => StateType::Pass,
            Self::Task(_) => StateType::Task,
            Self::Choice(_) => StateType::Choice,
            Self::Wait(_) => StateType::Wait,
            Self::Succeed(_) => StateType::Succeed,
            Self::Fail(_) => StateType::Fail,
            Self::Parallel(_) => StateType::Parallel,
            Self::Map(_) => StateType::Map,
        }
    }

    pub fn comment(&self) -> Option<&str> {
        match self {
            Self::Pass(state) => state.comment.as_deref(),
            Self::Task(state) => state.comment.as_deref(),
            Self::Choice(state) => state.comment.as_deref(),
            Self::Wait(state) => state.comment.as_deref(),
            Self::Succeed(state) => state.comment.as_deref(),
            Self::Fail(state) => state.comment.as_deref(),
            Self::Parallel(state) => state.comment.as_deref(),
            Self::Map(state) => state.comment.as_deref(),
        }
    }

    /// The query language that this state names for itself; the machine's holds otherwise.
    pub fn query_language(&self) -> Option<QueryLanguage> {
        match self {
            Self::Pass(state) => state.query_language,
            Self::Task(state) => state.query_language,
            Self::Choice(state) => state.query_language,
            Self::Wait(state) => state.query_language,
            Self::Succeed(state) => state.query_language,
            Self::Fail(state) => state.query_language,
            Self::Parallel(state) => state.query_language,
            Self::Map(state) => state.query_language,
        }
    }

    /// The state that follows; `None` where it ends its scope or chooses.
    pub fn next(&self) -> Option<&str> {
        field!(self, next, [Pass, Task, Wait, Parallel, Map], None).map(String::as_str)
    }

    pub fn input_path(&self) -> Option<Option<&str>> {
        field!(
            self,
            input_path,
            [Pass, Task, Choice, Wait, Succeed, Parallel, Map],
            None
        )
        .map(Option::as_deref)
    }

    pub fn output_path(&self) -> Option<Option<&str>> {
        field!(
            self,
            output_path,
            [Pass, Task, Choice, Wait, Succeed, Parallel, Map],
            None
        )
        .map(Option::as_deref)
    }

    pub fn result_path(&self) -> Option<Option<&str>> {
        field!(self, result_path, [Pass, Task, Parallel, Map], None).map(Option::as_deref)
    }

    pub fn assign(&self) -> Option<&serde_json::Map<String, Value>> {
        field!(self, assign, [Pass, Task, Choice, Wait, Parallel, Map], None)
    }

    pub fn output(&self) -> Option<&Value> {
        field!(
            self,
            output,
            [Pass, Task, Choice, Wait, Succeed, Parallel, Map],
            None
        )
    }

    pub fn retry(&self) -> &[Retrier] {
        match self {
            Self::Task(state) => &state.retry,
            Self::Parallel(state) => &state.retry,
            Self::Map(state) => &state.retry,
            _ => &[],
        }
    }

    pub fn catch(&self) -> &[Catcher] {
        match self {
            Self::Task(state) => &state.catch,
            Self::Parallel(state) => &state.catch,
            Self::Map(state) => &state.catch,
            _ => &[],
        }
    }
}

macro_rules! into_state {
    ($($kind:ident),*) => {$(
        impl From<$kind> for State {
            fn from(state: $kind) -> Self {
                Self::$kind(Box::new(state))
            }
        }
    )*};
}

into_state!(Pass, Task, Choice, Wait, Succeed, Fail, Parallel, Map);
