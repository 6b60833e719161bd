//! The figures that the crate promises, measured: `cargo run --release -p asl --example bench`.
//!
//! Instructions are counted by valgrind, which must be installed; times are this process's CPU on a machine that may
//! be busy, best of several runs. A bound that is missed is printed as such, and the exit status says so.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a program that prints figures or stops"
)]

use std::fmt::Write as _;
use std::process::{Command as Process, ExitCode};
use std::time::{Duration, Instant};

use asl::types::StateMachine;
use asl::validate::{self, MachineType};
use asl::{Event, Execution, ExecutionContext, Machine, Timestamp, start};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mode = std::env::args().nth(1);
    match mode.as_deref() {
        Some("parse") => {
            std::hint::black_box(serde_json::from_str::<Value>(&large(1000)).expect("it is JSON"));
            ExitCode::SUCCESS
        }
        Some("validate") => {
            std::hint::black_box(validate::text(&large(1000), MachineType::Standard));
            ExitCode::SUCCESS
        }
        Some("text") => {
            std::hint::black_box(large(1000));
            ExitCode::SUCCESS
        }
        Some("loop") => {
            // For comparison with other interpreters: CPU of so many transitions, as JSON.
            let language = std::env::args().nth(2).unwrap_or_default();
            let machine = counting(language == "JSONata");
            let (transitions, elapsed) = repeat(&machine, 5_000, Duration::from_secs(1));
            println!(
                "{}",
                json!({"transitions": transitions, "seconds": elapsed.as_secs_f64()})
            );
            ExitCode::SUCCESS
        }
        _ => report(),
    }
}

