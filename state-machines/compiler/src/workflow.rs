//! A definition that has been checked: everything it refers to exists, and each node knows what follows it.

use std::collections::BTreeSet;

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use crate::document::{self, Document};
use crate::graph::{Edge, Graph, on_a_cycle};
use crate::node::{Due, EndStatus, ServiceTask, UserTask};

/// A checked definition. Made by [`validate`](crate::validate).
#[derive(Debug, Clone)]
pub struct Workflow {
    pub key: String,
    pub name: Text,
    pub form: String,
    /// The fields whose values travel through the machine, because a condition reads them.
    pub reads: BTreeSet<String>,
    pub warnings: Vec<Diagnostic>,
    pub(crate) start: NodeIndex,
    nodes: Vec<Node>,
}

/// A node of a [`Workflow`].
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) name: Option<Text>,
    pub(crate) kind: Kind,
    pub(crate) exit: Exit,
    /// Lies on a cycle, so its visits have to be counted.
    pub(crate) repeats: bool,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Start,
    End(EndStatus),
    User(UserTask),
    Service(ServiceTask),
    Gateway,
}

/// What follows a node.
#[derive(Debug, Clone)]
pub(crate) enum Exit {
    /// Nothing: an end.
    None,
    Always(NodeIndex),
    /// Each outcome of the task is named once.
    Outcomes(Vec<(Vec<String>, NodeIndex)>),
    /// The first condition that holds, in the order of the flows.
    Conditions {
        when: Vec<(String, NodeIndex)>,
        otherwise: NodeIndex,
    },
}

/// A node of one workflow; only [`resolve`] makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeIndex(usize);

impl Workflow {
    #[expect(
        clippy::indexing_slicing,
        reason = "an index is only made by `resolve`, from the nodes of this workflow"
    )]
    pub(crate) fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.0]
    }

    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(i, node)| (NodeIndex(i), node))
    }

    pub fn user_tasks(&self) -> impl Iterator<Item = &UserTask> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::User(task) => Some(task),
            _ => None,
        })
    }

    pub fn service_tasks(&self) -> impl Iterator<Item = &ServiceTask> {
        self.nodes.iter().filter_map(|node| match &node.kind {
            Kind::Service(task) => Some(task),
            _ => None,
        })
    }
}

/// Makes the workflow of a document that the rules found nothing wrong with. None means that they missed
/// something.
pub(crate) fn resolve(
    document: &Document,
    graph: &Graph<'_>,
    reads: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
) -> Option<Workflow> {
    let repeats = on_a_cycle(&graph.successors());
    let mut nodes = Vec::with_capacity(document.nodes.len());
    for ((no, node), repeats) in graph.nodes().zip(repeats) {
        nodes.push(Node {
            id: node.id.clone(),
            name: node.name.clone(),
            kind: kind(node)?,
            exit: exit(node, graph.outgoing(no))?,
            repeats,
        });
    }
    let start = nodes.iter().position(|node| matches!(node.kind, Kind::Start))?;
    Some(Workflow {
        key: document.key.clone(),
        name: document
            .name
            .clone()
            .unwrap_or_else(|| document.key.as_str().into()),
        form: document.form.clone()?,
        reads,
        warnings,
        start: NodeIndex(start),
        nodes,
    })
}

fn kind(node: &document::Node) -> Option<Kind> {
    let name = || node.name.clone().unwrap_or_else(|| node.id.as_str().into());
    Some(match &node.kind {
        document::Kind::Start(_) => Kind::Start,
        document::Kind::End(end) => Kind::End(end.status),
        document::Kind::Exclusive => Kind::Gateway,
        document::Kind::User(task) => Kind::User(user_task(&node.id, name(), task)),
        document::Kind::Service(task) => Kind::Service(ServiceTask {
            id: node.id.clone(),
            name: name(),
            service: task.service.clone()?,
            retry: task.retry,
            writes: task.writes.clone(),
        }),
        _ => return None,
    })
}

/// A task with its defaults filled in.
pub(crate) fn user_task(id: &str, name: Text, task: &document::UserTask) -> UserTask {
    UserTask {
        id: id.to_owned(),
        name,
        assign: task.assign.clone().unwrap_or_default(),
        candidates: task.candidates.clone().unwrap_or_default(),
        vote: task.vote,
        outcomes: task.outcomes.clone(),
        fields: task.fields.iter().cloned().collect(),
        due: task.within.clone().map(|within| Due { within }),
        when_no_assignee: task.when_no_assignee,
        when_starter_is_assignee: task.when_starter_is_assignee,
    }
}

fn exit(node: &document::Node, edges: &[Edge<'_>]) -> Option<Exit> {
    let Some((first, others)) = edges.split_first() else {
        return matches!(node.kind, document::Kind::End(_)).then_some(Exit::None);
    };
    // Where every way leads to the same place there is nothing to choose.
    if others.iter().all(|edge| edge.node == first.node) {
        return Some(Exit::Always(NodeIndex(first.node)));
    }
    match &node.kind {
        document::Kind::User(task) => outcomes(task, edges),
        document::Kind::Exclusive => conditions(edges),
        _ => None,
    }
}

fn outcomes(task: &document::UserTask, edges: &[Edge<'_>]) -> Option<Exit> {
    let mut named: Vec<(Vec<String>, NodeIndex)> = Vec::with_capacity(edges.len());
    let mut rest: Vec<&String> = task.outcomes.iter().collect();
    let mut default = None;
    for edge in edges {
        let target = NodeIndex(edge.node);
        match &edge.flow.outcome {
            None => default = Some(target),
            Some(outcome) => {
                rest.retain(|one| *one != outcome);
                match named.iter_mut().find(|(_, to)| *to == target) {
                    Some((outcomes, _)) => outcomes.push(outcome.clone()),
                    None => named.push((vec![outcome.clone()], target)),
                }
            }
        }
    }
    if !rest.is_empty() {
        named.push((rest.into_iter().cloned().collect(), default?));
    }
    Some(Exit::Outcomes(named))
}

fn conditions(edges: &[Edge<'_>]) -> Option<Exit> {
    let otherwise = edges.iter().find(|edge| edge.flow.default)?;
    let when = edges.iter().filter(|edge| !edge.flow.default);
    Some(Exit::Conditions {
        when: when
            .map(|edge| Some((edge.flow.when.clone()?, NodeIndex(edge.node))))
            .collect::<Option<_>>()?,
        otherwise: NodeIndex(otherwise.node),
    })
}
