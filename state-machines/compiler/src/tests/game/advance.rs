//! Moves tokens until each rests in a place or is gone.

use std::collections::{BTreeMap, BTreeSet};

use super::data::Data;
use super::state::{Active, Body, Branch, Cause, Fork, Leave, Scope, State};
use super::world::{Around, Level, World, failed};
use super::{Place, multi};

impl Branch {
    pub(super) fn advance(&mut self, world: &mut World<'_>, around: &Around<'_>) -> Result<(), Leave> {
        loop {
            match &mut self.state {
                State::Resting(_) | State::Arrived(_) | State::Idle | State::Done => return Ok(()),
                State::Moving(node) | State::Joined(node) if self.until.as_ref() == Some(node) => {
                    self.state = State::Done;
                }
                State::Moving(node) if world.definition.waits(node) => {
                    self.state = State::Arrived(std::mem::take(node));
                }
                State::Moving(node) | State::Joined(node) => {
                    let node = std::mem::take(node);
                    self.last.clone_from(&node);
                    self.enter(&node, world, around)?;
                }
                State::Fork(fork) => {
                    if !fork.advance(world, around)? {
                        return Ok(());
                    }
                    self.join();
                }
                State::Active(active) => match active.advance(&mut self.data, world, around) {
                    Ok(false) => return Ok(()),
                    Ok(true) => self.leave(world, around),
                    Err(leave) => self.absorb(leave, world)?,
                },
            }
        }
    }

    fn join(&mut self) {
        let State::Fork(fork) = std::mem::replace(&mut self.state, State::Done) else {
            return;
        };
        let rested = fork.rested(None);
        let undo = fork.base.undo.clone();
        self.data = fork.base;
        for branch in fork.branches {
            self.data.join(&undo, branch.data);
        }
        self.data.rested = rested;
        self.state = fork.then.map_or(State::Done, State::Joined);
    }

    /// The activity is over; its token goes on.
    fn leave(&mut self, world: &mut World<'_>, around: &Around<'_>) {
        let State::Active(active) = std::mem::replace(&mut self.state, State::Done) else {
            return;
        };
        let Active {
            place,
            is_iteration,
            body,
        } = *active;
        if is_iteration {
            return;
        }
        let outcome = match body {
            Body::Left { outcome } => outcome,
            _ => None,
        };
        self.remember(&place, world, around);
        let next = world.definition.after_outcome(&place.node, outcome.as_deref());
        world.left.insert(place);
        self.state = next.map_or(State::Done, State::Moving);
    }

    /// What leaves an activity goes on from an event on it, or further out.
    pub(super) fn absorb(&mut self, leave: Leave, world: &mut World<'_>) -> Result<(), Leave> {
        let State::Active(active) = &self.state else {
            return Err(leave);
        };
        let Cause::Event(event, data) = &leave.cause else {
            return Err(leave);
        };
        let on_it = world.definition.json(event)["attachedTo"] == active.place.node.as_str();
        if active.is_iteration || !on_it {
            return Err(leave);
        }
        world.left.insert(active.place.clone());
        self.data = *leave.data;
        self.data.take(&world.definition.writes(event), data);
        self.state = State::Moving(event.clone());
        Ok(())
    }
}

impl Branch {
    /// The nodes from which tokens inside have arrived at joins.
    fn arrived(&self, arrived: &mut BTreeMap<String, BTreeSet<String>>) {
        match &self.state {
            State::Arrived(join) => {
                arrived.entry(join.clone()).or_default().insert(self.last.clone());
            }
            State::Fork(fork) => {
                for branch in &fork.branches {
                    branch.arrived(arrived);
                }
            }
            _ => {}
        }
    }