fn report() -> ExitCode {
    let mut met = true;
    let mut line = |what: &str, figure: f64, unit: &str, bound: f64, at_least: bool| {
        let ok = if at_least {
            figure >= bound
        } else {
            figure <= bound
        };
        met &= ok;
        let relation = if at_least { "at least" } else { "at most" };
        println!(
            "{:<58} {figure:>12.2} {unit:<16} {relation} {bound} {}",
            what,
            if ok { "" } else { "MISSED" }
        );
    };
    match (
        instructions("text"),
        instructions("parse"),
        instructions("validate"),
    ) {
        (Some(text), Some(parse), Some(validate)) => {
            let (parse, validate) = (parse - text, validate - text);
            println!("validate 1,000 states: {validate} instructions; parse with serde_json: {parse}");
            #[expect(clippy::cast_precision_loss, reason = "a ratio")]
            line(
                "validate : parse",
                validate as f64 / parse as f64,
                "times",
                5.0,
                false,
            );
        }
        _ => println!("validate : parse                NOT MEASURED, valgrind is not here"),
    }
    for (language, bound) in [("JSONPath", 200_000.0), ("JSONata", 50_000.0)] {
        let machine = counting(language == "JSONata");
        let (transitions, elapsed) = repeat(&machine, 5_000, Duration::from_secs(2));
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        line(
            &format!("{language}, Choice / Pass loop"),
            transitions as f64 / elapsed.as_secs_f64(),
            "transitions/s",
            bound,
            true,
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a size")]
    line(
        "state of a waiting execution, serialized",
        waiting() as f64,
        "bytes",
        4096.0,
        false,
    );
    let costs: Vec<(u64, f64)> = [10, 100, 1_000, 10_000, 24_990]
        .into_iter()
        .map(|events| (events, cost(events)))
        .collect();
    for (events, nanoseconds) in &costs {
        println!("  cost per transition at {events:>6} events {nanoseconds:>10.0} ns");
    }
    if let (Some((_, first)), Some((_, last))) = (costs.get(2), costs.last()) {
        line(
            "cost per transition, 24,990 events : 1,000 events",
            last / first,
            "times",
            1.5,
            false,
        );
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What valgrind counts for this program in a mode.
fn instructions(mode: &str) -> Option<u64> {
    let program = std::env::current_exe().ok()?;
    let output = Process::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .arg(mode)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected"))?;
    line.split(':').next_back()?.trim().parse().ok()
}

/// A machine of `count` states of many kinds, as a generator or a person would write it.
fn large(count: usize) -> String {
    let mut states = String::new();
    for index in (0..count).step_by(4) {
        let next = index + 4;
        let last = if next >= count {
            "\"End\":true".to_owned()
        } else {
            format!("\"Next\":\"Task number {next}\"")
        };
        let _ = write!(
            states,
            r#"{}"Task number {index}":{{"Type":"Task","Comment":"Calls a function and keeps what it answers","Resource":"arn:aws:states:::lambda:invoke","Parameters":{{"FunctionName":"arn:aws:lambda:us-east-1:111111111111:function:work-{index}","Payload":{{"order.$":"$.order.id","amount.$":"$.order.amount","kind":"standard"}}}},"ResultPath":"$.results.r{index}","TimeoutSeconds":60,"Retry":[{{"ErrorEquals":["Lambda.TooManyRequestsException"],"IntervalSeconds":2,"MaxAttempts":6,"BackoffRate":2}}],"Catch":[{{"ErrorEquals":["States.ALL"],"ResultPath":"$.error","Next":"Wait number {index}"}}],"Next":"Choice number {index}"}},"Choice number {index}":{{"Type":"Choice","Choices":[{{"Variable":"$.order.amount","NumericGreaterThan":5000,"Next":"Wait number {index}"}},{{"And":[{{"Variable":"$.order.kind","StringEquals":"express"}},{{"Variable":"$.order.paid","BooleanEquals":true}}],"Next":"Pass number {index}"}}],"Default":"Pass number {index}"}},"Wait number {index}":{{"Type":"Wait","Seconds":10,"Next":"Pass number {index}"}},"Pass number {index}":{{"Type":"Pass","Parameters":{{"order.$":"$.order","results.$":"$.results","step":{index}}},{last}}}"#,
            if index == 0 { "" } else { "," },
        );
    }
    format!(r#"{{"Comment":"A large machine","StartAt":"Task number 0","States":{{{states}}}}}"#)
}

/// Counts to the input's limit in a loop of a Choice and a Pass.
fn counting(jsonata: bool) -> Machine {
    let definition = if jsonata {
        json!({"QueryLanguage": "JSONata", "StartAt": "Check", "States": {
            "Check": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.i < $states.input.limit %}", "Next": "Count"}], "Default": "Done"},
            "Count": {"Type": "Pass", "Output": {"i": "{% $states.input.i + 1 %}", "limit": "{% $states.input.limit %}", "who": "{% $states.input.who %}"}, "Next": "Check"},
            "Done": {"Type": "Succeed"}}})
    } else {
        json!({"StartAt": "Check", "States": {
            "Check": {"Type": "Choice", "Choices": [{"Variable": "$.i", "NumericLessThanPath": "$.limit", "Next": "Count"}], "Default": "Done"},
            "Count": {"Type": "Pass", "Parameters": {"i.$": "States.MathAdd($.i, 1)", "limit.$": "$.limit", "who.$": "$.who"}, "Next": "Check"},
            "Done": {"Type": "Succeed"}}})
    };
    let definition: StateMachine = serde_json::from_value(definition).expect("it is a definition");
    Machine::new(&definition).expect("it can run")
}

fn context() -> ExecutionContext {
    ExecutionContext {
        id: "arn:aws:states:us-east-1:111111111111:execution:bench:0197a5b6-1111-7000-8000-000000000001"
            .to_owned(),
        name: "0197a5b6-1111-7000-8000-000000000001".to_owned(),
        role_arn: Some("arn:aws:iam::111111111111:role/bench".to_owned()),
        started: Timestamp::from_milliseconds(1_767_225_600_000),
        state_machine_id: "arn:aws:states:us-east-1:111111111111:stateMachine:bench".to_owned(),
        state_machine_name: "bench".to_owned(),
        redrive_count: Some(0),
        seed: 1,
    }
}

fn count_to(machine: &Machine, limit: u64) -> Execution {
    start(
        machine,
        json!({"i": 0, "limit": limit, "who": {"name": "Ada", "role": "clerk"}}),
        context(),
    )
    .0
}

/// Transitions done, and the time of the fastest tenth scaled to all: the machine may be busy with other things.
fn repeat(machine: &Machine, limit: u64, at_least: Duration) -> (u64, Duration) {
    let mut best = Duration::MAX;
    let mut transitions = 0;
    let begun = Instant::now();
    while begun.elapsed() < at_least {
        let run = Instant::now();
        let execution = std::hint::black_box(count_to(machine, limit));
        best = best.min(run.elapsed());
        // Two events a state, and those of the execution itself.
        transitions = (execution.events() - 2) / 2;
    }
    (transitions, best)
}

/// Nanoseconds per transition in executions that have so many events at their end.
fn cost(events: u64) -> f64 {
    let machine = counting(false);
    let limit = (events / 4).max(1);
    let (transitions, elapsed) = repeat(&machine, limit, Duration::from_millis(700));
    #[expect(clippy::cast_precision_loss, reason = "an average")]
    let each = elapsed.as_secs_f64() * 1e9 / transitions as f64;
    each
}

/// Bytes of an approval that waits for its token, after 1,000 transitions before it, and after a resume.
fn waiting() -> usize {
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "Check", "States": {
        "Check": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.i < 500 %}", "Next": "Count"}], "Default": "Approve"},
        "Count": {"Type": "Pass", "Output": {"i": "{% $states.input.i + 1 %}", "amount": 1200, "department": "R&D"},
            "Assign": {"path": "{% 'manager' %}"}, "Next": "Check"},
        "Approve": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 86400,
            "Arguments": {"FunctionName": "open_task", "Payload": {"token": "{% $states.context.Task.Token %}"}}, "End": true}}});
    let definition: StateMachine = serde_json::from_value(definition).expect("it is a definition");
    let machine = Machine::new(&definition).expect("it can run");
    let (execution, _) = start(
        &machine,
        json!({"i": 0, "amount": 1200, "department": "R&D"}),
        context(),
    );
    let text = serde_json::to_string(&execution).expect("it serializes");
    let mut resumed: Execution = serde_json::from_str(&text).expect("it resumes");
    let token = resumed
        .open_tasks(&machine)
        .next()
        .map(|(token, _)| token.to_owned())
        .expect("it waits");
    let now = Timestamp::from_milliseconds(1_767_225_700_000);
    resumed.apply(
        &machine,
        now,
        Event::TaskSucceeded {
            token,
            output: json!({"outcome": "approve"}),
        },
    );
    assert!(resumed.outcome().is_some(), "a resumed execution goes on");
    text.len()
}
