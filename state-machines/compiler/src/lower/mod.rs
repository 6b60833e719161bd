//! Workflow to state machine, with the fewest transitions that the definition's meaning allows.
//!
//! A task is one state; all that is decided between two tasks is one `Choice`; start, gateways and ends are
//! no states but entries in the `path` that the next function writes down. An end is a state of its own
//! (`Succeed`) only where a `Choice` leads to it, because a `Choice` cannot end a machine.

mod expression;
mod fold;
mod task;

use std::collections::BTreeSet;

use asl::types::{Choice, ChoiceRule, Pass, QueryLanguage, State, StateMachine, Succeed};
use domain::text::Language;
use serde_json::{Value, json};

use crate::workflow::{Exit, Kind, NodeIndex, Workflow};
use expression::{Entered, Position};
use fold::{Fold, Leaf};

/// Stands for the deployment's prefix of function names until the machine is created.
pub(crate) const PREFIX: &str = "${FunctionPrefix}";

/// The largest definition that Step Functions takes, in bytes.
pub(crate) const LARGEST_MACHINE: usize = 1_048_576;

/// A gateway to which several ways lead is copied into the `Choice` of each while it has at most this many
/// branches; where the machine would grow too large, less is copied.
const COPIED_BRANCHES: [usize; 3] = [64, 16, 4];

/// The state machine of a workflow.
pub fn lower(workflow: &Workflow) -> StateMachine {
    let machines = COPIED_BRANCHES
        .iter()
        .map(|most| Lowering::new(workflow, *most).machine());
    let fitting = machines
        .into_iter()
        .find(|machine| machine.to_text().len() <= LARGEST_MACHINE);
    fitting.unwrap_or_else(|| Lowering::new(workflow, 1).machine())
}

/// Where a walk over nodes that only pass through comes to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Stop {
    Task(NodeIndex),
    /// A gateway that decides.
    Gateway(NodeIndex),
    End(NodeIndex),
}

/// A state still to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Todo {
    Task(NodeIndex),
    /// What the outcome of a task decides.
    Outcomes(NodeIndex),
    Gateway(NodeIndex),
    End(NodeIndex),
}

struct Lowering<'w> {
    workflow: &'w Workflow,
    fold: Fold,
    /// The state that the machine starts at, and whether the way comes back to it.
    first: Option<(Stop, bool)>,
    /// What is passed between the start event and that state.
    passed_first: Vec<NodeIndex>,
}

impl<'w> Lowering<'w> {
    fn new(workflow: &'w Workflow, most: usize) -> Self {
        let mut lowering = Self {
            workflow,
            fold: Fold::new(workflow, most),
            first: None,
            passed_first: Vec::new(),
        };
        let (mut passed, stop) = run(workflow, workflow.start);
        // The end that closes a workflow without any step is told by its own state.
        if let Stop::End(_) = stop {
            passed.pop();
        }
        lowering.first = Some((stop, lowering.is_entered_again(stop)));
        lowering.passed_first = passed;
        lowering
    }

    fn is_entered_again(&self, stop: Stop) -> bool {
        match stop {
            Stop::Task(index) | Stop::Gateway(index) => {
                // Everything lies behind the start, so whatever leads here again closes a cycle.
                self.workflow.node(index).repeats
            }
            Stop::End(_) => false,
        }
    }

    fn machine(&self) -> StateMachine {
        let Some((first, _)) = self.first else {
            return StateMachine::default();
        };
        let mut machine = StateMachine::new(self.name(todo(first))).query_language(QueryLanguage::JSONata);
        machine.comment = Some(format!("Generated from the workflow {}.", self.workflow.key));
        let mut seen = BTreeSet::new();
        let mut waiting = vec![todo(first)];
        while let Some(next) = waiting.pop() {
            if !seen.insert(next) {
                continue;
            }
            let (state, mut follow) = match next {
                Todo::Task(index) => self.task(index),
                Todo::Outcomes(index) => self.outcomes(index),
                Todo::Gateway(index) => self.gateway(index),
                Todo::End(index) if todo(first) == next => (self.only_end(index), Vec::new()),
                Todo::End(index) => (self.end(index), Vec::new()),
            };
            machine.states.insert(self.name(next), state);
            // Depth first, so that the text reads as the way goes.
            follow.reverse();
            waiting.append(&mut follow);
        }
        machine
    }

    fn name(&self, todo: Todo) -> String {
        match todo {
            Todo::Task(index) | Todo::Gateway(index) | Todo::End(index) => {
                self.workflow.node(index).id.clone()
            }
            // No id holds a colon, so this is nobody else's name.
            Todo::Outcomes(index) => format!("{}:outcome", self.workflow.node(index).id),
        }
    }

