//! Document to [`Workflow`]: what the definition implies becomes nodes of its own.

mod catchers;
mod compensation;
mod conflicts;
mod dominators;
mod exits;
mod kinds;
mod listeners;
mod raises;
mod regions;
mod repeated;
mod sequence;
mod unnested;
mod ways;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Diagnostic;

use crate::document::{self, Document};
use crate::graph::{Graph, NodeNo, on_a_cycle};
use crate::node::EndStatus;
use crate::workflow::{Ending, Exit, Kind, Node, NodeIndex, ROOT, RegionIndex, Workflow};

pub(crate) use kinds::object;
use repeated::quote;
pub(crate) use repeated::{appended, at};
pub(crate) use unnested::{changed, highest};

/// Makes the workflow of a document that the rules found nothing wrong with.
///
/// # Errors
///
/// What has no equivalent as a state machine. None: the rules missed something.
pub(crate) fn resolve(
    document: &Document,
    graph: &Graph<'_>,
    reads: BTreeSet<String>,
    warnings: Vec<Diagnostic>,
) -> Result<Workflow, Option<Vec<Diagnostic>>> {
    let mut resolve = Resolve::new(graph, reads);
    resolve.nodes().ok_or(None)?;
    let start = resolve.start(None).ok_or(None)?;
    let wholes = (0..graph.nodes().count()).filter_map(|no| Some((no, resolve.whole(no)?)));
    let wholes: BTreeMap<NodeNo, Whole> = wholes.collect();
    let listening = resolve.listening(&wholes);
    let overs = std::mem::take(&mut resolve.overs);
    let mut workflow = Workflow {
        key: document.key.clone(),
        name: document
            .name
            .clone()
            .unwrap_or_else(|| document.key.as_str().into()),
        form: document.form.clone().ok_or(None)?,
        reads: resolve.carried,
        warnings,
        start,
        end: resolve.end,
        nodes: resolve.nodes,
        regions: Vec::new(),
        raises: BTreeMap::new(),
    };
    let mut implied = regions::Implied {
        overs,
        wholes,
        listening,
        eaches: std::mem::take(&mut resolve.eaches),
        latches: BTreeSet::new(),
        homes: std::mem::take(&mut resolve.homes),
    };
    let joins = regions::joins(&workflow, graph, &implied);
    unnested::nest(&mut workflow, graph, &mut implied, &joins).map_err(Some)?;
    regions::divide(&mut workflow, graph, &implied).map_err(Some)?;
    conflicts::check(&workflow, graph).map_err(Some)?;
    let successors: Vec<Vec<NodeNo>> = workflow
        .nodes
        .iter()
        .map(|node| node.targets().iter().map(|to| to.0).collect())
        .collect();
    let on_cycle = on_a_cycle(&successors);
    let repeat: Vec<bool> = workflow
        .nodes()
        .map(|(index, node)| {
            // What a fork begins is begun again with it, also where it never leads back itself: another branch, or an event, does.
            let mut forks = workflow
                .around(node.region)
                .filter_map(|at| workflow.region(at).fork);
            on_cycle.get(index.0) == Some(&true) || forks.any(|fork| on_cycle.get(fork.0) == Some(&true))
        })
        .collect();
    for (node, repeats) in workflow.nodes.iter_mut().zip(&repeat) {
        node.repeats = *repeats;
        if let Some(of) = &mut node.of {
            of.repeats = repeat.get(of.index.0) == Some(&true);
        }
    }
    raises::close_what_is_left(&mut workflow);
    order_ends(&mut workflow);
    Ok(workflow)
}

/// Tells the ends apart that no other may have been entered before.
fn order_ends(workflow: &mut Workflow) {
    let rejecting: Vec<RegionIndex> = workflow
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, Kind::Status(end) if end.status == EndStatus::Rejected))
        .map(|node| node.region)
        .collect();
    for node in &mut workflow.nodes {
        let (region, repeats) = (node.region, node.repeats);
        if let Kind::Status(end) = &mut node.kind {
            end.may_follow |= repeats || rejecting.iter().any(|other| *other != region);
        }
    }
}

/// A scope: the process, or a sub-process by its number.
type Scope = Option<NodeNo>;

