//! Any definition that can be resolved runs to its end, to a rest or to the limit on events, never to a panic.
//! `cargo +nightly fuzz run interpret -- -max_total_time=60`

#![no_main]

use asl::simulate::{World, simulate};
use asl::types::StateMachine;
use asl::{Command, Event, ExecutionContext, Machine};
use serde_json::{Value, json};

/// Answers tasks in turn with a result, an error and nothing.
struct Fickle(u32);

impl World for Fickle {
    fn task(&mut self, _task: &Command, token: &str) -> Vec<Event> {
        self.0 += 1;
        let token = token.to_owned();
        match self.0 % 3 {
            0 => vec![Event::TaskSucceeded { token, output: json!({"a": [1, {"b": null}]}) }],
            1 => vec![Event::TaskFailed { token, error: Some("E".into()), cause: None }],
            _ => Vec::new(),
        }
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // The definition, and after a line of its own the input.
    let (definition, input) = text.split_once("\n---\n").unwrap_or((&text, "{}"));
    let Ok(definition) = StateMachine::parse(definition) else { return };
    assert_eq!(StateMachine::parse(&definition.to_text()).ok().as_ref(), Some(&definition));
    let Ok(machine) = Machine::new(&definition) else { return };
    let input: Value = serde_json::from_str(input).unwrap_or(Value::Null);
    simulate(&machine, input, ExecutionContext::default(), &mut Fickle(0));
});
