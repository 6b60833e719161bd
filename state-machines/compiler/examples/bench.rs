//! What compiling costs, in instructions, beside parsing and writing JSON: `cargo run --release -p compiler --example bench`.
//! valgrind has to be there.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a program for people, over inputs of its own"
)]

use std::process::Command;

use compiler::{Catalog, compile};
use serde_json::{Value, json};

const SIZES: [usize; 2] = [100, 1_000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [mode, size] => once(mode, size.parse().unwrap()),
        _ => report(),
    }
}

fn report() {
    let mut costs = Vec::new();
    for size in SIZES {
        let start = instructions("nothing", size);
        let [json, compiled] = ["json", "compile"].map(|mode| instructions(mode, size) - start);
        println!(
            "{size} nodes: compile {compiled} instructions, {:.2} times parsing and writing the same JSON ({json}; bound 3)",
            ratio(compiled, json)
        );
        costs.push(compiled);
    }
    if let [small, large] = costs.as_slice() {
        println!(
            "1,000 nodes cost {:.2} times 100 nodes (bound 11)",
            ratio(*large, *small)
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "ratios for people")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

fn once(mode: &str, size: usize) {
    let text = definition(size).to_string();
    let catalog = Catalog::new()
        .form("claim", json!({"type": "object", "properties": {"amount": {"type": "number"}, "note": {"type": "string"}}}))
        .role("director")
        .function("do-it");
    let done = match mode {
        "json" => {
            let value: Value = serde_json::from_str(&text).unwrap();
            value.to_string().len()
        }
        "compile" => compile(&text, &catalog).unwrap().machine("p-").len(),
        _ => text.len(),
    };
    println!("{done}");
}

/// What valgrind counts for this program in a mode.
fn instructions(mode: &str, size: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args([mode, &size.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected")).unwrap();
    line.split(':').next_back().unwrap().trim().parse().unwrap()
}

/// As people write them: tasks with outcomes, choices over the form, services, now and then two things at once.
fn definition(nodes: usize) -> Value {
    let mut made = vec![json!({"id": "start", "type": "startEvent"})];
    let mut flows = vec![json!({"from": "start", "to": "task0"})];
    let rounds = nodes / 10;
    for at in 0..rounds {
        let next = match at + 1 == rounds {
            true => "end".to_owned(),
            false => format!("task{}", at + 1),
        };
        let id = |name: &str| format!("{name}{at}");
        made.extend([
            json!({"id": id("task"), "type": "userTask", "name": {"en": "Look at it", "zh": "审批"}, "assign": [{"role": "director"}], "fields": {"note": "write"}}),
            json!({"id": id("late"), "type": "boundaryEvent", "attachedTo": id("task"), "timer": {"timeDuration": "P3D"}}),
            json!({"id": id("size"), "type": "exclusiveGateway"}),
            json!({"id": id("fork"), "type": "parallelGateway"}),
            json!({"id": id("pay"), "type": "serviceTask", "lambda": "do-it", "retry": {"attempts": 3}}),
            json!({"id": id("tell"), "type": "userTask", "assign": [{"starter": "self"}], "outcomes": ["done"]}),
            json!({"id": id("join"), "type": "parallelGateway"}),
            json!({"id": id("sum"), "type": "scriptTask", "script": {id("total"): "amount * 1.1"}}),
            json!({"id": id("merge"), "type": "exclusiveGateway"}),
            json!({"id": id("no"), "type": "endEvent", "status": "rejected"}),
        ]);
        flows.extend([
            json!({"from": id("task"), "to": id("size"), "outcome": "approve"}),
            json!({"from": id("task"), "to": id("no"), "outcome": "reject"}),
            json!({"from": id("late"), "to": id("merge")}),
            json!({"from": id("size"), "to": id("fork"), "when": "amount > 5000 and note != \"\""}),
            json!({"from": id("size"), "to": id("merge"), "default": true}),
            json!({"from": id("fork"), "to": id("pay")}),
            json!({"from": id("fork"), "to": id("tell")}),
            json!({"from": id("pay"), "to": id("join")}),
            json!({"from": id("tell"), "to": id("join")}),
            json!({"from": id("join"), "to": id("sum")}),
            json!({"from": id("sum"), "to": id("merge")}),
            json!({"from": id("merge"), "to": next}),
        ]);
    }
    made.push(json!({"id": "end", "type": "endEvent"}));
    json!({"key": "large", "form": "claim", "nodes": made, "flows": flows})
}
