//! What the outside sees and does: the open places, and answers to them.

use serde_json::{Map, Value};

use super::data::Data;
use super::definition::Definition;
use super::expression::{evaluate, evaluate_all};
use super::state::{Active, Body, Branch, Cause, Leave, State};
use super::world::{Around, Level, World, failed};
use super::{Answer, Choice, Place};

/// Evaluates what is asked for when a place opens, since that can fail.
pub(super) fn opens(json: &Value, data: &Map<String, Value>) -> Result<(), String> {
    let timer = ["timeDuration", "timeDate", "timeCycle"];
    let timers = timer.iter().map(|kind| &json["timer"][*kind]["expression"]);
    for source in timers.chain([&json["message"]["correlation"]]) {
        if let Some(source) = source.as_str() {
            evaluate(source, data)?;
        }
    }
    evaluate_all(&json["in"], data).map(|_| ())
}

pub(super) fn sends(json: &Value, data: &Map<String, Value>) -> Result<(), String> {
    if let Some(url) = json["http"]["url"].as_str() {
        evaluate(url, data)?.ok_or("there is no URL")?;
        evaluate_all(&json["http"]["headers"], data)?;
    }
    for body in [&json["http"]["body"], &json["queue"]["body"]] {
        evaluate(body.as_str().unwrap_or("null"), data)?;
    }
    if let Some(correlation) = json["message"]["correlation"].as_str() {
        evaluate(correlation, data)?;
    }
    evaluate_all(&json["message"]["data"], data)?;
    evaluate_all(&json["signal"]["data"], data).map(|_| ())
}

impl Branch {
    /// The open places inside, each with what can answer it.
    pub(super) fn collect(
        &self,
        definition: &Definition,
        around: &Around<'_>,
        open: &mut Vec<(Place, Vec<Choice>)>,
    ) {
        match &self.state {
            State::Resting(place) => open.push((place.clone(), choices(definition, place, around))),
            State::Fork(fork) => {
                for branch in &fork.branches {
                    branch.collect(definition, around, open);
                }
            }
            State::Active(active) => active.collect(definition, around, open),
            State::Moving(_) | State::Joined(_) | State::Arrived(_) | State::Idle | State::Done => {}
        }
    }

    /// `None`: the place is not in here.
    pub(super) fn deliver(
        &mut self,
        place: &Place,
        answer: &Answer,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Option<Result<(), Leave>> {
        match &mut self.state {
            State::Resting(here) if here == place => Some(self.happen(answer, world, around)),
            State::Fork(fork) => {
                let mut branches = fork.branches.iter_mut().enumerate();
                let (at, result) = branches
                    .find_map(|(at, branch)| Some((at, branch.deliver(place, answer, world, around)?)))?;
                Some(result.map_err(|leave| fork.left_by(at, leave)))
            }
            State::Active(active) => match active.deliver(&mut self.data, place, answer, world, around)? {
                Err(leave) => Some(self.absorb(leave, world)),
                done => Some(done),
            },
            _ => None,
        }
    }

    /// An event at a place that is no activity.
    fn happen(&mut self, answer: &Answer, world: &mut World<'_>, around: &Around<'_>) -> Result<(), Leave> {
        let State::Resting(place) = &self.state else {
            return Ok(());
        };
        let place = place.clone();
        let (event, answered) = answer
            .event()
            .unwrap_or_else(|| panic!("{place:?} takes events only"));
        let writes = world.definition.writes(event);
        let is_own = event == place.node;
        let node = world.definition.node(&place.node);
        let is_behind = node.kind == "eventBasedGateway" && node.out.iter().any(|flow| flow["to"] == event);
        if is_own
            && self
                .listener
                .as_ref()
                .is_some_and(|listener| listener.node == event)
        {
            self.data.take(&writes, answered);
            self.occur(world, around);
        } else if is_own || is_behind {
            self.data.take(&writes, answered);
            if is_behind {
                world.enter(event, around.iteration);
            }
            self.state = world.definition.next(event).map_or(State::Done, State::Moving);
        } else {
            let cause = Cause::Event(event.to_owned(), answered.clone());
            return Err(Leave {
                cause,
                data: Box::new(self.data.clone()),
            });
        }
        Ok(())
    }
}

impl Active {
    fn collect(&self, definition: &Definition, around: &Around<'_>, open: &mut Vec<(Place, Vec<Choice>)>) {
        let level = if self.is_iteration {
            Level::Iteration
        } else {
            Level::Activity(&self.place)
        };
        let around = around.inner(level);
        match &self.body {
            Body::Rest => open.push((self.place.clone(), choices(definition, &self.place, &around))),
            Body::Scope(scope) => scope.root.collect(definition, &around.inner(scope.level()), open),
            Body::Multi(multi) => {
                for (at, branch) in &multi.runs {
                    let iteration = multi_number(around.iteration, *at);
                    let around = Around {
                        iteration: &iteration,
                        ..around
                    };
                    branch.collect(definition, &around, open);
                }
            }
            Body::Fresh | Body::Left { .. } => {}
        }
    }

