//! Sub-processes, what listens on them, and compensation.

use serde_json::{Value, json};

use super::builder::{Builder, Context, Loose, flow, outcome};

/// What a sub-process gets, known before its inside is made.
struct Plan {
    catches_errors: bool,
    escalation: Option<(String, bool)>,
}

impl Builder<'_> {
    pub(super) fn sub_process(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let plan = self.plan(context);
        let mut inside = self.inside(&plan, context);
        let is_heard = plan
            .escalation
            .as_ref()
            .is_some_and(|(_, interrupts)| !interrupts);
        inside.is_racing |= is_heard || self.features.listeners;
        let (nodes, flows) = self.scope(|builder| {
            builder.event_sub_processes(&mut inside);
            builder.body(&mut inside);
        });
        let sub = json!({"type": "subProcess", "nodes": nodes, "flows": flows});
        let sub = self.node(&loose, "sub", sub);
        context.merge(&Context {
            is_racing: false,
            ..inside
        });
        self.around(&sub, plan, context)
    }

    fn plan(&mut self, context: &Context) -> Plan {
        let catches_errors = self.chance(self.features.errors, 2);
        let escalates = self.chance(self.features.escalations, 3);
        let interrupts = !self.features.listeners || !context.is_main_way || self.dice.roll(2) == 1;
        let code = escalates.then(|| self.fresh("code-"));
        Plan {
            catches_errors,
            escalation: code.map(|code| (code, interrupts)),
        }
    }

    fn inside(&self, plan: &Plan, context: &Context) -> Context {
        let mut inside = Context {
            in_process: false,
            may_end: true,
            is_tail: true,
            is_main_way: true,
            ..context.deeper()
        };
        inside.is_caught |= plan.catches_errors;
        inside.escalations.extend(plan.escalation.clone());
        inside
    }

    /// The events on a sub-process; the ways that go on from it.
    fn around(&mut self, sub: &str, plan: Plan, context: &mut Context) -> Loose {
        let mut out = vec![flow(sub)];
        if plan.catches_errors {
            out.extend(self.catcher(sub, json!({"error": {}}), context));
            if self.dice.roll(2) == 1 {
                out.extend(self.catcher(sub, json!({"error": {"code": "broken"}}), context));
            }
        }
        match plan.escalation {
            Some((code, true)) => {
                let what = if self.dice.roll(2) == 0 {
                    json!({"code": code})
                } else {
                    json!({})
                };
                out.extend(self.catcher(sub, json!({"escalation": what}), context));
            }
            Some((code, false)) => self.overhear(sub, &code, context),
            None => {}
        }
        out.extend(self.events_on(sub, context, true));
        out
    }

    /// In a new scope: what listens in it.
    pub(super) fn event_sub_processes(&mut self, context: &mut Context) {
        if !self.chance(self.features.event_sub_processes, 4) {
            return;
        }
        let is_interrupting = !self.features.listeners || self.dice.roll(2) == 0;
        let variable = self.fresh("v");
        let mut inside = if is_interrupting {
            context.apart(variable)
        } else {
            context.beside(variable)
        };
        (inside.may_end, inside.is_tail, inside.is_racing) = (true, true, false);
        inside.is_main_way = is_interrupting;
        inside.in_process = false;
        let mut event = json!({"error": {}});
        if !is_interrupting || !self.features.errors || self.dice.roll(2) == 0 {
            event = Value::Object(self.outside(&mut inside));
        } else {
            // It can be raised by what is not at rest yet, and takes it over.
            inside.is_racing = context.is_racing;
            context.is_caught = true;
        }
        event["type"] = "startEvent".into();
        event["interrupting"] = is_interrupting.into();
        let (nodes, flows) = self.scope(|builder| {
            let start = builder.node(&[], "begin", event);
            let loose = builder.sequence(vec![flow(&start)], &mut inside);
            if !loose.is_empty() {
                builder.end(loose, &inside);
            }
        });
        let sub = json!({"type": "subProcess", "triggeredByEvent": true, "nodes": nodes, "flows": flows});
        self.node(&[], "event", sub);
        context.is_racing |= !is_interrupting;
    }

    /// Something is booked; people may have it undone.
    pub(super) fn compensation(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let mut loose = loose;
        let mut booked = Vec::new();
        for _ in 0..self.dice.roll(2) + 1 {
            let book = self.lambda(&loose, context);
            let writes = self.event_writes(context);
            let handler = json!({"type": "serviceTask", "lambda": "do-it", "isForCompensation": true, "writes": writes});
            let handler = self.node(&[], "undo", handler);
            self.services
                .insert(handler.clone(), super::Served { writes, error: None });
            let event =
                json!({"type": "boundaryEvent", "attachedTo": book, "compensation": {"handler": handler}});
            self.node(&[], "booked", event);
            loose = vec![flow(&book)];
            booked.push(book);
        }
        let task = self.user(&loose, context);
        let mut what = json!({});
        // A branch may not undo what others would undo as well.
        if self.dice.roll(2) == 1 || context.is_branch {
            let which = self.dice.roll(booked.len());
            what = json!({"activity": booked[which]});
        }
        let throw = json!({"type": "intermediateThrowEvent", "compensation": what});
        let throw = self.node(&[outcome(&task, "reject")], "undone", throw);
        vec![outcome(&task, "approve"), flow(&throw)]
    }
}
