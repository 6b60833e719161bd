//! Events on activities, and escalations.

use serde_json::{Value, json};

use super::builder::{Builder, Context, Loose, flow};

impl Builder<'_> {
    /// The way of an interrupting event: it goes on in the branch of the activity.
    pub(super) fn aside(&mut self, event: &str, context: &mut Context) -> Loose {
        let is_tail = context.may_end;
        let mut inside = Context {
            is_tail,
            is_main_way: false,
            ..context.deeper()
        };
        let forks = self.forks;
        let mut way = vec![flow(event)];
        if self.dice.roll(2) == 1 {
            way = self.sequence(way, &mut inside);
        }
        way = self.ending(way, &inside, self.forks == forks);
        context.merge(&inside);
        way
    }

    /// Events that the outside makes happen on an activity with places; the ways that go on.
    pub(super) fn events_on(&mut self, activity: &str, context: &mut Context, is_scope: bool) -> Loose {
        let mut out = Vec::new();
        if self.chance(self.features.boundaries, 3) {
            let boundary = self.boundary(activity, context, true);
            out.extend(self.aside(&boundary, context));
        }
        if self.chance(self.features.listeners && context.is_main_way, 5) {
            let mut beside = context.beside(self.fresh("v"));
            (beside.may_end, beside.is_tail, beside.is_racing) = (true, true, false);
            beside.is_main_way = false;
            let boundary = self.boundary(activity, &mut beside, false);
            let way = self.sequence(vec![flow(&boundary)], &mut beside);
            if !way.is_empty() {
                self.end(way, &beside);
            }
            // The activity may be over before its listener was opened.
            context.is_racing |= is_scope;
        }
        out
    }

    fn boundary(&mut self, activity: &str, context: &mut Context, is_interrupting: bool) -> String {
        let mut event = Value::Object(self.outside(context));
        event["type"] = "boundaryEvent".into();
        event["attachedTo"] = activity.into();
        if !is_interrupting {
            event["interrupting"] = false.into();
            if event["timer"]["timeDuration"].is_string() && self.dice.roll(2) == 1 {
                let cycle = ["R2/PT1H", "R/PT30M"][self.dice.roll(2)];
                event["timer"] = json!({"timeCycle": cycle});
            }
        }
        self.node(&[], "on", event)
    }

    /// Interrupting: an error or escalation from inside of a sub-process.
    pub(super) fn catcher(&mut self, activity: &str, what: Value, context: &mut Context) -> Loose {
        let mut event = what;
        event["type"] = "boundaryEvent".into();
        event["attachedTo"] = activity.into();
        let boundary = self.node(&[], "caught", event);
        self.aside(&boundary, context)
    }

    /// Not interrupting: the way of an escalation beside the sub-process.
    pub(super) fn overhear(&mut self, activity: &str, code: &str, context: &mut Context) {
        let mut beside = context.beside(self.fresh("v"));
        (beside.may_end, beside.is_tail, beside.is_racing) = (true, true, true);
        let event = json!({"type": "boundaryEvent", "attachedTo": activity, "interrupting": false,
            "escalation": {"code": code}});
        let boundary = self.node(&[], "heard", event);
        let way = self.sequence(vec![flow(&boundary)], &mut beside);
        if !way.is_empty() {
            self.end(way, &beside);
        }
        context.is_racing = true;
    }

    pub(super) fn escalate(&mut self, loose: Loose, context: &mut Context) -> Loose {
        // Nobody catches the last one.
        let is_heard = context.escalations.iter().any(|(_, interrupts)| *interrupts);
        let mut codes: Vec<String> = Vec::new();
        if !is_heard || !context.is_racing {
            codes.push("unheard".to_owned());
        }
        let allowed = |(_, interrupts): &&(String, bool)| !interrupts || !context.is_racing;
        codes.extend(
            context
                .escalations
                .iter()
                .filter(allowed)
                .map(|(code, _)| code.clone()),
        );
        if codes.is_empty() {
            return loose;
        }
        let code = codes.swap_remove(self.dice.roll(codes.len()));
        let event = json!({"type": "intermediateThrowEvent", "escalation": {"code": code}});
        let event = self.node(&loose, "escalate", event);
        vec![flow(&event)]
    }
}
