//! A definition resolved for running: names are indexes, paths and expressions are parsed.

mod build;

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::path::Path;
use crate::run::Timestamp;
use crate::template::{Query, Template};
use crate::types::{Jitter, Operator, QueryLanguage, StateMachine, StateType};

/// A state machine that can run. Immutable; any number of executions share one.
#[derive(Debug)]
pub struct Machine {
    pub(crate) nodes: Vec<Node>,
    /// The first state of the machine itself.
    pub(crate) start: usize,
    pub(crate) timeout_seconds: Option<u64>,
}

impl Machine {
    /// Resolves a definition. What is refused here could not run at all; ask [`crate::validate`] whether AWS
    /// would accept it.
    pub fn new(definition: &StateMachine) -> Result<Self, Vec<Diagnostic>> {
        build::machine(definition)
    }

    /// The name of the state with this index, as it stands in an execution's frames.
    pub(crate) fn node(&self, index: usize) -> Option<&Node> {
        self.nodes.get(index)
    }

    /// The processor of a distributed Map as a machine of its own: what each of its child executions runs.
    pub fn child(&self, state: &str) -> Option<Arc<Self>> {
        self.nodes.iter().find_map(|node| match &node.kind {
            Kind::Map(map) if &*node.name == state => map.child.clone(),
            _ => None,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) language: QueryLanguage,
    pub(crate) input_path: Selection,
    /// `Parameters` or `Arguments`.
    pub(crate) parameters: Option<Template>,
    pub(crate) result_selector: Option<Template>,
    pub(crate) result_path: ResultPath,
    pub(crate) output_path: Selection,
    pub(crate) assign: Vec<(String, Template)>,
    pub(crate) output: Option<Template>,
    pub(crate) retry: Vec<Retry>,
    pub(crate) catch: Vec<Catch>,
    /// None ends the scope.
    pub(crate) next: Option<usize>,
}

#[derive(Debug)]
pub(crate) enum Selection {
    Whole,
    Nothing,
    Path(Path),
}

#[derive(Debug)]
pub(crate) enum ResultPath {
    Whole,
    Discard,
    Path(Path),
}

#[derive(Debug)]
pub(crate) enum Kind {
    Pass(Option<Value>),
    Task(TaskNode),
    Choice(ChoiceNode),
    Wait(WaitNode),
    Succeed,
    Fail(FailNode),
    Parallel(Vec<usize>),
    Map(Box<MapNode>),
}

impl Kind {
    /// Whether the context object counts retries here.
    pub(crate) fn can_retry(&self) -> bool {
        matches!(self, Self::Task(_) | Self::Parallel(_) | Self::Map(_))
    }

    pub(crate) fn state_type(&self) -> StateType {
        match self {
            Self::Pass(_) => StateType::Pass,
            Self::Task(_) => StateType::Task,
            Self::Choice(_) => StateType::Choice,
            Self::Wait(_) => StateType::Wait,
            Self::Succeed => StateType::Succeed,
            Self::Fail(_) => StateType::Fail,
            Self::Parallel(_) => StateType::Parallel,
            Self::Map(_) => StateType::Map,
        }
    }
}

#[derive(Debug)]
pub(crate) struct TaskNode {
    pub(crate) resource: Resource,
    pub(crate) credentials: Option<Template>,
    pub(crate) timeout: Option<Quantity>,
    pub(crate) heartbeat: Option<Quantity>,
}

/// What a task's ARN asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Lambda(String),
    Activity(String),
    Service {
        arn: String,
        /// Such as `lambda` or `aws-sdk:s3`.
        kind: String,
        /// Such as `invoke.waitForTaskToken`.
        action: String,
    },
}

impl Resource {
    /// Whether `$$.Task.Token` has a meaning.
    pub(crate) fn hands_out_tokens(&self) -> bool {
        matches!(self, Self::Service { action, .. } if action.ends_with(".waitForTaskToken"))
    }
}

/// A number in a field, or what gives it.
#[derive(Debug)]
pub(crate) enum Quantity {
    Literal(f64),
    Query(Box<Query>),
}

#[derive(Debug)]
pub(crate) struct ChoiceNode {
    pub(crate) rules: Vec<Rule>,
    pub(crate) default: Option<usize>,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) condition: Condition,
    pub(crate) assign: Vec<(String, Template)>,
    pub(crate) output: Option<Template>,
    pub(crate) next: usize,
}

#[derive(Debug)]
pub(crate) enum Condition {
    Literal(bool),
    Query(Query),
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        variable: Path,
        operator: Operator,
        operand: Operand,
    },
}

#[derive(Debug)]
pub(crate) enum Operand {
    Literal(Value),
    Path(Path),
}

#[derive(Debug)]
pub(crate) enum WaitNode {
    Seconds(Quantity),
    Until(Timestamp),
    UntilQuery(Box<Query>),
}

#[derive(Debug)]
pub(crate) struct FailNode {
    pub(crate) error: Option<Template>,
    pub(crate) cause: Option<Template>,
}

#[derive(Debug)]
pub(crate) struct MapNode {
    pub(crate) start: usize,
    /// Set where the Map is distributed.
    pub(crate) child: Option<Arc<Machine>>,
    pub(crate) items: Option<Template>,
    pub(crate) items_path: Option<Path>,
    pub(crate) selector: Option<Template>,
    pub(crate) max_concurrency: Option<Quantity>,
    pub(crate) tolerated_count: Option<Quantity>,
    pub(crate) tolerated_percentage: Option<Quantity>,
    pub(crate) reader: Option<Reader>,
    pub(crate) batcher: Option<Template>,
    pub(crate) writer: Option<Template>,
}

#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) resource: String,
    pub(crate) arguments: Option<Template>,
    pub(crate) config: Option<Template>,
}

#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) errors: Vec<String>,
    pub(crate) interval_seconds: u64,
    pub(crate) max_attempts: u64,
    pub(crate) backoff_rate: f64,
    pub(crate) max_delay_seconds: Option<u64>,
    pub(crate) jitter: Jitter,
}

#[derive(Debug)]
pub(crate) struct Catch {
    pub(crate) errors: Vec<String>,
    pub(crate) result_path: ResultPath,
    pub(crate) assign: Vec<(String, Template)>,
    pub(crate) output: Option<Template>,
    pub(crate) next: usize,
}