    fn deliver(
        &mut self,
        data: &mut Data,
        place: &Place,
        answer: &Answer,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Option<Result<(), Leave>> {
        let Self {
            place: here,
            is_iteration,
            body,
        } = self;
        let level = if *is_iteration {
            Level::Iteration
        } else {
            Level::Activity(here)
        };
        let around = around.inner(level);
        match body {
            Body::Rest if here == place => Some(decide(here, body, data, answer, world, &around)),
            Body::Scope(scope) => {
                let super::state::Scope {
                    node,
                    serial,
                    is_interrupted,
                    root,
                } = scope;
                let level = Level::Scope {
                    node,
                    serial: *serial,
                    is_interrupted: *is_interrupted,
                };
                match root.deliver(place, answer, world, &around.inner(level))? {
                    Err(leave) => Some(scope.absorb(leave, world)),
                    done => Some(done),
                }
            }
            Body::Multi(multi) => multi.deliver(place, answer, world, &around),
            _ => None,
        }
    }
}

/// The answer to a place that is an activity.
fn decide(
    place: &Place,
    body: &mut Body,
    data: &mut Data,
    answer: &Answer,
    world: &World<'_>,
    around: &Around<'_>,
) -> Result<(), Leave> {
    let definition = &world.definition;
    let mut decided = None;
    match answer {
        Answer::Outcome {
            outcome,
            data: written,
        } => {
            data.set_all(written.clone());
            decided = Some(outcome.clone());
        }
        Answer::Event { node, data: answered } if *node == place.node => {
            data.take(&definition.writes(node), answered);
        }
        Answer::Event { node, data: answered } => {
            let cause = Cause::Event(node.clone(), answered.clone());
            return Err(Leave {
                cause,
                data: Box::new(data.clone()),
            });
        }
        Answer::Called { status, data: called } => {
            let json = definition.json(&place.node);
            let values = failed(evaluate_all(&json["out"], called), place, data)?;
            data.set_all(values);
            if let Some(variable) = json["status"].as_str() {
                data.set(variable, status.clone().into());
            }
        }
        Answer::CallFailed => return Err(around.raise(world, place, "CALL_TERMINATED", data)),
    }
    *body = Body::Left { outcome: decided };
    Ok(())
}

pub(super) fn multi_number(around: &str, at: usize) -> String {
    if around.is_empty() {
        at.to_string()
    } else {
        format!("{around}.{at}")
    }
}

/// Its own first, then those of the events that would interrupt it, from the inside outwards.
fn choices(definition: &Definition, place: &Place, around: &Around<'_>) -> Vec<Choice> {
    let node = definition.node(&place.node);
    let mut choices: Vec<Choice> = match node.kind.as_str() {
        "userTask" => outcomes(&node.json).into_iter().map(Choice::Outcome).collect(),
        "callActivity" => vec![Choice::Called],
        "eventBasedGateway" => {
            let events = node.out.iter().map(|flow| super::definition::text(&flow["to"]));
            events.map(Choice::Event).collect()
        }
        _ => vec![Choice::Event(place.node.clone())],
    };
    let events = around.events(definition).into_iter().flatten();
    let interrupting =
        events.filter(|(event, _)| definition.is_interrupting(event) && definition.is_outside(event));
    choices.extend(interrupting.map(|(event, _)| Choice::Event(event)));
    choices
}

pub(super) fn outcomes(task: &Value) -> Vec<String> {
    match task["outcomes"].as_array() {
        Some(outcomes) => outcomes.iter().map(super::definition::text).collect(),
        None => vec!["approve".to_owned(), "reject".to_owned()],
    }
}
