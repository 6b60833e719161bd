//! What follows a node, by its flows.

use super::Resolve;
use crate::document;
use crate::graph::{Edge, NodeNo};
use crate::workflow::{Condition, Exit, NodeIndex};

impl Resolve<'_, '_> {
    /// The one way out of a node that decides nothing.
    pub(super) fn only_exit(&self, no: NodeNo) -> Option<Exit> {
        let edge = self.graph.outgoing(no).first()?;
        Some(Exit::Always(self.enter(edge.node)))
    }

    pub(super) fn outcomes(&mut self, no: NodeNo, task: &document::UserTask) -> Option<Exit> {
        if let Some(done) = self.dones.get(&no) {
            return Some(Exit::Always(*done));
        }
        let edges = self.graph.outgoing(no);
        if let Some(exit) = self.same(edges) {
            return Some(self.kept(no, exit));
        }
        let mut named: Vec<(Vec<String>, NodeIndex)> = Vec::with_capacity(edges.len());
        let mut rest: Vec<&String> = task.outcomes.iter().collect();
        let mut default = None;
        for edge in edges {
            let target = self.enter(edge.node);
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
        Some(self.kept(no, Exit::Outcomes(named)))
    }

    pub(super) fn conditions(&self, no: NodeNo) -> Option<Exit> {
        let edges = self.graph.outgoing(no);
        if let Some(exit) = self.same(edges) {
            return Some(exit);
        }
        let otherwise = edges.iter().find(|edge| edge.flow.default)?;
        let when = edges.iter().filter(|edge| !edge.flow.default);
        Some(Exit::Conditions {
            when: when
                .map(|edge| {
                    let condition = Condition::Data(edge.flow.when.clone()?);
                    Some((condition, self.enter(edge.node)))
                })
                .collect::<Option<_>>()?,
            otherwise: self.enter(otherwise.node),
        })
    }

    /// Where every way leads to the same place there is nothing to choose.
    fn same(&self, edges: &[Edge<'_>]) -> Option<Exit> {
        let (first, others) = edges.split_first()?;
        let same = others.iter().all(|edge| edge.node == first.node);
        same.then(|| Exit::Always(self.enter(first.node)))
    }
}
