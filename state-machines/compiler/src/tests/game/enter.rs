//! What a token does that enters a node.

use serde_json::Map;

use super::advance::serve;
use super::data::Undo;
use super::definition::Node;
use super::expression::holds;
use super::state::{Active, Body, Branch, Cause, Fork, Leave, Owner, State};
use super::world::{Around, World, failed};
use super::{Place, definition::text};

impl Branch {
    pub(super) fn enter(
        &mut self,
        id: &str,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Result<(), Leave> {
        let definition = world.definition.clone();
        let node = definition.node(id);
        let place = world.enter(id, around.iteration);
        match node.kind.as_str() {
            "parallelGateway" | "inclusiveGateway" if node.out.len() > 1 => self.fork(node, &place, world),
            "exclusiveGateway" => self.choose(node, &place),
            "intermediateCatchEvent" if node.json["link"].is_object() => {
                self.go(definition.next(id));
                Ok(())
            }
            "eventBasedGateway" | "intermediateCatchEvent" => {
                failed(
                    super::place::opens(&node.json, &self.data.fields),
                    &place,
                    &self.data,
                )?;
                self.data.rest();
                self.state = State::Resting(place);
                Ok(())
            }
            "endEvent" | "intermediateThrowEvent" => self.throw(node, &place, world, around),
            "startEvent" | "boundaryEvent" | "parallelGateway" | "inclusiveGateway" => {
                self.go(definition.next(id));
                Ok(())
            }
            _ => {
                let active = Active {
                    place: place.clone(),
                    is_iteration: false,
                    body: Body::Fresh,
                };
                self.state = State::Active(Box::new(active));
                self.listen_with(definition.listeners(id), &Owner::Activity(place), world, around);
                Ok(())
            }
        }
    }

    fn go(&mut self, next: Option<String>) {
        self.state = next.map_or(State::Done, State::Moving);
    }

    fn choose(&mut self, node: &Node, place: &Place) -> Result<(), Leave> {
        for flow in &node.out {
            let Some(when) = flow["when"].as_str() else {
                continue;
            };
            if failed(holds(when, &self.data.fields), place, &self.data)? {
                self.go(Some(text(&flow["to"])));
                return Ok(());
            }
        }
        let default = node.out.iter().find(|flow| flow["default"] == true);
        self.go(default.or(node.out.first()).map(|flow| text(&flow["to"])));
        Ok(())
    }

    fn fork(&mut self, node: &Node, place: &Place, world: &World<'_>) -> Result<(), Leave> {
        let mut taken = Vec::new();
        for flow in &node.out {
            let holds = match flow["when"].as_str() {
                Some(when) if node.kind == "inclusiveGateway" => holds(when, &self.data.fields),
                _ => Ok(node.kind == "parallelGateway"),
            };
            if failed(holds, place, &self.data)? {
                taken.push(text(&flow["to"]));
            }
        }
        if taken.is_empty() {
            let default = node.out.iter().filter(|flow| flow["default"] == true);
            taken.extend(default.map(|flow| text(&flow["to"])));
        }
        let then = world.definition.join(&place.node);
        let base = std::mem::take(&mut self.data);
        let branch = |to| Branch {
            last: place.node.clone(),
            ..Branch::new(base.copy(), then.clone(), State::Moving(to))
        };
        let branches = taken.into_iter().map(branch).collect();
        self.state = State::Fork(Box::new(Fork { base, then, branches }));
        Ok(())
    }

    /// An end, or an event that is thrown in passing.
    fn throw(
        &mut self,
        node: &Node,
        place: &Place,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Result<(), Leave> {
        let json = &node.json;
        if json["message"].is_object() || json["signal"].is_object() {
            serve(place, place, &mut self.data, world, around)?;
        } else if json["compensation"].is_object() {
            self.compensate(json["compensation"]["activity"].as_str(), place, world, around)?;
        } else if let Some(code) = json["escalation"]["code"].as_str() {
            if let Some((event, owner)) = around.catcher(&world.definition, "escalation", code) {
                if world.definition.is_interrupting(&event) {
                    return self.out(Cause::Event(event, Map::new()));
                }
                world.escalated.push((event, owner));
            }
        } else if let Some(code) = json["error"]["code"].as_str() {
            return Err(around.raise(world, place, code, &self.data));
        } else if json["terminate"] == true {
            let rejected = json["status"] == "rejected";
            return self.out(Cause::Terminate { rejected });
        } else if json["link"].is_object() {
            self.go(world.definition.link(&place.node));
            return Ok(());
        }
        self.data.rejected |= node.kind == "endEvent" && json["status"] == "rejected";
        self.go(world.definition.next(&place.node));
        Ok(())
    }

    fn out(&self, cause: Cause) -> Result<(), Leave> {
        let data = Box::new(self.data.clone());
        Err(Leave { cause, data })
    }

    pub(super) fn remember(&mut self, place: &Place, world: &World<'_>, around: &Around<'_>) {
        let boundaries = world.definition.node(&place.node).boundaries.iter();
        let handlers =
            boundaries.filter_map(|id| world.definition.json(id)["compensation"]["handler"].as_str());
        for handler in handlers {
            let (activity, handler) = (place.clone(), handler.to_owned());
            let scopes = around.serials();
            self.data.undo.push(Undo {
                activity,
                handler,
                scopes,
            });
        }
    }

    /// Undoes what was left in the scope around, the last first.
    fn compensate(
        &mut self,
        activity: Option<&str>,
        place: &Place,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Result<(), Leave> {
        let scope = around.serials().first().copied().unwrap_or_default();
        let meant = |undo: &Undo| {
            undo.scopes.contains(&scope) && activity.is_none_or(|activity| undo.activity.node == activity)
        };
        while let Some(at) = self.data.undo.iter().rposition(meant) {
            let undo = self.data.undo.remove(at);
            let handler = world.enter(&undo.handler, around.iteration);
            serve(&handler, place, &mut self.data, world, around)?;
        }
        Ok(())
    }
}