    /// Ends the tokens that have arrived at a join, and hands over what they have come to since `base`.
    fn take_arrived(&mut self, join: &str, base: &Data, data: &mut Data) {
        match &mut self.state {
            State::Arrived(here) if here == join => {
                let own = std::mem::take(&mut self.data);
                let changed = own
                    .fields
                    .iter()
                    .filter(|(name, value)| base.fields.get(*name) != Some(value));
                data.set_all(
                    changed
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect::<Vec<_>>(),
                );
                data.rejected |= own.rejected;
                if let Some(rested) = own.rested {
                    data.rested.get_or_insert_default().extend(rested);
                }
                data.undo
                    .retain(|undo| !base.undo.contains(undo) || own.undo.contains(undo));
                let fresh = own.undo.into_iter().filter(|undo| !base.undo.contains(undo));
                data.undo.extend(fresh);
                self.data.undo.clone_from(&base.undo);
                self.state = State::Done;
            }
            State::Fork(fork) => {
                for branch in &mut fork.branches {
                    branch.take_arrived(join, base, data);
                }
            }
            _ => {}
        }
    }
}

impl Fork {
    fn advance(&mut self, world: &mut World<'_>, around: &Around<'_>) -> Result<bool, Leave> {
        loop {
            for at in world.order(self.branches.len()) {
                if let Err(leave) = self.branches[at].advance(world, around) {
                    return Err(self.left_by(at, leave));
                }
            }
            if self.complete(world) {
                continue;
            }
            let is_over = self.branches[0].is_done();
            let listeners = self.branches.iter_mut();
            let moved: Vec<bool> = listeners
                .map(|branch| branch.listen(is_over, world, around))
                .collect();
            if !moved.contains(&true) {
                return Ok(self.branches.iter().all(Branch::is_done));
            }
        }
    }

    /// Where branches of several forks have all arrived at a join, one goes on from it.
    fn complete(&mut self, world: &World<'_>) -> bool {
        let mut arrived: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for branch in &self.branches {
            branch.arrived(&mut arrived);
        }
        let complete = arrived
            .into_iter()
            .find(|(join, from)| world.definition.incoming(join) == *from);
        let Some((join, _)) = complete else { return false };
        let mut data = self.base.copy();
        for branch in &mut self.branches {
            branch.take_arrived(&join, &self.base, &mut data);
        }
        let mut branch = Branch::new(data, self.then.clone(), State::Joined(join));
        branch.data.rested = branch.data.rested.take().or_else(|| self.base.rested.clone());
        self.branches.push(branch);
        true
    }

    /// The data of a fork that is left early.
    pub(super) fn left_by(&self, leaving: usize, leave: Leave) -> Leave {
        let mut data = self.base.clone();
        for (at, branch) in self.branches.iter().enumerate() {
            if at != leaving {
                data.set_all(branch.rested().unwrap_or_default());
            }
        }
        data.rested = self.rested(Some((leaving, &leave.data)));
        data.join(&self.base.undo, *leave.data);
        Leave {
            cause: leave.cause,
            data: Box::new(data),
        }
    }
}

