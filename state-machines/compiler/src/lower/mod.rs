//! Workflow to state machine, with the fewest transitions that the definition's meaning allows.
//!
//! A task is one state; all that is decided between two tasks is one `Choice`; starts, gateways, scripts, tables and ends
//! are no states but entries in the `path` that the next function writes down. A fork is one `Parallel`. An end is a
//! state of its own only where a `Choice` leads to it, because a `Choice` cannot end a machine.

mod call;
mod choice;
mod each;
mod expression;
mod fold;
mod fork;
mod place;
mod ways;

use std::collections::BTreeSet;

use asl::types::{Fail, Pass, QueryLanguage, State, StateMachine, States, Succeed};
use domain::text::Language;

use crate::graph::reachable;
use crate::node::EndStatus;
use crate::workflow::{Fork, Kind, Node, NodeIndex, ROOT, RegionIndex, Workflow};
use expression::Change;
use fold::Fold;
use ways::{Stop, run};

/// Stands for the deployment's prefix of function names until the machine is created.
pub(crate) const PREFIX: &str = "${FunctionPrefix}";

/// The largest definition that Step Functions takes, in bytes.
pub(crate) const LARGEST_MACHINE: usize = 1_048_576;

/// A gateway to which several ways lead is copied into the `Choice` of each while it has at most this many
/// branches; where the machine would grow too large, less is copied.
const COPIED_BRANCHES: [usize; 3] = [64, 16, 4];

/// The state machine of a workflow.
pub fn lower(workflow: &Workflow) -> StateMachine {
    lower_as(workflow, Variant::Normal)
}

/// The state machine that begins at a position: see `docs/machines-and-functions.md`.
pub fn lower_resume(workflow: &Workflow) -> StateMachine {
    lower_as(workflow, Variant::Resume)
}

fn lower_as(workflow: &Workflow, variant: Variant) -> StateMachine {
    let machines = COPIED_BRANCHES
        .iter()
        .map(|most| Lowering::new(workflow, variant, *most).machine());
    let fitting = machines
        .into_iter()
        .find(|machine| machine.to_text().len() <= LARGEST_MACHINE);
    fitting.unwrap_or_else(|| Lowering::new(workflow, variant, 1).machine())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    Normal,
    Resume,
}

/// A state still to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Todo {
    /// The first of a region, which passes what lies before it.
    First,
    Node(NodeIndex),
    /// What the answer of a place decides.
    Answer(NodeIndex),
    End(Option<NodeIndex>),
    /// The end of a branch.
    Branch,
    Raise(NodeIndex),
}

struct Lowering<'w> {
    workflow: &'w Workflow,
    variant: Variant,
    fold: Fold,
    travels: Travels,
    /// What no event leads to lies in no region, and nobody rests there.
    reached: Vec<bool>,
}

/// Which members the state has in this workflow.
#[derive(Debug, Clone, Copy)]
struct Travels {
    visits: bool,
    data: bool,
    since: bool,
    loops: bool,
    compensations: bool,
    status: bool,
}

/// The states of a region.
struct Scope {
    start_at: String,
    states: States,
}

/// A state, and those that it leads to.
type Made = (State, Vec<Todo>);

impl<'w> Lowering<'w> {
    fn new(workflow: &'w Workflow, variant: Variant, most: usize) -> Self {
        let travels = Travels {
            visits: workflow.nodes().any(|(_, node)| node.is_counted()),
            data: !workflow.reads.is_empty(),
            since: workflow.nodes().any(|(_, node)| node.since),
            status: workflow.nodes().any(|(_, node)| match node.kind {
                Kind::Status(end) => end.status == EndStatus::Rejected && node.region != ROOT,
                _ => false,
            }),
            compensations: workflow
                .nodes()
                .any(|(_, node)| matches!(&node.kind, Kind::Step(step) if step.expression.contains("compensations"))),
            loops: workflow
                .nodes()
                .any(|(_, node)| matches!(node.kind, Kind::Step(_)) || node.each().is_some()),
        };
        Self {
            workflow,
            variant,
            fold: Fold::new(workflow, most),
            travels,
            reached: reached(workflow),
        }
    }

    fn machine(&self) -> StateMachine {
        let Scope { start_at, states } = self.scope(ROOT);
        let mut machine = StateMachine::new(start_at).query_language(QueryLanguage::JSONata);
        machine.comment = Some(format!("Generated from the workflow {}.", self.workflow.key));
        machine.states = states;
        machine
    }

