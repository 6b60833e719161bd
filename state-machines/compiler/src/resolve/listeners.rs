//! Events that do not interrupt: a fork opens their listener beside the activity, and the listener's way goes on to its
//! end by itself.

use super::catchers::trigger;
use super::{Resolve, Scope, Whole};
use crate::document::{self, Event, TimerKind};
use crate::graph::NodeNo;
use crate::workflow::{
    Attached, Close, Escalation, Exit, Fork, Kind, Listened, NodeIndex, Opens, Place, Trigger,
};

impl Resolve<'_, '_> {
    /// Makes the listeners, before any flow is followed.
    pub(super) fn listen(&mut self) {
        let activities: Vec<(NodeNo, Vec<NodeNo>)> = self
            .boundaries
            .keys()
            .map(|activity| (*activity, self.listeners_on(*activity)))
            .filter(|(_, listeners)| !listeners.is_empty())
            .collect();
        // All of them first: one listener's way may lead to another's activity.
        for (activity, _) in &activities {
            let fork = self.imply(format!("{}:listen", self.id(*activity)), Kind::Pass, Exit::None);
            self.entries.insert(*activity, fork);
        }
        for (activity, listeners) in activities {
            let attached = Attached {
                to: NodeIndex(activity),
                is_entered: false,
            };
            let branches = self.branches(NodeIndex(activity), &listeners, attached);
            self.set_fork(self.enter(activity), branches);
        }
        let is_start = |node: &document::Node| matches!(node.kind, document::Kind::Start(_));
        let starts = self.graph.nodes().filter(|(_, node)| is_start(node));
        let starts: Vec<NodeNo> = starts.map(|(no, _)| no).collect();
        // Where forks of listeners end is known once all ways of listeners are.
        for (activity, fork) in self.entries.clone() {
            self.forks.insert(fork, activity);
        }
        for no in &starts {
            self.listen_in(*no);
        }
        // An event sub-process is entered when its event occurs, and its start event not once more.
        for no in starts {
            let sub = self.scope(no).filter(|sub| self.again.contains_key(sub));
            if let (Some(sub), Some(exit)) = (sub, self.after_start(no)) {
                self.set_exit(NodeIndex(sub), exit);
            }
        }
    }

    /// What follows the start of a scope: what happens in it, beside its listeners.
    pub(super) fn after_start(&self, no: NodeNo) -> Option<Exit> {
        match self.beside.get(&no) {
            Some(fork) => Some(Exit::Always(*fork)),
            None => self.only_exit(no),
        }
    }

    /// The fork behind the start of a scope that has listeners.
    fn listen_in(&mut self, no: NodeNo) -> Option<()> {
        let scope = self.scope(no);
        let listeners = self.listeners_in(scope);
        let Exit::Always(body) = self.only_exit(no)? else {
            return None;
        };
        if listeners.is_empty() {
            return None;
        }
        let fork = self.imply(format!("{}:listen", self.id(no)), Kind::Pass, Exit::None);
        self.beside.insert(no, fork);
        let attached = Attached {
            to: self.stands_for(scope)?,
            is_entered: true,
        };
        let branches = self.branches(body, &listeners, attached);
        self.set_fork(fork, branches);
        Some(())
    }

    /// The start events in a scope that do not interrupt it.
    fn listeners_in(&self, scope: Scope) -> Vec<NodeNo> {
        let catchers = self.in_scope(scope, 0).into_iter();
        catchers
            .filter(|catcher| !catcher.interrupting && listens(catcher.event))
            .map(|catcher| catcher.no)
            .collect()
    }

    /// The node whose visits count those of a scope.
    fn stands_for(&self, scope: Scope) -> Option<NodeIndex> {
        scope.map(NodeIndex).or_else(|| self.start(None))
    }

    fn branches(&mut self, main: NodeIndex, listeners: &[NodeNo], attached: Attached) -> Vec<NodeIndex> {
        let listeners = listeners.iter().filter_map(|no| self.listener(*no, attached));
        std::iter::once(main)
            .chain(listeners.collect::<Vec<_>>())
            .collect()
    }

    fn set_fork(&mut self, fork: NodeIndex, branches: Vec<NodeIndex>) {
        if let Some(node) = self.nodes.get_mut(fork.0) {
            node.kind = Kind::Fork(Fork {
                branches,
                each: None,
                is_unnested: false,
            });
        }
    }