impl Active {
    /// Whether it is over.
    fn advance(
        &mut self,
        data: &mut Data,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Result<bool, Leave> {
        let Self {
            place,
            is_iteration,
            body,
        } = self;
        let level = if *is_iteration {
            Level::Iteration
        } else {
            Level::Activity(place)
        };
        let around = around.inner(level);
        if matches!(body, Body::Fresh) {
            let is_multi = !*is_iteration && world.definition.json(&place.node)["multiInstance"].is_object();
            *body = if is_multi {
                Body::Multi(multi::begin(place, data, world)?)
            } else {
                start(place, data, world, &around)?
            };
        }
        match body {
            Body::Fresh | Body::Rest => Ok(false),
            Body::Left { .. } => Ok(true),
            Body::Multi(multi) => {
                let is_over = multi.advance(place, world, &around)?;
                if is_over {
                    *data = std::mem::take(&mut multi.base);
                }
                Ok(is_over)
            }
            Body::Scope(scope) => {
                scope.advance(world, &around)?;
                if scope.root.is_done() {
                    *data = std::mem::take(&mut scope.root.data);
                }
                Ok(scope.root.is_done())
            }
        }
    }
}

fn start(place: &Place, data: &mut Data, world: &mut World<'_>, around: &Around<'_>) -> Result<Body, Leave> {
    let definition = world.definition.clone();
    let node = definition.node(&place.node);
    match node.kind.as_str() {
        "userTask" | "receiveTask" | "callActivity" => {
            failed(super::place::opens(&node.json, &data.fields), place, data)?;
            data.rest();
            return Ok(Body::Rest);
        }
        "subProcess" => {
            let data = std::mem::take(data);
            return Ok(Body::Scope(Scope::begin(&place.node, None, data, world, around)));
        }
        "scriptTask" => {
            let values = super::expression::evaluate_all(&node.json["script"], &data.fields);
            data.set_all(failed(values, place, data)?);
        }
        "businessRuleTask" => {
            let values = super::table::decide(&node.json["decision"], &data.fields);
            data.set_all(failed(values, place, data)?);
        }
        _ => serve(place, place, data, world, around)?,
    }
    Ok(Body::Left { outcome: None })
}

/// Calls the service of a node; `at` is who would raise its error.
pub(super) fn serve(
    place: &Place,
    at: &Place,
    data: &mut Data,
    world: &World<'_>,
    around: &Around<'_>,
) -> Result<(), Leave> {
    let sent = super::place::sends(world.definition.json(&place.node), &data.fields);
    failed(sent, place, data)?;
    match world.call(place) {
        Ok(answered) => data.take(&world.definition.writes(&place.node), &answered),
        Err(code) => return Err(around.raise(world, at, &code, data)),
    }
    Ok(())
}

impl Scope {
    /// `from`: where its token begins, its start event where there is none.
    pub(super) fn begin(
        node: &str,
        from: Option<String>,
        data: Data,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Self {
        let definition = world.definition.clone();
        let inside = definition.inside(node);
        let (serial, start) = (world.serial(), from.unwrap_or_else(|| inside.start.clone()));
        let level = Level::Scope {
            node,
            serial,
            is_interrupted: false,
        };
        let listeners = inside.events.iter().map(|(start, _)| start.clone());
        let listeners = listeners.filter(|start| definition.is_listener(start)).collect();
        let owner = super::state::Owner::Scope(serial);
        let mut root = Branch::new(data, None, State::Moving(start));
        root.listen_with(listeners, &owner, world, &around.inner(level));
        Self {
            node: node.to_owned(),
            serial,
            root,
            is_interrupted: false,
        }
    }

    pub(super) fn level(&self) -> Level<'_> {
        let (node, serial, is_interrupted) = (self.node.as_str(), self.serial, self.is_interrupted);
        Level::Scope {
            node,
            serial,
            is_interrupted,
        }
    }

    pub(super) fn advance(&mut self, world: &mut World<'_>, around: &Around<'_>) -> Result<(), Leave> {
        loop {
            let Self {
                node,
                serial,
                root,
                is_interrupted,
            } = self;
            let (serial, is_interrupted) = (*serial, *is_interrupted);
            let level = Level::Scope {
                node,
                serial,
                is_interrupted,
            };
            match root.advance(world, &around.inner(level)) {
                Ok(()) => return Ok(()),
                Err(leave) => self.absorb(leave, world)?,
            }
        }
    }

    pub(super) fn absorb(&mut self, leave: Leave, world: &World<'_>) -> Result<(), Leave> {
        match &leave.cause {
            Cause::Terminate { rejected } => {
                let rejected = *rejected;
                let mut data = *leave.data;
                data.rejected = rejected;
                self.root = Branch::new(data, None, State::Done);
                Ok(())
            }
            Cause::Event(event, answered) => {
                let events = &world.definition.inside(&self.node).events;
                let Some((start, handler)) = events.iter().find(|(start, _)| start == event) else {
                    return Err(leave);
                };
                let mut data = *leave.data;
                data.take(&world.definition.writes(start), answered);
                self.root = Branch::new(data, None, State::Moving(handler.clone()));
                self.is_interrupted = true;
                Ok(())
            }
            Cause::Incident(..) => Err(leave),
        }
    }
}
