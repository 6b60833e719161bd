//! A document's nodes and flows as a graph. Flows that lead from or to nowhere are left out.

use std::collections::HashMap;

use crate::document::{Boundary, Document, Flow, Kind, Node};

/// Position of a node in [`Document::nodes`].
pub(crate) type NodeNo = usize;

#[derive(Debug)]
pub(crate) struct Graph<'d> {
    pub(crate) document: &'d Document,
    by_id: HashMap<&'d str, NodeNo>,
    outgoing: Vec<Vec<Edge<'d>>>,
    written: Vec<Vec<&'d Flow>>,
    incoming: Vec<Vec<Edge<'d>>>,
    /// By the sub-process in which they stand; those of the process are the last.
    within: Vec<Vec<NodeNo>>,
    /// By what they are attached to.
    boundaries: Vec<Vec<NodeNo>>,
}

/// A flow with the node at its other end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge<'d> {
    pub(crate) flow: &'d Flow,
    pub(crate) node: NodeNo,
}

impl<'d> Graph<'d> {
    pub(crate) fn new(document: &'d Document) -> Self {
        let mut by_id = HashMap::new();
        for (no, node) in document.nodes.iter().enumerate() {
            // The first of two nodes with one id holds; the other is a diagnostic.
            by_id.entry(node.id.as_str()).or_insert(no);
        }
        let mut graph = Self {
            document,
            by_id,
            outgoing: vec![Vec::new(); document.nodes.len()],
            written: vec![Vec::new(); document.nodes.len()],
            incoming: vec![Vec::new(); document.nodes.len()],
            within: vec![Vec::new(); document.nodes.len() + 1],
            boundaries: vec![Vec::new(); document.nodes.len()],
        };
        for (no, node) in document.nodes.iter().enumerate() {
            let scope = node.parent.unwrap_or(document.nodes.len());
            if let Some(nodes) = graph.within.get_mut(scope) {
                nodes.push(no);
            }
            let Kind::Boundary(boundary) = &node.kind else {
                continue;
            };
            let activity = graph.find(&boundary.attached_to);
            if let Some(events) = activity.and_then(|activity| graph.boundaries.get_mut(activity)) {
                events.push(no);
            }
        }
        for flow in &document.flows {
            let ends = (graph.find(&flow.from), graph.find(&flow.to));
            if let Some(flows) = ends.0.and_then(|from| graph.written.get_mut(from)) {
                flows.push(flow);
            }
            let (Some(from), Some(to)) = ends else { continue };
            if let Some(edges) = graph.outgoing.get_mut(from) {
                edges.push(Edge { flow, node: to });
            }
            if let Some(edges) = graph.incoming.get_mut(to) {
                edges.push(Edge { flow, node: from });
            }
        }
        graph
    }