    /// The events on an activity that do not interrupt it.
    fn listeners_on(&self, activity: NodeNo) -> Vec<NodeNo> {
        let boundaries = self.boundaries.get(&activity).into_iter().flatten();
        boundaries
            .copied()
            .filter(|no| match self.graph.node(*no).map(|node| &node.kind) {
                Some(document::Kind::Boundary(boundary)) => {
                    !boundary.interrupting && listens(&boundary.event)
                }
                _ => false,
            })
            .collect()
    }

    /// Whether the end of an activity is known by its row, so that its listeners are over without being told.
    fn is_place(&self, no: NodeNo) -> bool {
        use document::Kind::{Call, Catch, User};
        self.graph.node(no).is_some_and(|node| {
            node.multi_instance.is_none() && matches!(node.kind, User(_) | Catch(_) | Call(_))
        })
    }

    /// Makes one; gives the place that it waits in.
    fn listener(&mut self, no: NodeNo, attached: Attached) -> Option<NodeIndex> {
        let node = self.graph.node(no)?;
        let event = match &node.kind {
            document::Kind::Boundary(boundary) => &boundary.event,
            document::Kind::Start(Some(start)) => &start.event,
            _ => return None,
        };
        let place = match event {
            Event::Escalation { .. } => {
                let place = self.imply(format!("{}:wait", node.id), Kind::Pass, Exit::None);
                self.iterate_like(place, no);
                place
            }
            _ => NodeIndex(no),
        };
        let over = self.imply(format!("{}:over", node.id), Kind::Pass, Exit::None);
        self.overs.push(over);
        let once = matches!(event, Event::Timer(timer) if timer.kind != TimerKind::Cycle);
        // The way lies deeper than the listener where it has listeners of its own, so it ends by itself.
        let next = match once {
            true => {
                let done = self.imply(format!("{}:done", node.id), Kind::Pass, Exit::None);
                self.overs.push(done);
                done
            }
            false => place,
        };
        let again = self.imply(format!("{}:again", node.id), Kind::Pass, Exit::Always(next));
        let first = self.graph.outgoing(no).first()?.node;
        let sub = self.scope(no);
        let to = match sub.filter(|_| matches!(node.kind, document::Kind::Start(_))) {
            Some(sub) => {
                self.again.insert(sub, again);
                NodeIndex(sub)
            }
            None => {
                self.ends_of_way(place, first, again);
                self.enter(first)
            }
        };
        let kind = match trigger(event) {
            Some(trigger) => self.waiting(no, trigger, to),
            None => {
                // Nobody knows of the place: the event itself is entered when it occurs.
                self.becomes(NodeIndex(no), Kind::Pass, Exit::Always(to));
                self.unseen(no, attached)
            }
        };
        if let Kind::Place(mut waits) = kind {
            waits.attached = Some(attached);
            waits.is_listener = true;
            self.becomes(place, Kind::Place(waits), Exit::Always(over));
        }
        Some(place)
    }

    fn unseen(&self, no: NodeNo, attached: Attached) -> Kind {
        let own = Listened {
            id: self.id(no),
            trigger: Trigger::Escalation(self.escalation(no, attached.to)),
            since: None,
            to: NodeIndex(no),
        };
        Kind::Place(Box::new(Place {
            opens: Opens::Receive,
            events: vec![own],
            catches: Vec::new(),
            is_listener: true,
            attached: Some(attached),
            is_hidden: true,
        }))
    }

    pub(super) fn escalation(&self, catcher: NodeNo, of: NodeIndex) -> Escalation {
        let around = self.around(catcher);
        Escalation {
            catcher: self.id(catcher),
            of,
            of_iteration: around.filter(|at| self.is_multi(*at)).count(),
        }
    }

    /// What an escalation is for that is caught there.
    pub(super) fn escalation_to(&self, catcher: NodeNo) -> Option<Escalation> {
        let of = match &self.graph.node(catcher)?.kind {
            document::Kind::Boundary(boundary) => NodeIndex(self.graph.find(&boundary.attached_to)?),
            // An event sub-process listens for the scope that it stands in.
            _ => self.stands_for(self.scope(self.scope(catcher)?))?,
        };
        Some(self.escalation(catcher, of))
    }

