//! Answers places as a script says.

use serde_json::{Map, Value, json};

use super::generate::{Dice, value};
use super::{Answer, Choice, Game, Place};

impl Game<'_> {
    /// The place that is answered next, and how; `None`: nothing is open, or the script is at its end.
    pub(in crate::tests) fn pick(&self, script: &mut Dice<'_>) -> Option<(Place, Answer)> {
        let open: Vec<Place> = self.open().into_iter().collect();
        if script.is_empty() || open.is_empty() || self.incident().is_some() {
            return None;
        }
        let place = open[script.roll(open.len())].clone();
        let mut choices = self.choices(&place);
        let choice = choices.swap_remove(script.roll(choices.len()));
        let answer = match choice {
            Choice::Outcome(outcome) => Answer::Outcome {
                outcome,
                data: self.written(&place.node, script),
            },
            Choice::Event(node) => Answer::Event {
                data: self.told(&node, script),
                node,
            },
            Choice::Called => self.called(&place.node, script),
        };
        Some((place, answer))
    }

    fn written(&self, task: &str, script: &mut Dice<'_>) -> Map<String, Value> {
        let fields = self.node(task)["fields"].as_object().into_iter().flatten();
        let fields = fields.filter(|(_, access)| *access == "write");
        fields
            .filter_map(|(field, _)| Some((field.clone(), value(field, script)?)))
            .collect()
    }

    fn told(&self, event: &str, script: &mut Dice<'_>) -> Map<String, Value> {
        let names = self.world.definition.writes(event).into_iter();
        names.map(|name| (name, json!(script.roll(20)))).collect()
    }

    fn called(&self, call: &str, script: &mut Dice<'_>) -> Answer {
        let is_caught = self.world.definition.node(call).boundaries.iter();
        let is_caught = is_caught
            .clone()
            .any(|event| self.node(event)["error"].is_object());
        let roll = script.roll(20);
        if is_caught && roll % 4 == 3 {
            return Answer::CallFailed;
        }
        let status = if roll.is_multiple_of(2) {
            "completed"
        } else {
            "rejected"
        };
        let data = json!({"total": roll}).as_object().cloned().unwrap_or_default();
        Answer::Called {
            status: status.to_owned(),
            data,
        }
    }
}