    fn comment(&self, index: NodeIndex) -> Option<String> {
        let name = self.workflow.node(index).name.as_ref()?;
        Some(name.get(Language::En).to_owned())
    }

    fn position(&self, state: Stop) -> Position<'_> {
        match self.first {
            Some((first, again)) if first == state => Position::First {
                passed: self.entered(&self.passed_first),
                again,
            },
            _ => Position::Later,
        }
    }

    fn entered(&self, nodes: &[NodeIndex]) -> Vec<Entered<'_>> {
        nodes
            .iter()
            .map(|index| {
                let node = self.workflow.node(*index);
                Entered {
                    id: &node.id,
                    repeats: node.repeats,
                }
            })
            .collect()
    }

    fn status(&self, stop: Stop) -> Option<&'static str> {
        match stop {
            Stop::End(index) => match self.workflow.node(index).kind {
                Kind::End(status) => Some(status.as_str()),
                _ => None,
            },
            Stop::Task(_) | Stop::Gateway(_) => None,
        }
    }

    fn outcomes(&self, index: NodeIndex) -> (State, Vec<Todo>) {
        let leaves = self.fold.leaves(self, index);
        self.choice(&leaves, &[], &Position::Later, None)
    }

    fn gateway(&self, index: NodeIndex) -> (State, Vec<Todo>) {
        let leaves = self.fold.leaves(self, index);
        let position = self.position(Stop::Gateway(index));
        self.choice(&leaves, &[index], &position, self.comment(index))
    }

    /// The `Choice` over `leaves`; `head` is what is entered whichever of them is taken.
    fn choice(
        &self,
        leaves: &[Leaf],
        head: &[NodeIndex],
        position: &Position<'_>,
        comment: Option<String>,
    ) -> (State, Vec<Todo>) {
        let mut follow = Vec::new();
        let mut choices = Vec::new();
        for leaf in leaves {
            let next = todo(leaf.stop);
            let mut rule = ChoiceRule::when(expression::condition(&leaf.conditions), self.name(next));
            let passed: Vec<NodeIndex> = head.iter().chain(&leaf.passed).copied().collect();
            rule.output = expression::passed(position, &self.entered(&passed), self.status(leaf.stop));
            choices.push(rule);
            follow.push(next);
        }
        let choice = Choice {
            comment,
            choices,
            ..Choice::default()
        };
        (choice.into(), follow)
    }

    /// The status is in the data already: whatever led here set it.
    fn end(&self, index: NodeIndex) -> State {
        Succeed {
            comment: self.comment(index),
            ..Succeed::default()
        }
        .into()
    }

    /// A workflow without any step still has to say how it ended.
    fn only_end(&self, index: NodeIndex) -> State {
        let stop = Stop::End(index);
        let output = expression::passed(&self.position(stop), &self.entered(&[index]), self.status(stop));
        Pass {
            comment: self.comment(index),
            output,
            end: true,
            ..Pass::default()
        }
        .into()
    }
}

/// From a node (which is not among them unless it only passes through) to where the way next rests, with
/// the nodes that are entered on the way. An end is both entered and a stop.
fn run(workflow: &Workflow, from: NodeIndex) -> (Vec<NodeIndex>, Stop) {
    let mut passed = Vec::new();
    let mut at = from;
    // Gateways alone never form a cycle in a checked workflow; the bound makes this total anyway.
    for _ in workflow.nodes() {
        let node = workflow.node(at);
        match (&node.kind, &node.exit) {
            (Kind::User(_) | Kind::Service(_), _) => return (passed, Stop::Task(at)),
            (Kind::Gateway, Exit::Conditions { .. } | Exit::Outcomes(_)) => {
                return (passed, Stop::Gateway(at));
            }
            (Kind::Start | Kind::Gateway, Exit::Always(to)) => {
                passed.push(at);
                at = *to;
            }
            (Kind::End(_) | Kind::Start | Kind::Gateway, _) => break,
        }
    }
    passed.push(at);
    (passed, Stop::End(at))
}

fn todo(stop: Stop) -> Todo {
    match stop {
        Stop::Task(index) => Todo::Task(index),
        Stop::Gateway(index) => Todo::Gateway(index),
        Stop::End(index) => Todo::End(index),
    }
}

/// An `Output` or `Arguments` member that copies a part of the state's input.
fn input(name: &str) -> Value {
    json!(format!("{{% $states.input.{name} %}}"))
}
