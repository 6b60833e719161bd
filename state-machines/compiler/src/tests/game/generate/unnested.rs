//! Forks that do not nest: branches of one are joined with branches of another.

use serde_json::json;

use super::builder::{Builder, Context, Loose, flow, outcome};

impl Builder<'_> {
    pub(super) fn unnested(&mut self, loose: Loose, context: &mut Context) -> Loose {
        self.forks += 1;
        let fork = self.gateway(&loose);
        let first = self.piece(vec![flow(&fork)], context, &[]);
        let second = self.piece(vec![flow(&fork)], context, &[]);
        let out = match self.dice.roll(2) {
            0 => {
                let inner = self.gateway(&second.0);
                let third = self.piece(vec![flow(&inner)], context, &second.1);
                let fourth = self.piece(vec![flow(&inner)], context, &[]);
                let met = self.meet([first, third]);
                let after = self.piece(met.0, context, &met.1);
                self.meet([after, fourth])
            }
            _ => {
                let (left, right) = (self.gateway(&first.0), self.gateway(&second.0));
                let pieces =
                    [&left, &right, &left, &right].map(|from| self.piece(vec![flow(from)], context, &[]));
                let [one, two, three, four] = pieces;
                let (met, others) = (self.meet([one, two]), self.meet([three, four]));
                let met = self.piece(met.0, context, &met.1);
                let others = self.piece(others.0, context, &others.1);
                self.meet([met, others])
            }
        };
        context.is_racing = false;
        context.numbers.extend(out.1);
        out.0
    }

    fn gateway(&mut self, loose: &[serde_json::Value]) -> String {
        let loose = self.merged(loose.to_vec());
        self.node(&loose, "cross", json!({"type": "parallelGateway"}))
    }

    fn meet(&mut self, pieces: [(Loose, Vec<String>); 2]) -> (Loose, Vec<String>) {
        let [(mut loose, mut known), (other, more)] = pieces;
        loose.extend(other);
        known.extend(more);
        let join = self.node(&loose, "meet", json!({"type": "parallelGateway"}));
        (vec![flow(&join)], known)
    }

    /// Some work; each variable is set at one place. With what is set now.
    fn piece(&mut self, loose: Loose, context: &Context, known: &[String]) -> (Loose, Vec<String>) {
        let mut inside = context.apart(self.fresh("v"));
        (inside.may_end, inside.is_tail) = (false, false);
        let mut set = known.to_vec();
        let mut loose = loose;
        if self.dice.roll(4) > 0 {
            let task = self.user(&loose, &mut inside);
            loose = vec![flow(&task)];
        }
        if self.dice.roll(2) == 1 {
            let variable = self.fresh("v");
            let sum = known.iter().map(|name| format!(" + {name}")).collect::<String>();
            let value = format!("{}{sum}", self.dice.roll(9));
            let script = self.node(
                &loose,
                "script",
                json!({"type": "scriptTask", "script": {variable.clone(): value}}),
            );
            loose = vec![flow(&script)];
            set.push(variable);
        }
        if self.dice.roll(3) == 1 {
            let call = self.node(&loose, "call", json!({"type": "serviceTask", "lambda": "do-it"}));
            loose = vec![flow(&call)];
        }
        if self.dice.roll(4) == 1 {
            let task = self.user(&loose, &mut inside);
            let more = self.user(&[outcome(&task, "reject")], &mut inside);
            loose = vec![outcome(&task, "approve"), flow(&more)];
        }
        // Two flows that lead straight from one gateway to another would be one.
        if loose.len() != 1
            || loose[0]["from"]
                .as_str()
                .is_some_and(|from| from.starts_with("cross"))
        {
            let merge = self.node(&loose, "merge", json!({"type": "exclusiveGateway"}));
            loose = vec![flow(&merge)];
        }
        (loose, set)
    }
}