/// Where a whole of tokens ends: that of a scope, or of the way of a listener.
#[derive(Debug, Clone, Copy)]
struct Whole {
    end: NodeIndex,
    /// Lies in the region of the whole.
    beside: NodeIndex,
}

struct Resolve<'r, 'd> {
    graph: &'r Graph<'d>,
    nodes: Vec<Node>,
    /// Where the process ends.
    end: NodeIndex,
    /// Where an iteration of a multi-instance is complete.
    dones: BTreeMap<NodeNo, NodeIndex>,
    /// The forks of parallel iterations, with where they end.
    eaches: BTreeMap<NodeIndex, Whole>,
    /// Implied nodes that lie beside one of the document, though they are reached from inside of it.
    homes: Vec<(NodeIndex, NodeNo)>,
    /// Where each sub-process ends.
    ends: BTreeMap<NodeNo, NodeIndex>,
    /// Where a way goes that leads to a node with listeners: to the fork that opens them.
    entries: BTreeMap<NodeNo, NodeIndex>,
    /// The fork that opens the listeners of a scope, by its start event.
    beside: BTreeMap<NodeNo, NodeIndex>,
    /// For each end on the way of a listener: where the listener goes on.
    again: BTreeMap<NodeNo, NodeIndex>,
    /// Where the token of a listener is gone, so that its branch ends.
    overs: Vec<NodeIndex>,
    /// The activity of each fork of listeners on one.
    forks: BTreeMap<NodeIndex, NodeNo>,
    /// The nodes on the ways of listeners on activities, with where these end.
    ways: BTreeMap<NodeNo, Whole>,
    boundaries: BTreeMap<NodeNo, Vec<NodeNo>>,
    /// The event sub-processes of each scope.
    event_subs: BTreeMap<Scope, Vec<NodeNo>>,
    /// Where the listeners of each scope are released.
    releases: BTreeMap<Scope, NodeIndex>,
    carried: BTreeSet<String>,
}

impl<'r, 'd> Resolve<'r, 'd> {
    fn new(graph: &'r Graph<'d>, reads: BTreeSet<String>) -> Self {
        let mut resolve = Self {
            graph,
            nodes: Vec::new(),
            end: NodeIndex(0),
            dones: BTreeMap::new(),
            eaches: BTreeMap::new(),
            homes: Vec::new(),
            ends: BTreeMap::new(),
            entries: BTreeMap::new(),
            beside: BTreeMap::new(),
            again: BTreeMap::new(),
            overs: Vec::new(),
            forks: BTreeMap::new(),
            ways: BTreeMap::new(),
            boundaries: BTreeMap::new(),
            event_subs: BTreeMap::new(),
            releases: BTreeMap::new(),
            carried: reads,
        };
        resolve.survey();
        resolve
    }

    /// Makes a node for each of the document, under its number, and the ends of scopes.
    fn survey(&mut self) {
        for (no, node) in self.graph.nodes() {
            let is_reached_from_inside = matches!(
                node.kind,
                document::Kind::Boundary(_)
                    | document::Kind::SubProcess {
                        triggered_by_event: true
                    }
            );
            let depth = self.around(no).filter(|at| self.is_multi(*at)).count();
            self.nodes.push(Node {
                name: node.name.clone(),
                iterates: self.iterates(no),
                of_iteration: is_reached_from_inside.then_some(depth),
                ..blank(node.id.clone())
            });
            match &node.kind {
                document::Kind::Boundary(boundary) => {
                    if let Some(activity) = self.graph.find(&boundary.attached_to) {
                        self.boundaries.entry(activity).or_default().push(no);
                    }
                }
                document::Kind::SubProcess {
                    triggered_by_event: true,
                } => self.event_subs.entry(node.parent).or_default().push(no),
                _ => {}
            }
            self.carried.extend(kinds::variables(node));
        }
        self.end = self.imply("process:end".to_owned(), Kind::End, Exit::None);
        for (no, node) in self.graph.nodes() {
            if matches!(node.kind, document::Kind::SubProcess { .. }) {
                // An event sub-process of the process ends the instance.
                let is_last = node.parent.is_none()
                    && matches!(
                        node.kind,
                        document::Kind::SubProcess {
                            triggered_by_event: true
                        }
                    );
                let kind = match is_last {
                    true => Kind::Status(Ending {
                        status: EndStatus::Completed,
                        may_follow: true,
                        ends_all: false,
                    }),
                    false => Kind::Pass,
                };
                let end = self.imply(format!("{}:end", node.id), kind, Exit::None);
                self.ends.insert(no, end);
            }
        }
    }

