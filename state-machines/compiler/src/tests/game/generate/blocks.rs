//! Blocks that are a node or a few in a row.

use serde_json::{Map, Value, json};

use super::Served;
use super::builder::{Builder, Context, Loose, flow, outcome};

/// Deeper blocks are tasks only.
const DEEPEST: usize = 4;

type Block<'a> = fn(&mut Builder<'a>, Loose, &mut Context) -> Loose;

impl<'a> Builder<'a> {
    /// Blocks one after another; nothing is loose where all ways have ended.
    pub(super) fn sequence(&mut self, mut loose: Loose, context: &mut Context) -> Loose {
        let blocks = self.dice.roll(if context.depth == 0 { 5 } else { 3 }) + 1;
        for _ in 0..blocks {
            if loose.is_empty() || self.dice.is_empty() {
                break;
            }
            let block = self.pick(context);
            loose = block(self, loose, context);
        }
        loose
    }

    fn pick(&mut self, context: &Context) -> Block<'a> {
        let has = self.features;
        let mut blocks: Vec<Block<'a>> = vec![Self::user_task, Self::service, Self::user_task];
        let more: [(bool, Block<'a>); 7] = [
            (has.scripts, Self::script),
            (has.tables, Self::table),
            (has.catches, Self::catch),
            (has.sends, Self::send),
            (has.calls, Self::call),
            (has.links, Self::links),
            (has.escalations, Self::escalate),
        ];
        blocks.extend(more.iter().filter(|(wanted, _)| *wanted).map(|(_, block)| *block));
        if context.depth < DEEPEST {
            let nested: [(bool, Block<'a>); 11] = [
                (true, Self::choice),
                (true, Self::decide),
                (true, Self::repeat),
                (has.parallel, Self::parallel),
                (has.inclusive, Self::inclusive),
                (has.catches, Self::event_gateway),
                (has.sub_processes, Self::sub_process),
                (has.sub_processes, Self::sub_process),
                (
                    has.compensation && !context.is_racing && !context.is_repeated,
                    Self::compensation,
                ),
                (has.unnested && !context.is_branch, Self::unnested),
                (has.multi_sequential || has.multi_parallel, Self::repeated),
            ];
            blocks.extend(
                nested
                    .iter()
                    .filter(|(wanted, _)| *wanted)
                    .map(|(_, block)| *block),
            );
        }
        if context.may_end && context.is_tail && context.depth < DEEPEST && has.open_forks {
            blocks.push(Self::open_fork);
        }
        let which = self.dice.roll(blocks.len());
        blocks[which]
    }

    pub(super) fn user(&mut self, loose: &[Value], context: &mut Context) -> String {
        let mut fields = Map::new();
        if !context.fields.is_empty() && self.dice.roll(2) == 1 {
            let which = self.dice.roll(context.fields.len());
            fields.insert(context.fields[which].clone(), "write".into());
        }
        let task = json!({"type": "userTask", "assign": [{"starter": "self"}], "fields": fields});
        context.is_racing = false;
        self.node(loose, "task", task)
    }

    fn user_task(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let task = self.user(&loose, context);
        let mut out = vec![flow(&task)];
        out.extend(self.events_on(&task, context, false));
        out
    }

    pub(super) fn lambda(&mut self, loose: &[Value], context: &mut Context) -> String {
        let writes = if self.features.scripts {
            self.event_writes(context)
        } else {
            Vec::new()
        };
        let mut task = json!({"type": "serviceTask", "lambda": "do-it"});
        if !writes.is_empty() {
            task["writes"] = writes.clone().into();
        }
        let id = self.node(loose, "call", task);
        self.services.insert(id.clone(), Served { writes, error: None });
        id
    }

    fn service(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let id = self.lambda(&loose, context);
        let mut out = vec![flow(&id)];
        if !self.features.errors || self.dice.roll(2) == 0 {
            return out;
        }
        // Raising further out takes others away, who have to be at rest.
        let outwards = !context.is_racing && (context.is_caught || self.features.incidents);
        let code = ["broken", "lost"][self.dice.roll(2)];
        if !outwards || self.dice.roll(3) > 0 {
            let named = if outwards { "broken" } else { code };
            let error = if self.dice.roll(2) == 0 {
                json!({})
            } else {
                json!({"code": named})
            };
            let boundary = json!({"type": "boundaryEvent", "attachedTo": id, "error": error});
            let boundary = self.node(&[], "error", boundary);
            out.extend(self.aside(&boundary, context));
        }
        self.services.get_mut(&id).unwrap().error = Some(code.to_owned());
        out
    }

    fn script(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let number = self.number(context);
        let variable = self.variable(context);
        let task = json!({"type": "scriptTask", "script": {variable: number}});
        vec![flow(&self.node(&loose, "script", task))]
    }

    fn table(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let decision = self.decision(context);
        let task = json!({"type": "businessRuleTask", "decision": decision});
        vec![flow(&self.node(&loose, "table", task))]
    }

    fn catch(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let mut event = self.outside(context);
        context.is_racing = false;
        if event.contains_key("message") && self.dice.roll(2) == 1 {
            event.insert("type".to_owned(), "receiveTask".into());
            let task = self.node(&loose, "receive", Value::Object(event));
            let mut out = vec![flow(&task)];
            out.extend(self.events_on(&task, context, false));
            return out;
        }
        event.insert("type".to_owned(), "intermediateCatchEvent".into());
        vec![flow(&self.node(&loose, "catch", Value::Object(event)))]
    }

    fn send(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let (data, what) = (self.number(context), self.fresh("sent-"));
        let sent = json!({"name": what, "data": {"amount": data}});
        let (kind, name) = [
            ("sendTask", "message"),
            ("sendTask", "signal"),
            ("intermediateThrowEvent", "message"),
            ("intermediateThrowEvent", "signal"),
            ("intermediateThrowEvent", ""),
        ][self.dice.roll(5)];
        let mut node = json!({"type": kind});
        if !name.is_empty() {
            node[name] = sent;
        }
        vec![flow(&self.node(&loose, "send", node))]
    }

    fn call(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let (input, variable) = (self.number(context), self.variable(context));
        let task = json!({"type": "callActivity", "calledElement": "other", "in": {"amount": input},
            "out": {variable: "total + 1"}});
        context.is_racing = false;
        let id = self.node(&loose, "other", task);
        let mut out = vec![flow(&id)];
        if self.features.errors && self.dice.roll(2) == 1 {
            let boundary =
                json!({"type": "boundaryEvent", "attachedTo": id, "error": {"code": "CALL_TERMINATED"}});
            let boundary = self.node(&[], "error", boundary);
            out.extend(self.aside(&boundary, context));
        }
        out.extend(self.events_on(&id, context, false));
        out
    }

    fn links(&mut self, loose: Loose, _context: &mut Context) -> Loose {
        let link = json!({"name": self.fresh("link-")});
        self.node(
            &loose,
            "from",
            json!({"type": "intermediateThrowEvent", "link": link}),
        );
        vec![flow(&self.node(
            &[],
            "to",
            json!({"type": "intermediateCatchEvent", "link": link}),
        ))]
    }

    /// Back again until people are content.
    fn repeat(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let again = self.node(&loose, "again", json!({"type": "exclusiveGateway"}));
        let mut inside = Context {
            is_tail: false,
            is_main_way: false,
            ..context.deeper()
        };
        let body = self.sequence(vec![flow(&again)], &mut inside);
        let task = self.user(&body, &mut inside);
        self.lead(&[outcome(&task, "reject")], &again);
        context.merge(&inside);
        context.is_racing = inside.is_racing;
        vec![outcome(&task, "approve")]
    }
}
