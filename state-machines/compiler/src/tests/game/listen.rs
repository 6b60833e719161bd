//! Events that do not interrupt: each has a branch beside the way that it listens on.

use super::definition::Definition;
use super::state::{Active, Body, Branch, Fork, Listener, Owner, Scope, State};
use super::world::{Around, World};

impl Branch {
    /// Puts listeners beside this branch.
    pub(super) fn listen_with(
        &mut self,
        listeners: Vec<String>,
        owner: &Owner,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) {
        if listeners.is_empty() {
            return;
        }
        let base = std::mem::take(&mut self.data);
        let state = std::mem::replace(&mut self.state, State::Done);
        let mut branches = vec![Branch::new(base.copy(), self.until.clone(), state)];
        for node in listeners {
            let again = times(&world.definition, &node);
            let mut branch = Branch::new(base.copy(), self.until.clone(), State::Idle);
            let owner = owner.clone();
            branch.listener = Some(Listener {
                node,
                owner,
                again,
                is_over: false,
            });
            branch.open(world, around);
            branches.push(branch);
        }
        self.state = State::Fork(Box::new(Fork {
            base,
            then: None,
            branches,
        }));
    }

    /// Nobody outside answers an escalation: it has no place, and is entered when it occurs.
    fn open(&mut self, world: &mut World<'_>, around: &Around<'_>) {
        let Some(listener) = &mut self.listener else {
            return;
        };
        if !world.definition.is_outside(&listener.node) {
            self.state = State::Idle;
            return;
        }
        if let Some(again) = &mut listener.again {
            *again = again.saturating_sub(1);
        }
        self.data.rest();
        self.state = State::Resting(world.enter(&listener.node, around.iteration));
    }

    /// What a listener does between two occurrences; whether anything changed.
    pub(super) fn listen(&mut self, way_is_over: bool, world: &mut World<'_>, around: &Around<'_>) -> bool {
        let Some(listener) = &mut self.listener else {
            return false;
        };
        let is_left = match &listener.owner {
            Owner::Activity(place) => world.left.contains(place),
            Owner::Scope(_) => way_is_over,
        };
        let waiting = |(node, owner): &(String, Owner)| *node == listener.node && *owner == listener.owner;
        let is_last = listener.again == Some(0);
        match &self.state {
            State::Idle => {
                if let Some(at) = world.escalated.iter().position(waiting) {
                    world.escalated.remove(at);
                    let node = listener.node.clone();
                    world.enter(&node, around.iteration);
                    self.occur(world, around);
                    true
                } else {
                    self.end(is_left)
                }
            }
            State::Resting(place) if place.node == listener.node => self.end(is_left),
            State::Done if listener.is_over => false,
            State::Done if is_last => self.end(true),
            // An escalation that came while the one before was handled is still to be handled.
            State::Done if is_left && !world.escalated.iter().any(waiting) => self.end(true),
            State::Done => {
                self.open(world, around);
                true
            }
            _ => false,
        }
    }

    fn end(&mut self, is_over: bool) -> bool {
        if let (true, Some(listener)) = (is_over, &mut self.listener) {
            listener.is_over = true;
            self.state = State::Done;
        }
        is_over
    }

    /// The event of a listener has occurred: by the flow of a boundary event, or into the event sub-process.
    pub(super) fn occur(&mut self, world: &mut World<'_>, around: &Around<'_>) {
        let Some(Listener { node, owner, .. }) = self.listener.clone() else {
            return;
        };
        let next = world.definition.next(&node);
        if matches!(owner, Owner::Activity(_)) {
            self.state = next.map_or(State::Done, State::Moving);
            return;
        }
        let handler = world.definition.node(&node).scope.clone();
        let place = world.enter(&handler, around.iteration);
        let data = std::mem::take(&mut self.data);
        let scope = Scope::begin(&handler, next, data, world, around);
        let active = Active {
            place,
            is_iteration: false,
            body: Body::Scope(scope),
        };
        self.state = State::Active(Box::new(active));
    }
}

/// How often the event can occur; `None`: always.
fn times(definition: &Definition, event: &str) -> Option<u64> {
    let json = definition.json(event);
    if !json["timer"].is_object() {
        return None;
    }
    match json["timer"]["timeCycle"].as_str() {
        Some(cycle) => cycle.trim_start_matches('R').split('/').next()?.parse().ok(),
        None => Some(1),
    }
}