    fn scope(&self, region: RegionIndex) -> Scope {
        let (passed, stop) = run(self.workflow, region, self.workflow.region(region).entry);
        let first = match (passed.is_empty(), stop) {
            (true, Stop::State(_) | Stop::Gateway(_)) => todo(stop),
            _ => Todo::First,
        };
        let mut scope = Scope {
            start_at: self.name(region, first),
            states: States::default(),
        };
        let mut waiting = vec![first];
        let is_repeated = self.workflow.begins_again(region);
        if self.variant == Variant::Resume && !is_repeated {
            let places = self.resume(region, first, &mut scope);
            waiting.extend(places);
            waiting.reverse();
        }
        let mut seen = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if !seen.insert(next) {
                continue;
            }
            let (state, mut follow) = match next {
                Todo::First => self.first(region, stop, &passed),
                Todo::Node(index) => self.node(index, &[]),
                Todo::Answer(index) => self.answer(index),
                Todo::End(Some(end)) => self.succeed(self.comment(end)),
                Todo::End(None) | Todo::Branch => self.succeed(None),
                Todo::Raise(to) => (self.raise(region, to, &[]), Vec::new()),
            };
            scope.states.insert(self.name(region, next), state);
            // Depth first, so that the text reads as the way goes.
            follow.reverse();
            waiting.append(&mut follow);
        }
        scope
    }

    fn name(&self, region: RegionIndex, todo: Todo) -> String {
        let id = |index: NodeIndex| self.workflow.node(index).state_name().to_owned();
        match todo {
            Todo::First => self.first_name(region),
            Todo::Node(index) | Todo::End(Some(index)) => id(index),
            // No id holds a colon, so these are nobody else's names.
            Todo::Answer(index) => format!("{}:outcome", id(index)),
            Todo::End(None) => "process:end".to_owned(),
            Todo::Branch => format!("{}:end", self.branch_name(region)),
            Todo::Raise(to) => format!("{}:raise:{}", id(to), region.0),
        }
    }

    /// The first state has its node's name where it is the only one of that node.
    fn first_name(&self, region: RegionIndex) -> String {
        let (_, stop) = run(self.workflow, region, self.workflow.region(region).entry);
        match stop {
            Stop::State(index) | Stop::Gateway(index) => {
                let node = self.workflow.node(index);
                if node.repeats || self.variant == Variant::Resume {
                    format!("{}:first", node.state_name())
                } else {
                    node.state_name().to_owned()
                }
            }
            Stop::Branch => self.branch_name(region),
            Stop::End(_) | Stop::Raise(_) => self.name(region, todo(stop)),
        }
    }

    fn branch_name(&self, region: RegionIndex) -> String {
        let region = self.workflow.region(region);
        let fork = region.fork.map_or("process", |fork| &self.workflow.node(fork).id);
        format!("{fork}:{}", region.branch)
    }

    fn comment(&self, index: NodeIndex) -> Option<String> {
        let name = self.workflow.node(index).name.as_ref()?;
        Some(name.get(Language::En).to_owned())
    }

    fn list(&self, nodes: &[NodeIndex]) -> Vec<&'w Node> {
        nodes.iter().map(|index| self.workflow.node(*index)).collect()
    }

    /// The state at which a walk rests, with what is passed before it.
    fn state(&self, region: RegionIndex, stop: Stop, before: &[NodeIndex]) -> Made {
        match stop {
            Stop::State(index) | Stop::Gateway(index) => self.node(index, before),
            Stop::Raise(to) => (self.raise(region, to, before), Vec::new()),
            // Nothing to do but to tell what was passed.
            Stop::End(_) | Stop::Branch => {
                let behind = self.list(before);
                let change = Change {
                    behind: &behind,
                    ..Change::default()
                };
                let pass = Pass {
                    output: change.output(),
                    end: true,
                    ..Pass::default()
                };
                (pass.into(), Vec::new())
            }
        }
    }

    /// The first state of a region. A fork that can be resumed in, or that a loop leads back to, is there by itself as well,
    /// and its branches' states must not be there twice: so what lies before it is a state of its own.
    fn first(&self, region: RegionIndex, stop: Stop, before: &[NodeIndex]) -> Made {
        match stop {
            Stop::State(index)
                if matches!(self.workflow.node(index).kind, Kind::Fork(_))
                    && (self.variant == Variant::Resume || self.workflow.node(index).repeats) =>
            {
                let behind = self.list(before);
                let change = Change {
                    behind: &behind,
                    ..Change::default()
                };
                let pass = Pass {
                    output: change.output(),
                    next: Some(self.name(region, todo(stop))),
                    ..Pass::default()
                };
                (pass.into(), vec![todo(stop)])
            }
            stop => self.state(region, stop, before),
        }
    }

    fn node(&self, index: NodeIndex, before: &[NodeIndex]) -> Made {
        match &self.workflow.node(index).kind {
            Kind::Place(place) => self.place(index, place, before),
            Kind::Call(call) => self.call(index, call, before),
            Kind::Close(close) => self.close(index, close, before),
            Kind::Fork(Fork { each: Some(each), .. }) => self.each(index, each, before),
            Kind::Fork(_) => self.fork(index, before),
            Kind::Fail(code) => (self.fail(index, code), Vec::new()),
            _ => self.gateway(index, before),
        }
    }

    fn succeed(&self, comment: Option<String>) -> Made {
        let succeed = Succeed {
            comment,
            ..Succeed::default()
        };
        (succeed.into(), Vec::new())
    }

    /// An error that nobody catches: the execution fails, and the instance has an incident.
    fn fail(&self, index: NodeIndex, code: &str) -> State {
        Fail {
            comment: self.comment(index),
            error: Some(code.to_owned()),
            cause: Some(format!("The node {} raised it.", self.workflow.node(index).id)),
            ..Fail::default()
        }
        .into()
    }

    /// What is behind a state that goes on without asking: what is passed, and where it leads.
    fn behind(&self, index: NodeIndex, to: NodeIndex) -> (Vec<&'w Node>, Option<String>, Vec<Todo>) {
        let region = self.workflow.node(index).region;
        let (passed, stop) = run(self.workflow, region, to);
        let next = match stop {
            Stop::End(_) | Stop::Branch => None,
            stop => Some(todo(stop)),
        };
        let name = next.map(|next| self.name(region, next));
        (self.list(&passed), name, next.into_iter().collect())
    }
}

fn reached(workflow: &Workflow) -> Vec<bool> {
    let successors: Vec<Vec<usize>> = workflow
        .nodes()
        .map(|(_, node)| node.targets().iter().map(|to| to.0).collect())
        .collect();
    reachable(&successors, [workflow.start.0])
}

fn todo(stop: Stop) -> Todo {
    match stop {
        Stop::State(index) | Stop::Gateway(index) => Todo::Node(index),
        Stop::End(end) => Todo::End(end),
        Stop::Branch => Todo::Branch,
        Stop::Raise(to) => Todo::Raise(to),
    }
}
