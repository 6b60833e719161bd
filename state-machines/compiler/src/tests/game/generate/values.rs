//! Conditions and expressions on what may be read.

use serde_json::{Map, Value, json};

use super::builder::{Builder, Context};

impl Builder<'_> {
    pub(super) fn condition(&mut self, context: &Context) -> String {
        let mut forms = Vec::new();
        let limit = self.dice.roll(18) as i64 - 3;
        for field in &context.readable_fields {
            forms.push(match field.as_str() {
                "note" => "note = \"x\"".to_owned(),
                "currency" => "currency in [\"CNY\", \"USD\"]".to_owned(),
                "urgent" => "urgent = true".to_owned(),
                _ => format!("amount > {limit} and amount < {}", limit + 8),
            });
        }
        forms.extend(context.numbers.iter().map(|name| format!("{name} >= {limit}")));
        forms.extend(
            context
                .lists
                .iter()
                .map(|name| format!("$count({name}) > {}", limit.rem_euclid(3))),
        );
        if forms.is_empty() {
            return "1 = 1".to_owned();
        }
        let form = self.dice.roll(forms.len());
        forms.swap_remove(form)
    }

    /// A number.
    pub(super) fn number(&mut self, context: &Context) -> String {
        let mut forms = vec![self.dice.roll(9).to_string()];
        if context.readable_fields.iter().any(|field| field == "amount") {
            forms.push("amount * 2".to_owned());
        }
        if context.readable_fields.iter().any(|field| field == "note") {
            forms.push("$length(note)".to_owned());
        }
        forms.extend(context.numbers.iter().map(|name| format!("{name} + 1")));
        forms.extend(context.lists.iter().map(|name| format!("$count({name})")));
        let form = self.dice.roll(forms.len());
        forms.swap_remove(form)
    }

    pub(super) fn variable(&mut self, context: &mut Context) -> String {
        let which = self.dice.roll(context.writes.len());
        let name = context.writes[which].clone();
        context.set(&name);
        name
    }

    pub(super) fn decision(&mut self, context: &mut Context) -> Value {
        let input = self.number(context);
        let policies = [
            "UNIQUE",
            "FIRST",
            "ANY",
            "PRIORITY",
            "COLLECT",
            "RULE ORDER",
            "OUTPUT ORDER",
            "COLLECT",
        ];
        let which = self.dice.roll(policies.len());
        let policy = policies[which];
        let gives_list = which == 4 || which == 5 || which == 6;
        let name = if gives_list {
            self.fresh("rows")
        } else {
            self.variable(context)
        };
        let rules = match policy {
            "UNIQUE" => vec![rule("< 3", "1"), rule("[3..7]", "2"), rule("> 7", "5")],
            "ANY" => vec![rule("> 3", "4"), rule("> 5, 0", "4")],
            _ => vec![
                rule("> 5", "7"),
                rule("2, 4, 6, 8", "1"),
                rule("not(3)", "3"),
                rule("> 1", "9"),
            ],
        };
        let mut output = json!({"name": name, "values": [9, 1, 7, 3]});
        if self.dice.roll(2) == 1 {
            output["default"] = "7".into();
        }
        if !matches!(policy, "PRIORITY" | "OUTPUT ORDER") {
            output.as_object_mut().unwrap().shift_remove("values");
        }
        let mut table = json!({"hitPolicy": policy, "inputs": [{"expression": input}], "outputs": [output], "rules": rules});
        if which == 7 {
            let aggregations = ["SUM", "MIN", "MAX", "COUNT"];
            table["aggregation"] = aggregations[self.dice.roll(4)].into();
        }
        if gives_list {
            context.lists.push(name);
        }
        table
    }

    /// What a message, signal or call may set, as `writes`.
    pub(super) fn event_writes(&mut self, context: &mut Context) -> Vec<String> {
        if self.dice.roll(2) == 0 {
            Vec::new()
        } else {
            vec![self.variable(context)]
        }
    }

    /// What a node waits for, that the outside brings.
    pub(super) fn outside(&mut self, context: &mut Context) -> Map<String, Value> {
        let mut event = Map::new();
        match self.dice.roll(4) {
            0 => event.insert("timer".to_owned(), json!({"timeDuration": "PT24H"})),
            1 => event.insert("timer".to_owned(), json!({"timeDate": "2036-12-24T17:00:00Z"})),
            2 => {
                let (name, writes) = (self.fresh("message-"), self.event_writes(context));
                event.insert("message".to_owned(), json!({"name": name, "writes": writes}))
            }
            _ => {
                let (name, writes) = (self.fresh("signal-"), self.event_writes(context));
                event.insert("signal".to_owned(), json!({"name": name, "writes": writes}))
            }
        };
        event
    }
}

fn rule(when: &str, then: &str) -> Value {
    json!({"when": [when], "then": [then]})
}
