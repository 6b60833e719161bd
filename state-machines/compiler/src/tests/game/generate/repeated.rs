//! Multi-instances.

use serde_json::json;

use super::builder::{Builder, Context, Loose, flow};

impl Builder<'_> {
    pub(super) fn repeated(&mut self, loose: Loose, context: &mut Context) -> Loose {
        let has = self.features;
        let sequential = has.multi_sequential && (!has.multi_parallel || self.dice.roll(2) == 0);
        let element = self.fresh("element");
        let list = self.fresh("list");
        let collections = ["[1, 2]", "[5, 3, 8]", "[]", "[4]", "7", "[1..3]"];
        let collection = collections[self.dice.roll(collections.len())];
        let mut multi = json!({"collection": collection, "element": element, "sequential": sequential});
        let mut inside = context.apart(self.fresh("v"));
        inside.set(&element);
        let own = inside.writes[0].clone();
        inside.is_repeated = true;
        inside.is_racing = context.is_racing || !sequential;
        (inside.may_end, inside.is_tail, inside.in_process) = (true, true, false);
        inside.is_main_way = true;
        let node = match self.dice.roll(if has.sub_processes { 4 } else { 2 }) {
            0 => json!({"type": "userTask", "assign": [{"starter": "self"}]}),
            1 => {
                inside.is_racing = true;
                json!({"type": "serviceTask", "lambda": "do-it"})
            }
            _ => {
                let (nodes, flows) = self.scope(|builder| builder.body(&mut inside));
                json!({"type": "subProcess", "nodes": nodes, "flows": flows})
            }
        };
        let rests = node["type"] == "userTask";
        if rests && self.dice.roll(2) == 1 {
            multi["completionCondition"] = "nrOfCompletedInstances >= 2".into();
        }
        if self.dice.roll(3) > 0 {
            let value =
                if inside.numbers.contains(&own) && self.dice.roll(2) == 1 && node["type"] == "subProcess" {
                    format!("{element} + ({own} > 0 ? 1 : 0)")
                } else {
                    format!("{element} * 2")
                };
            multi["output"] = json!({list.clone(): value});
            context.lists.push(list);
        }
        let mut node = node;
        node["multiInstance"] = multi;
        let id = self.node(&loose, "each", node);
        let mut out = vec![flow(&id)];
        if rests && collection != "[]" {
            context.is_racing = false;
            out.extend(self.events_on(&id, context, false));
        }
        out
    }
}
