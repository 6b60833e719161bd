//! Activities that run once for each element of a collection.

use serde_json::{Map, Value, json};

use super::data::Data;
use super::expression::{evaluate, evaluate_all, holds};
use super::place::multi_number;
use super::state::{Active, Body, Branch, Cause, Leave, Multi, State};
use super::world::{Around, World, failed};
use super::{Answer, Place};

pub(super) fn begin(place: &Place, data: &mut Data, world: &mut World<'_>) -> Result<Multi, Leave> {
    let definition = world.definition.clone();
    let json = &definition.json(&place.node)["multiInstance"];
    let source = json["collection"].as_str().unwrap_or_default();
    let items = match failed(evaluate(source, &data.fields), place, data)? {
        None => Vec::new(),
        Some(Value::Array(items)) => items,
        Some(one) => vec![one],
    };
    world.forget_iterations(&place.node, &place.iteration);
    Ok(Multi {
        base: std::mem::take(data),
        items,
        sequential: json["sequential"] == true,
        element: json["element"].as_str().map(str::to_owned),
        hidden: None,
        next: 0,
        runs: Vec::new(),
        outputs: Default::default(),
    })
}

impl Multi {
    /// Whether it is over; then the data are in `base`.
    pub(super) fn advance(
        &mut self,
        place: &Place,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Result<bool, Leave> {
        loop {
            let at_once = if self.sequential { 1 } else { 40 };
            while self.next < self.items.len() && self.runs.len() < at_once {
                self.run(place, world, around);
            }
            for at in world.order(self.runs.len()) {
                let (number, branch) = &mut self.runs[at];
                let iteration = multi_number(around.iteration, *number);
                let inside = Around {
                    iteration: &iteration,
                    ..*around
                };
                if let Err(leave) = branch.advance(world, &inside) {
                    return Err(self.left_by(leave));
                }
            }
            let Some(at) = self.runs.iter().position(|(_, branch)| branch.is_done()) else {
                break;
            };
            let (number, branch) = self.runs.remove(at);
            if self.complete(place, number, branch.data, world)? {
                self.runs.clear();
                self.next = self.items.len();
            }
            if self.sequential {
                world.forget_iterations(&place.node, &place.iteration);
            }
        }
        if !self.runs.is_empty() {
            return Ok(false);
        }
        self.finish(&world.definition.json(&place.node)["multiInstance"]["output"]);
        Ok(true)
    }

    fn run(&mut self, place: &Place, world: &mut World<'_>, around: &Around<'_>) {
        let number = self.next;
        self.next += 1;
        let sequential = self.sequential;
        let mut data = if sequential {
            std::mem::take(&mut self.base)
        } else {
            self.base.copy()
        };
        self.hidden = data.lend(self.element.as_deref(), self.items[number].clone());
        let iteration = multi_number(around.iteration, number);
        let place = Place {
            iteration,
            ..place.clone()
        };
        if world.definition.node(&place.node).kind != "subProcess" {
            world.note(&place);
        }
        let active = Active {
            place,
            is_iteration: true,
            body: Body::Fresh,
        };
        self.runs
            .push((number, Branch::new(data, None, State::Active(Box::new(active)))));
    }

    /// Whether the rest does not run.
    fn complete(
        &mut self,
        place: &Place,
        number: usize,
        mut data: Data,
        world: &World<'_>,
    ) -> Result<bool, Leave> {
        let json = &world.definition.json(&place.node)["multiInstance"];
        let values = failed(evaluate_all(&json["output"], &data.fields), place, &self.base)?;
        self.outputs.insert(number, values.into_iter().collect());
        if self.sequential {
            data.take_back(self.element.as_deref(), self.hidden.take());
            self.base = data;
        } else if data.rested.is_some() {
            self.base.rest();
        }
        let Some(condition) = json["completionCondition"].as_str() else {
            return Ok(false);
        };
        let mut fields: Map<String, Value> = self.base.fields.clone();
        fields.insert("nrOfInstances".to_owned(), json!(self.items.len()));
        fields.insert("nrOfCompletedInstances".to_owned(), json!(self.outputs.len()));
        fields.insert("loopCounter".to_owned(), json!(number));
        failed(holds(condition, &fields), place, &self.base)
    }

    fn finish(&mut self, output: &Value) {
        for name in output.as_object().into_iter().flatten().map(|(name, _)| name) {
            let values = self.outputs.values();
            let values = values.map(|values| values.get(name).cloned().unwrap_or_default());
            let list = values.collect();
            self.base.set(name, Value::Array(list));
        }
    }

    /// Sequential iterations hand their data on; parallel ones leave none.
    fn left_by(&mut self, mut leave: Leave) -> Leave {
        if matches!(leave.cause, Cause::Incident(..)) {
            return leave;
        }
        if self.sequential {
            leave.data.take_back(self.element.as_deref(), self.hidden.take());
            return leave;
        }
        let mut data = Box::new(self.base.clone());
        data.rested = self.rested();
        Leave { data, ..leave }
    }

    pub(super) fn deliver(
        &mut self,
        place: &Place,
        answer: &Answer,
        world: &mut World<'_>,
        around: &Around<'_>,
    ) -> Option<Result<(), Leave>> {
        let result = self.runs.iter_mut().find_map(|(number, branch)| {
            let iteration = multi_number(around.iteration, *number);
            branch.deliver(
                place,
                answer,
                world,
                &Around {
                    iteration: &iteration,
                    ..*around
                },
            )
        })?;
        Some(result.map_err(|leave| self.left_by(leave)))
    }
}