    pub(crate) fn find(&self, id: &str) -> Option<NodeNo> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn node(&self, no: NodeNo) -> Option<&'d Node> {
        self.document.nodes.get(no)
    }

    /// Every node with its number.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = (NodeNo, &'d Node)> {
        self.document.nodes.iter().enumerate()
    }

    /// The nodes that stand directly in a sub-process, or in the process.
    pub(crate) fn within(&self, scope: Option<NodeNo>) -> impl Iterator<Item = (NodeNo, &'d Node)> {
        let nodes = self.within.get(scope.unwrap_or(self.document.nodes.len()));
        let nodes = nodes.into_iter().flatten();
        nodes.filter_map(|no| Some((*no, self.node(*no)?)))
    }

    /// The events that are attached to a node.
    pub(crate) fn boundaries(&self, no: NodeNo) -> impl Iterator<Item = (NodeNo, &'d Boundary)> {
        let events = self.boundaries.get(no).into_iter().flatten();
        events.filter_map(|no| match &self.node(*no)?.kind {
            Kind::Boundary(boundary) => Some((*no, boundary)),
            _ => None,
        })
    }

    /// In the order of the text.
    pub(crate) fn outgoing(&self, no: NodeNo) -> &[Edge<'d>] {
        self.outgoing.get(no).map_or(&[], Vec::as_slice)
    }

    /// All flows that are written to leave a node, also those that lead nowhere.
    pub(crate) fn written(&self, no: NodeNo) -> &[&'d Flow] {
        self.written.get(no).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn incoming(&self, no: NodeNo) -> &[Edge<'d>] {
        self.incoming.get(no).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn successors(&self) -> Vec<Vec<NodeNo>> {
        let ends = |edges: &Vec<Edge<'d>>| edges.iter().map(|edge| edge.node).collect();
        self.outgoing.iter().map(ends).collect()
    }

    pub(crate) fn predecessors(&self) -> Vec<Vec<NodeNo>> {
        let ends = |edges: &Vec<Edge<'d>>| edges.iter().map(|edge| edge.node).collect();
        self.incoming.iter().map(ends).collect()
    }
}

/// Which nodes a walk from `roots` comes by.
pub(crate) fn reachable(successors: &[Vec<NodeNo>], roots: impl IntoIterator<Item = NodeNo>) -> Vec<bool> {
    let mut seen = vec![false; successors.len()];
    let mut waiting: Vec<NodeNo> = roots.into_iter().collect();
    while let Some(no) = waiting.pop() {
        match seen.get_mut(no) {
            Some(seen) if !*seen => *seen = true,
            _ => continue,
        }
        waiting.extend(successors.get(no).into_iter().flatten());
    }
    seen
}

/// Which nodes lie on a cycle: every one of them can be entered again. Tarjan's components without recursion,
/// since a definition may be a chain of thousands.
pub(crate) fn on_a_cycle(successors: &[Vec<NodeNo>]) -> Vec<bool> {
    let count = successors.len();
    let mut state = Tarjan {
        number: vec![None; count],
        low: vec![0; count],
        open: Vec::new(),
        is_open: vec![false; count],
        result: vec![false; count],
        next: 0,
    };
    for root in 0..count {
        if state.number.get(root) == Some(&None) {
            state.walk(successors, root);
        }
    }
    state.result
}

struct Tarjan {
    number: Vec<Option<usize>>,
    low: Vec<usize>,
    open: Vec<NodeNo>,
    is_open: Vec<bool>,
    result: Vec<bool>,
    next: usize,
}

impl Tarjan {
    fn walk(&mut self, successors: &[Vec<NodeNo>], root: NodeNo) {
        let mut stack = vec![(root, 0_usize)];
        self.enter(root);
        while let Some((no, position)) = stack.pop() {
            let Some(next) = successors.get(no).and_then(|list| list.get(position)).copied() else {
                self.leave(successors, no);
                if let Some((parent, _)) = stack.last() {
                    self.lower(*parent, self.low(no));
                }
                continue;
            };
            stack.push((no, position + 1));
            match self.number.get(next).copied().flatten() {
                None => {
                    self.enter(next);
                    stack.push((next, 0));
                }
                Some(number) if self.is_open.get(next) == Some(&true) => self.lower(no, number),
                Some(_) => {}
            }
        }
    }

    fn low(&self, no: NodeNo) -> usize {
        self.low.get(no).copied().unwrap_or_default()
    }

    fn lower(&mut self, no: NodeNo, to: usize) {
        if let Some(low) = self.low.get_mut(no) {
            *low = (*low).min(to);
        }
    }

    fn enter(&mut self, no: NodeNo) {
        set(&mut self.number, no, Some(self.next));
        set(&mut self.low, no, self.next);
        set(&mut self.is_open, no, true);
        self.open.push(no);
        self.next += 1;
    }

    /// Closes the component that `no` is the root of, if it is one.
    fn leave(&mut self, successors: &[Vec<NodeNo>], no: NodeNo) {
        if self.number.get(no).copied().flatten() != Some(self.low(no)) {
            return;
        }
        let start = self.open.iter().rposition(|open| *open == no).unwrap_or_default();
        let component = self.open.split_off(start);
        let itself = successors.get(no).is_some_and(|list| list.contains(&no));
        for member in &component {
            set(&mut self.is_open, *member, false);
            set(&mut self.result, *member, component.len() > 1 || itself);
        }
    }
}

fn set<T>(list: &mut [T], no: NodeNo, value: T) {
    if let Some(place) = list.get_mut(no) {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_lies_on_a_cycle_when_it_can_be_entered_again() {
        for (edges, expected) in [
            (vec![vec![1], vec![2], vec![]], vec![false, false, false]),
            (vec![vec![1], vec![2], vec![1]], vec![false, true, true]),
            (vec![vec![0, 1], vec![]], vec![true, false]),
            (vec![vec![1, 2], vec![3], vec![3], vec![0]], vec![true; 4]),
            (vec![vec![1], vec![0, 2], vec![3], vec![2]], vec![true; 4]),
            (
                vec![vec![1], vec![0, 2], vec![3], vec![]],
                vec![true, true, false, false],
            ),
        ] {
            assert_eq!(on_a_cycle(&edges), expected, "{edges:?}");
        }
    }

    #[test]
    fn long_chains_need_no_stack() {
        let chain: Vec<Vec<NodeNo>> = (1..=100_000).map(|next| vec![next % 100_000]).collect();
        assert!(on_a_cycle(&chain).into_iter().all(|on| on));
        assert!(reachable(&chain, [0]).into_iter().all(|reached| reached));
    }
}