    /// A node that the definition implies.
    fn imply(&mut self, id: String, kind: Kind, exit: Exit) -> NodeIndex {
        self.nodes.push(Node {
            silent: true,
            kind,
            exit,
            ..blank(id)
        });
        NodeIndex(self.nodes.len() - 1)
    }

    /// One that lies within the iterations of the node that it belongs to.
    fn imply_inside(&mut self, id: String, kind: Kind, exit: Exit) -> NodeIndex {
        let made = self.imply(id, kind, exit);
        if let Some(node) = self.nodes.get_mut(made.0) {
            node.iterates = true;
        }
        made
    }

    fn iterate_like(&mut self, made: NodeIndex, no: NodeNo) {
        let iterates = self.iterates(no);
        if let Some(node) = self.nodes.get_mut(made.0) {
            node.iterates = iterates;
        }
    }

    fn becomes(&mut self, made: NodeIndex, kind: Kind, exit: Exit) {
        if let Some(node) = self.nodes.get_mut(made.0) {
            (node.kind, node.exit) = (kind, exit);
        }
    }

    /// The sub-processes around a node, the innermost first.
    fn around(&self, no: NodeNo) -> impl Iterator<Item = NodeNo> {
        std::iter::successors(self.scope(no), |at| self.scope(*at))
    }

    fn depth(&self, no: NodeNo) -> usize {
        self.around(no).count()
    }

    fn is_multi(&self, no: NodeNo) -> bool {
        let node = self.graph.node(no);
        node.is_some_and(|node| node.multi_instance.is_some())
    }

    /// Whether a node lies in iterations of others.
    fn iterates(&self, no: NodeNo) -> bool {
        self.around(no).any(|around| self.is_multi(around))
    }

    fn nodes(&mut self) -> Option<()> {
        self.listen();
        for (no, node) in self.graph.nodes() {
            let (kind, exit) = match &node.multi_instance {
                None => self.meaning(no, node)?,
                Some(many) => self.repeated(no, node, many)?,
            };
            // A listener has been made of it already.
            let Some(made) = self.nodes.get_mut(no) else {
                continue;
            };
            if matches!(made.kind, Kind::Pass) && matches!(made.exit, Exit::None) {
                made.kind = kind;
                made.exit = exit;
            }
        }
        Some(())
    }

    /// For each fork of listeners where it ends if it lies in no other fork.
    fn listening(&self, wholes: &BTreeMap<NodeNo, Whole>) -> BTreeMap<NodeIndex, Whole> {
        let on_activities = self.forks.iter();
        let on_activities = on_activities.filter_map(|(fork, on)| Some((*fork, *wholes.get(on)?)));
        let in_scopes = self.beside.iter().map(|(start, fork)| {
            let whole = Whole {
                end: self.scope_end(self.scope(*start)),
                beside: NodeIndex(*start),
            };
            (*fork, whole)
        });
        on_activities.chain(in_scopes).collect()
    }

    fn set_exit(&mut self, node: NodeIndex, exit: Exit) {
        if let Some(node) = self.nodes.get_mut(node.0) {
            node.exit = exit;
        }
    }

    /// Where a flow to a node leads.
    fn enter(&self, no: NodeNo) -> NodeIndex {
        self.entries.get(&no).copied().unwrap_or(NodeIndex(no))
    }

    fn scope(&self, no: NodeNo) -> Scope {
        self.graph.node(no).and_then(|node| node.parent)
    }

    fn scope_end(&self, scope: Scope) -> NodeIndex {
        scope
            .and_then(|no| self.ends.get(&no).copied())
            .unwrap_or(self.end)
    }

    fn start(&self, scope: Scope) -> Option<NodeIndex> {
        ways::start(self.graph, scope).map(NodeIndex)
    }
}

fn blank(id: String) -> Node {
    Node {
        id,
        name: None,
        state: None,
        silent: false,
        kind: Kind::Pass,
        exit: Exit::None,
        of: None,
        iterates: false,
        of_iteration: None,
        repeats: false,
        since: false,
        region: ROOT,
    }
}