    /// The ends that a listener's way comes to, within its scope, lead back to the listener.
    fn ends_of_way(&mut self, listener: NodeIndex, first: NodeNo, again: NodeIndex) {
        let mut waiting = vec![first];
        let mut seen = std::collections::BTreeSet::new();
        while let Some(no) = waiting.pop() {
            if !seen.insert(no) {
                continue;
            }
            let whole = Whole {
                end: again,
                beside: listener,
            };
            self.ways.insert(no, whole);
            match self.graph.node(no).map(|node| &node.kind) {
                Some(document::Kind::End(_)) => {
                    self.again.insert(no, again);
                }
                Some(document::Kind::Throw(document::Thrown::Link { name })) => {
                    waiting.extend(self.link(self.scope(no), name));
                }
                _ => {}
            }
            waiting.extend(self.graph.outgoing(no).iter().map(|edge| edge.node));
            // Other listeners' ways have ends of their own.
            let beside = self.listeners_on(no);
            let boundaries = self.boundaries.get(&no).into_iter().flatten();
            waiting.extend(boundaries.filter(|one| !beside.contains(one)));
        }
    }

    /// The way out of an activity, past the release of its listeners.
    pub(super) fn leaving(&mut self, no: NodeNo) -> Option<Exit> {
        if let Some(done) = self.dones.get(&no) {
            return Some(Exit::Always(*done));
        }
        let exit = self.only_exit(no)?;
        let exit = self.past_release(no, exit);
        Some(self.kept(no, exit))
    }

    /// The way out of a boundary event: the activity was left, so its listeners are over.
    pub(super) fn after_interruption(&mut self, no: NodeNo) -> Option<Exit> {
        let exit = self.only_exit(no)?;
        let activity = match &self.graph.node(no)?.kind {
            document::Kind::Boundary(boundary) => self.graph.find(&boundary.attached_to)?,
            _ => return Some(exit),
        };
        let exit = self.past_release(activity, exit);
        let inside =
            |this: &Self, other: NodeNo| other == activity || this.around(other).any(|at| at == activity);
        Some(self.restored(no, inside, exit))
    }

    fn past_release(&mut self, activity: NodeNo, exit: Exit) -> Exit {
        let listeners = self.listeners_on(activity);
        if listeners.is_empty() || self.is_place(activity) {
            return exit;
        }
        let id = format!("{}:release{}", self.id(activity), self.nodes.len());
        let iterates = self.iterates(activity);
        Exit::Always(self.release(id, NodeIndex(activity), exit, iterates))
    }

    fn release(&mut self, id: String, of: NodeIndex, exit: Exit, iterates: bool) -> NodeIndex {
        let close = Close {
            release: Some(of),
            ..Close::default()
        };
        let kind = Kind::Close(Box::new(close));
        match iterates {
            true => self.imply_inside(id, kind, exit),
            false => self.imply(id, kind, exit),
        }
    }

    /// Where the ends of a scope lead: to its end, past the release of its listeners.
    pub(super) fn over(&mut self, scope: Scope) -> NodeIndex {
        let end = self.scope_end(scope);
        if let Some(release) = self.releases.get(&scope) {
            return *release;
        }
        let of = self
            .stands_for(scope)
            .filter(|_| !self.listeners_in(scope).is_empty());
        let Some(of) = of else { return end };
        let id = match scope {
            Some(no) => format!("{}:release", self.id(no)),
            None => "process:release".to_owned(),
        };
        let iterates = scope.is_some_and(|no| self.is_multi(no) || self.iterates(no));
        let release = self.release(id, of, Exit::Always(end), iterates);
        self.releases.insert(scope, release);
        release
    }

    /// Where forks end that lie in no other: where the tokens of the node's scope, or of its listener's way, end.
    pub(super) fn whole(&mut self, no: NodeNo) -> Option<Whole> {
        if let Some(way) = self.ways.get(&no) {
            return Some(*way);
        }
        let scope = self.scope(no);
        let start = self.start(scope)?;
        let beside = match self.beside.get(&start.0).and_then(|fork| self.nodes.get(fork.0)) {
            Some(fork) => match &fork.kind {
                Kind::Fork(fork) => *fork.branches.first()?,
                _ => return None,
            },
            None => start,
        };
        Some(Whole {
            end: self.over(scope),
            beside,
        })
    }
}

fn listens(event: &Event) -> bool {
    trigger(event).is_some() || matches!(event, Event::Escalation { .. })
}
