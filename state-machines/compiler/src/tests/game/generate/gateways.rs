//! Blocks with several ways.

use serde_json::{Value, json};

use super::builder::{Builder, Context, Loose, flow, outcome};

impl Builder<'_> {
    /// One of several ways by conditions.
    pub(super) fn choice(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let gateway = self.node(&loose, "choice", json!({"type": "exclusiveGateway"}));
        let ways = self.dice.roll(2) + 1;
        let mut starts: Vec<Value> = Vec::new();
        for _ in 0..ways {
            let when = self.condition(context);
            let name = self.fresh("if-");
            starts.push(json!({"from": gateway, "when": when, "name": name}));
        }
        starts.push(json!({"from": gateway, "default": true}));
        self.ways(starts, context)
    }

    /// One of several ways as people decide.
    pub(super) fn decide(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let task = self.user(&loose, context);
        let mut starts = vec![outcome(&task, "approve"), outcome(&task, "reject")];
        if self.dice.roll(3) == 1 {
            self.edit(&task)["outcomes"] = json!(["approve", "a \"b\"\\", "later"]);
            starts = vec![
                outcome(&task, "a \"b\"\\"),
                json!({"from": task, "default": true}),
                outcome(&task, "later"),
            ];
        }
        let events = self.events_on(&task, context, false);
        let mut out = self.ways(starts, context);
        out.extend(events);
        out
    }

    /// The last way goes on; the others may end.
    fn ways(&mut self, starts: Vec<Value>, context: &mut Context) -> Loose {
        let (last, before) = (starts.len() - 1, context.clone());
        let (mut out, mut is_racing) = (Vec::new(), false);
        for (at, start) in starts.into_iter().enumerate() {
            let is_tail = at < last && before.may_end;
            let mut inside = Context {
                is_tail,
                is_main_way: false,
                ..before.deeper()
            };
            let forks = self.forks;
            let mut way = vec![start];
            if self.dice.roll(3) > 0 {
                way = self.sequence(way, &mut inside);
            }
            if at < last {
                way = self.ending(way, &inside, self.forks == forks);
            }
            is_racing |= inside.is_racing;
            out.extend(way);
            context.merge(&inside);
        }
        context.is_racing = is_racing;
        out
    }

    /// Some ways end here. Behind a fork no way may end at once: what a join is would then be told by this end alone.
    pub(super) fn ending(&mut self, way: Loose, context: &Context, at_once: bool) -> Loose {
        if way.is_empty() || self.dice.is_empty() {
            return way;
        }
        let has = self.features;
        match self.dice.roll(8) {
            1 if context.may_end => self.end(way, context),
            2 if has.terminate && at_once && !context.is_racing => {
                let mut end = json!({"type": "endEvent", "terminate": true});
                if context.in_process && self.dice.roll(2) == 1 {
                    end["status"] = "rejected".into();
                }
                self.node(&way, "stop", end);
            }
            3 if has.errors && at_once && !context.is_racing && (context.is_caught || has.incidents) => {
                let code = ["broken", "lost"][self.dice.roll(2)];
                self.node(&way, "fail", json!({"type": "endEvent", "error": {"code": code}}));
            }
            4 if has.sends && context.may_end => {
                let name = self.fresh("sent-");
                self.node(
                    &way,
                    "tell",
                    json!({"type": "endEvent", "message": {"name": name, "data": {}}}),
                );
            }
            _ => return way,
        }
        Vec::new()
    }

    pub(super) fn parallel(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let loose = self.merged(loose);
        let gateway = self.node(&loose, "fork", json!({"type": "parallelGateway"}));
        let starts = (0..self.dice.roll(2) + 2).map(|_| flow(&gateway)).collect();
        let out = self.branches(starts, context, false);
        vec![flow(&self.node(&out, "join", json!({"type": "parallelGateway"})))]
    }

    pub(super) fn inclusive(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let gateway = self.node(&loose, "some", json!({"type": "inclusiveGateway"}));
        let mut starts = Vec::new();
        for _ in 0..self.dice.roll(2) + 1 {
            starts.push(json!({"from": gateway, "when": self.condition(context)}));
        }
        starts.push(json!({"from": gateway, "default": true}));
        let out = self.branches(starts, context, false);
        vec![flow(&self.node(
            &out,
            "join",
            json!({"type": "inclusiveGateway"}),
        ))]
    }

    /// Branches that end by themselves.
    pub(super) fn open_fork(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let is_inclusive = self.features.inclusive && self.dice.roll(2) == 1;
        let kind = if is_inclusive || !self.features.parallel {
            "inclusiveGateway"
        } else {
            "parallelGateway"
        };
        let loose = self.merged(loose);
        let gateway = self.node(&loose, "split", json!({"type": kind}));
        let mut starts = vec![flow(&gateway), flow(&gateway)];
        if kind == "inclusiveGateway" {
            starts[0]["when"] = self.condition(context).into();
            starts[1]["default"] = true.into();
        }
        self.branches(starts, context, true);
        Vec::new()
    }

    fn branches(&mut self, starts: Vec<Value>, context: &mut Context, end: bool) -> Loose {
        self.forks += 1;
        let (mut out, before) = (Vec::new(), context.clone());
        // Each field that people may write is one branch's.
        let owner = self.dice.roll(starts.len());
        for (at, start) in starts.into_iter().enumerate() {
            let mut inside = before.apart(self.fresh("v"));
            if at == owner {
                inside.fields.clone_from(&before.fields);
            } else {
                inside
                    .readable_fields
                    .retain(|field| !before.fields.contains(field));
            }
            (inside.may_end, inside.is_tail) = (end, end);
            inside.is_main_way = true;
            let mut way = vec![start];
            // At most one branch leads directly to the join.
            if at > 0 || self.dice.roll(4) > 0 {
                let task = self.user_or_script(&way, &mut inside);
                way = self.sequence(vec![flow(&task)], &mut inside);
            }
            if end && !way.is_empty() {
                self.end(way, &inside);
            } else {
                out.extend(way);
            }
            context.merge(&Context {
                is_racing: false,
                ..inside
            });
        }
        out
    }

    fn user_or_script(&mut self, loose: &[Value], context: &mut Context) -> String {
        if self.dice.roll(3) == 1 {
            self.lambda(loose, context)
        } else {
            self.user(loose, context)
        }
    }

    pub(super) fn event_gateway(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let gateway = self.node(&loose, "first", json!({"type": "eventBasedGateway"}));
        context.is_racing = false;
        let mut starts = Vec::new();
        for _ in 0..self.dice.roll(2) + 2 {
            let mut event = Value::Object(self.outside(context));
            event["type"] = "intermediateCatchEvent".into();
            let event = self.node(&[flow(&gateway)], "catch", event);
            starts.push(flow(&event));
        }
        self.ways(starts, context)
    }
}
