//! Who hears what: events on an activity and on the scopes around it, from the inside outwards.

use super::Resolve;
use crate::document::{Event, Kind};
use crate::graph::NodeNo;
use crate::workflow::{Catch, Listened, NodeIndex, Trigger};

/// An event that is heard while a node is active.
pub(super) struct Catcher<'d> {
    /// The node that has the event.
    pub(super) no: NodeNo,
    pub(super) event: &'d Event,
    pub(super) interrupting: bool,
    /// What is entered when it occurs.
    pub(super) to: NodeIndex,
    /// The scope or activity around: timers count from its entering. None: the node itself.
    since: Option<NodeIndex>,
    /// Those of one level are heard alike.
    level: usize,
}

impl<'d> Resolve<'_, 'd> {
    /// The catchers around a node, the nearest first.
    pub(super) fn catchers(&self, no: NodeNo) -> Vec<Catcher<'d>> {
        // Iterations listen to what is attached to the whole.
        let whole = self.is_multi(no).then_some(NodeIndex(no));
        let mut catchers = self.on_activity(no, whole, 0);
        let mut at = no;
        for level in (1..).step_by(2) {
            let scope = self.scope(at);
            if !self.is_interrupting_event_sub(at) {
                catchers.extend(self.in_scope(scope, level));
            }
            let Some(around) = scope else { break };
            catchers.extend(self.on_activity(around, Some(NodeIndex(around)), level + 1));
            at = around;
        }
        catchers
    }

    fn on_activity(&self, no: NodeNo, since: Option<NodeIndex>, level: usize) -> Vec<Catcher<'d>> {
        let boundaries = self.boundaries.get(&no).into_iter().flatten();
        boundaries
            .filter_map(|boundary| match &self.graph.node(*boundary)?.kind {
                Kind::Boundary(found) => Some(Catcher {
                    no: *boundary,
                    event: &found.event,
                    interrupting: found.interrupting,
                    to: NodeIndex(*boundary),
                    since,
                    level,
                }),
                _ => None,
            })
            .collect()
    }

    /// Event sub-processes of a scope.
    pub(super) fn in_scope(&self, scope: super::Scope, level: usize) -> Vec<Catcher<'d>> {
        let subs = self.event_subs.get(&scope).into_iter().flatten();
        subs.filter_map(|sub| {
            let start = self.start(Some(*sub))?;
            match &self.graph.node(start.0)?.kind {
                Kind::Start(Some(found)) => Some(Catcher {
                    no: start.0,
                    event: &found.event,
                    interrupting: found.interrupting,
                    to: NodeIndex(*sub),
                    since: scope.map(NodeIndex).or_else(|| self.start(None)),
                    level,
                }),
                _ => None,
            }
        })
        .collect()
    }

    fn is_interrupting_event_sub(&self, no: NodeNo) -> bool {
        let is_event_sub = self.graph.node(no).is_some_and(|node| {
            matches!(
                node.kind,
                Kind::SubProcess {
                    triggered_by_event: true
                }
            )
        });
        let start = is_event_sub.then(|| self.start(Some(no))).flatten();
        start
            .and_then(|start| self.graph.node(start.0))
            .is_some_and(|start| matches!(&start.kind, Kind::Start(Some(event)) if event.interrupting))
    }

    /// The interrupting events that a place at a node listens to.
    pub(super) fn listened(&mut self, no: NodeNo) -> Vec<Listened> {
        let mut events = Vec::new();
        for catcher in self.catchers(no) {
            let Some(trigger) = trigger(catcher.event).filter(|_| catcher.interrupting) else {
                continue;
            };
            if let (Trigger::Timer(_), Some(since)) = (&trigger, catcher.since)
                && let Some(node) = self.nodes.get_mut(since.0)
            {
                node.since = true;
            }
            let is_timer = matches!(trigger, Trigger::Timer(_));
            events.push(Listened {
                id: self.id(catcher.no),
                trigger,
                since: catcher.since.filter(|_| is_timer),
                to: catcher.to,
            });
        }
        events
    }

    pub(super) fn id(&self, no: NodeNo) -> String {
        self.graph
            .node(no)
            .map(|node| node.id.clone())
            .unwrap_or_default()
    }

    /// Where the errors of a node lead.
    pub(super) fn catches(&self, no: NodeNo) -> Vec<Catch> {
        let mut catches: Vec<Catch> = Vec::new();
        let mut errors: Vec<(usize, Option<&String>, NodeIndex)> = self
            .catchers(no)
            .into_iter()
            .filter_map(|catcher| match catcher.event {
                Event::Error { code } => Some((catcher.level, code.as_ref(), catcher.to)),
                _ => None,
            })
            .collect();
        errors.sort_by_key(|(level, code, _)| (*level, code.is_none()));
        for (_, code, to) in errors {
            if catches.iter().all(|one| one.code.as_ref() != code) {
                catches.push(Catch {
                    code: code.cloned(),
                    to,
                });
            }
            if code.is_none() {
                break;
            }
        }
        catches
    }

    /// Where an error that is thrown at a node leads.
    pub(super) fn caught(&self, no: NodeNo, code: &str) -> Option<NodeIndex> {
        let catches = self.catches(no);
        let mut caught = catches
            .iter()
            .filter(|one| one.code.as_deref().is_none_or(|one| one == code));
        caught.next().map(|one| one.to)
    }

    /// The nearest catcher of an escalation; the same code goes before none.
    pub(super) fn escalated(&self, no: NodeNo, code: &str) -> Option<Catcher<'d>> {
        let mut found: Vec<(usize, bool, Catcher<'d>)> = self
            .catchers(no)
            .into_iter()
            .filter_map(|catcher| match catcher.event {
                Event::Escalation { code: None } => Some((catcher.level, true, catcher)),
                Event::Escalation { code: Some(one) } if one == code => Some((catcher.level, false, catcher)),
                _ => None,
            })
            .collect();
        found.sort_by_key(|(level, any, _)| (*level, *any));
        found.into_iter().next().map(|(_, _, catcher)| catcher)
    }
}

/// What of an event comes from outside.
pub(super) fn trigger(event: &Event) -> Option<Trigger> {
    Some(match event {
        Event::Timer(timer) => Trigger::Timer(timer.clone()),
        Event::Message(message) => Trigger::Message {
            name: message.name.clone(),
            correlation: message.correlation.clone(),
            writes: message.writes.clone(),
        },
        Event::Signal { name, writes } => Trigger::Signal {
            name: name.clone(),
            writes: writes.clone(),
        },
        _ => return None,
    })
}
