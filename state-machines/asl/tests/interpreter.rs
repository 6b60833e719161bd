//! Conduct that the recordings do not show: resuming, tokens, deadlines, concurrency, limits.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use asl::types::StateMachine;
use asl::{Command, Event, Execution, ExecutionContext, Machine, Outcome, Timestamp, start};
use proptest::prelude::*;
use serde_json::{Value, json};

fn machine(definition: Value) -> Machine {
    Machine::new(&serde_json::from_value::<StateMachine>(definition).unwrap()).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(seconds * 1000)
}

fn tokens(commands: &[Command]) -> Vec<String> {
    let token = |command: &Command| match command {
        Command::ScheduleTask { token, .. } => Some(token.clone()),
        _ => None,
    };
    commands.iter().filter_map(token).collect()
}

fn types(execution: &mut Execution) -> Vec<String> {
    execution
        .take_history()
        .iter()
        .map(|event| event.event_type())
        .collect()
}

fn succeeded(token: &str, output: Value) -> Event {
    Event::TaskSucceeded {
        token: token.to_owned(),
        output,
    }
}

fn task(more: Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"token.$": "$$.Task.Token"}, "End": true});
    state
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({"StartAt": "T", "States": {"T": state, "Caught": {"Type": "Pass", "End": true}}})
}

#[test]
fn a_token_works_once_and_a_strange_one_never() {
    let machine = machine(task(json!({})));
    let (mut execution, commands) = start(&machine, json!({}), ExecutionContext::default());
    let [token] = tokens(&commands).try_into().unwrap();
    assert_eq!(
        execution.apply(&machine, at(1), succeeded("strange", json!(1))),
        []
    );
    let done = execution.apply(&machine, at(2), succeeded(&token, json!(1)));
    assert_eq!(done, [Command::Done(Outcome::Succeeded { output: json!(1) })]);
    assert_eq!(execution.apply(&machine, at(3), succeeded(&token, json!(2))), []);
    assert_eq!(execution.events(), 7);
}

#[derive(Debug)]
struct Numbered;

impl asl::Tokens for Numbered {
    fn token(&self, event: u64) -> String {
        format!("t{event}")
    }
}

#[test]
fn tokens_are_the_hosts_where_it_gives_them() {
    let machine = machine(task(
        json!({"Retry": [{"ErrorEquals": ["Again"], "IntervalSeconds": 1}]}),
    ));
    let context = ExecutionContext::default();
    let (execution, commands) = asl::start_with_tokens(&machine, json!({}), context, Arc::new(Numbered));
    let [Command::ScheduleTask { token, arguments, .. }] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!((token.as_str(), arguments), ("t2", &json!({"token": "t2"})));
    let text = serde_json::to_string(&execution).unwrap();
    let mut execution: Execution = serde_json::from_str(&text).unwrap();
    execution.set_tokens(Arc::new(Numbered));
    let failed = Event::TaskFailed {
        token: token.clone(),
        error: Some("Again".to_owned()),
        cause: None,
    };
    execution.apply(&machine, at(1), failed);
    assert_eq!(execution.wake_at(), Some(at(2)));
    let again = execution.apply(&machine, at(2), Event::Time);
    assert_eq!(tokens(&again), ["t5"]);
}

#[test]
fn a_redrive_does_again_what_failed_and_only_that() {
    let call = |next: Value| {
        let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"});
        state
            .as_object_mut()
            .unwrap()
            .extend(next.as_object().unwrap().clone());
        state
    };
    let branch = |name: &str| json!({"StartAt": name, "States": {name: call(json!({"End": true}))}});
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 50, "End": true}}});
    let machine = machine(json!({"StartAt": "First", "TimeoutSeconds": 100, "States": {
        "First": call(json!({"Next": "Fork"})),
        "Fork": {"Type": "Parallel", "End": true, "Branches": [branch("A"), branch("B"), branch("C"), wait]}}}));
    let (mut execution, commands) = start(&machine, json!({"n": 1}), ExecutionContext::default());
    let [first] = tokens(&commands).try_into().unwrap();
    let commands = execution.apply(&machine, at(1), succeeded(&first, json!({"n": 2})));
    let [a, b, c] = tokens(&commands).try_into().unwrap();
    assert_eq!(execution.redrive(&machine, at(2)), [], "it runs");
    execution.apply(&machine, at(2), succeeded(&a, json!("a")));
    let error = Some("Broken".to_owned());
    let failed = Event::TaskFailed {
        token: b,
        error,
        cause: None,
    };
    let commands = execution.apply(&machine, at(3), failed);
    assert!(matches!(
        commands.last(),
        Some(Command::Done(Outcome::Failed { .. }))
    ));
    execution.take_history();

    let text = serde_json::to_string(&execution).unwrap();
    let mut execution: Execution = serde_json::from_str(&text).unwrap();
    let commands = execution.redrive(&machine, at(200));
    let states: Vec<_> = commands
        .iter()
        .filter_map(|command| match command {
            Command::ScheduleTask { state, arguments, .. } => Some((state.as_str(), arguments["n"].as_u64())),
            _ => None,
        })
        .collect();
    assert_eq!(states, [("B", Some(2)), ("C", Some(2))]);
    assert_eq!(
        types(&mut execution),
        [
            "ExecutionRedriven",
            "TaskScheduled",
            "TaskStarted",
            "TaskScheduled",
            "TaskStarted"
        ]
    );
    let [new_b, new_c] = tokens(&commands).try_into().unwrap();
    assert_eq!(
        execution.apply(&machine, at(201), succeeded(&c, json!("late"))),
        []
    );
    execution.apply(&machine, at(201), succeeded(&new_b, json!("b")));
    execution.apply(&machine, at(201), Event::Time);
    let done = execution.apply(&machine, at(202), succeeded(&new_c, json!("c")));
    let output = json!(["a", "b", "c", {"n": 2}]);
    assert_eq!(done, [Command::Done(Outcome::Succeeded { output })]);
    assert_eq!(execution.redrive(&machine, at(203)), [], "it has succeeded");
    assert_eq!(execution.context().redrive_count, Some(1));
}

#[test]
fn a_redrive_stands_where_the_failure_was() {
    let definition = |state: Value| json!({"StartAt": "S", "States": {"S": state}});
    let cases = [
        (
            json!({"Type": "Fail", "Error": "E"}),
            vec!["ExecutionRedriven", "ExecutionFailed"],
        ),
        (
            json!({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "S"}]}),
            vec!["ExecutionRedriven", "ExecutionFailed"],
        ),
        (
            json!({"Type": "Pass", "InputPath": "$.missing", "End": true}),
            vec!["ExecutionRedriven", "ExecutionFailed"],
        ),
    ];
    for (state, expected) in cases {
        let machine = machine(definition(state.clone()));
        let (mut execution, _) = start(&machine, json!({}), ExecutionContext::default());
        execution.take_history();
        execution.redrive(&machine, at(1));
        assert_eq!(types(&mut execution), expected, "{state}");
    }
    // One that was stopped, or ran out of time, goes on with what was open.
    let machine = machine(task(json!({"TimeoutSeconds": 60})));
    let (mut execution, commands) = start(&machine, json!({}), ExecutionContext::default());
    let [old] = tokens(&commands).try_into().unwrap();
    execution.apply(
        &machine,
        at(1),
        Event::Stop {
            error: None,
            cause: None,
        },
    );
    let commands = execution.redrive(&machine, at(2));
    let [new] = tokens(&commands).try_into().unwrap();
    assert!(old != new && commands.contains(&Command::WakeAt(at(62))));
}

#[test]
fn a_heartbeat_moves_its_deadline_and_not_the_timeout() {
    let machine = machine(task(json!({"TimeoutSeconds": 60, "HeartbeatSeconds": 10,
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Caught"}]})));
    let (mut execution, commands) = start(&machine, json!({}), ExecutionContext::default());
    let [token] = tokens(&commands).try_into().unwrap();
    assert!(commands.contains(&Command::WakeAt(at(10))));
    let commands = execution.apply(&machine, at(8), Event::Heartbeat { token: token.clone() });
    assert_eq!(commands, [Command::WakeAt(at(18))]);
    assert_eq!(execution.apply(&machine, at(10), Event::Time), []);
    let commands = execution.apply(&machine, at(18), Event::Time);
    assert!(commands.contains(&Command::CancelTask { token }));
    let Some(Outcome::Succeeded { output }) = execution.outcome() else {
        panic!("{:?}", execution.outcome())
    };
    assert_eq!(output["Error"], "States.HeartbeatTimeout");
}

#[test]
fn retries_wait_as_long_as_they_say() {
    let machine = machine(task(
        json!({"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 3, "MaxDelaySeconds": 10}]}),
    ));
    let (mut execution, mut commands) = start(&machine, json!({}), ExecutionContext::default());
    let mut now = 0;
    for delay in [2, 6, 10] {
        let [token] = tokens(&commands).try_into().unwrap();
        let failed = Event::TaskFailed {
            token,
            error: Some("E".into()),
            cause: None,
        };
        assert_eq!(
            execution.apply(&machine, at(now), failed),
            [Command::WakeAt(at(now + delay))]
        );
        now += delay;
        commands = execution.apply(&machine, at(now), Event::Time);
    }
    let [token] = tokens(&commands).try_into().unwrap();
    execution.apply(
        &machine,
        at(now),
        Event::TaskFailed {
            token,
            error: Some("E".into()),
            cause: None,
        },
    );
    assert_eq!(
        execution.outcome(),
        Some(&Outcome::Failed {
            error: Some("E".into()),
            cause: None
        })
    );
}

#[test]
fn a_branch_that_fails_cancels_the_others() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:f", "End": true}}});
    let machine = machine(json!({"StartAt": "P", "States": {
        "P": {"Type": "Parallel", "Branches": [branch("A"), branch("B")], "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "C"}], "End": true},
        "C": {"Type": "Pass", "End": true}}}));
    let (mut execution, commands) = start(&machine, json!({"kept": 1}), ExecutionContext::default());
    let [a, b] = tokens(&commands).try_into().unwrap();
    let commands = execution.apply(
        &machine,
        at(1),
        Event::TaskFailed {
            token: a,
            error: Some("E".into()),
            cause: Some("why".into()),
        },
    );
    assert!(commands.contains(&Command::CancelTask { token: b }));
    let output = json!({"kept": 1, "error": {"Error": "E", "Cause": "why"}});
    assert_eq!(execution.outcome(), Some(&Outcome::Succeeded { output }));
    insta::assert_snapshot!(types(&mut execution).join("\n"));
}

#[test]
fn a_map_runs_as_many_as_it_may_and_keeps_the_order() {
    let machine = machine(
        json!({"QueryLanguage": "JSONata", "StartAt": "M", "States": {"M": {"Type": "Map",
        "Items": "{% $states.input %}", "MaxConcurrency": 2, "ItemSelector": {"n": "{% $states.context.Map.Item.Index %}"},
        "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": "{% $states.input %}", "End": true}}},
        "End": true}}}),
    );
    let (mut execution, commands) = start(&machine, json!([7, 8, 9]), ExecutionContext::default());
    let [a, b] = tokens(&commands).try_into().unwrap();
    let [c] = tokens(&execution.apply(&machine, at(1), succeeded(&b, json!("b"))))
        .try_into()
        .unwrap();
    execution.apply(&machine, at(2), succeeded(&c, json!("c")));
    execution.apply(&machine, at(3), succeeded(&a, json!("a")));
    assert_eq!(
        execution.outcome(),
        Some(&Outcome::Succeeded {
            output: json!(["a", "b", "c"])
        })
    );
}

#[test]
fn the_machine_has_a_timeout_and_can_be_stopped() {
    let mut definition = task(json!({}));
    definition["TimeoutSeconds"] = 30.into();
    let machine = machine(definition);
    let (execution, commands) = start(&machine, json!({}), ExecutionContext::default());
    assert!(commands.contains(&Command::WakeAt(at(30))));
    let (mut late, mut stopped) = (execution.clone(), execution);
    late.apply(&machine, at(30), Event::Time);
    assert_eq!(late.outcome(), Some(&Outcome::TimedOut));
    stopped.apply(
        &machine,
        at(5),
        Event::Stop {
            error: None,
            cause: None,
        },
    );
    assert_eq!(
        types(&mut stopped).last().map(String::as_str),
        Some("ExecutionAborted")
    );
}

#[test]
fn an_endless_loop_ends_at_the_limit_on_events() {
    let machine = machine(json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}));
    let (execution, _) = start(&machine, json!({}), ExecutionContext::default());
    assert_eq!(execution.events(), asl::MAX_EVENTS);
    assert!(matches!(execution.outcome(), Some(Outcome::Failed { .. })));
}

#[test]
fn data_cannot_grow_without_bound() {
    for output in [
        "{% {'a': $states.input} %}",
        "{% $states.input & $states.input & 'x' %}",
    ] {
        let machine = machine(
            json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": output, "Next": "A"}}}),
        );
        let (execution, _) = start(&machine, json!("x"), ExecutionContext::default());
        let Some(Outcome::Failed { error, .. }) = execution.outcome() else {
            panic!("{:?}", execution.outcome())
        };
        assert_eq!(error.as_deref(), Some("States.DataLimitExceeded"));
    }
}

#[test]
fn no_expression_hangs() {
    for expression in [
        "($f := function($n) { $f($n + 1) + 1 }; $f(0))",
        "($f := function($n) { $f($n + 1) }; $f(0))",
        "$count([1..100000000])",
        "$length($pad('x', 1000000000))",
    ] {
        let machine = machine(
            json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true}}}),
        );
        let (execution, _) = start(&machine, json!({}), ExecutionContext::default());
        assert!(
            matches!(execution.outcome(), Some(Outcome::Failed { .. })),
            "{expression}"
        );
    }
}

#[test]
fn chance_and_clock_come_from_outside() {
    let machine = machine(
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass",
        "Output": ["{% $uuid() %}", "{% $random() %}", "{% $now() %}", "{% $millis() %}"], "End": true}}}),
    );
    let run = |seed| {
        let context = ExecutionContext {
            seed,
            started: at(1_000_000_000),
            ..ExecutionContext::default()
        };
        match start(&machine, json!({}), context).0.outcome() {
            Some(Outcome::Succeeded { output }) => output.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1)[0], run(2)[0]);
    assert_eq!(run(1)[2], "2001-09-09T01:46:40.000Z");
    assert_eq!(run(1)[3], 1_000_000_000_000_i64);
}

/// A machine with everything that can rest.
fn resting() -> Machine {
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "Next": "X"}, "X": {"Type": "Pass", "Assign": {"inner": "{% $outer + 1 %}"}, "End": true}}});
    let retry = json!({"StartAt": "R", "States": {"R": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Retry": [{"ErrorEquals": ["States.ALL"], "JitterStrategy": "FULL", "IntervalSeconds": 3, "MaxAttempts": 2}], "End": true}}});
    machine(json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {
        "S": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [wait, retry], "Next": "M"},
        "M": {"Type": "Map", "Items": [1, 2, 3], "MaxConcurrency": 2, "ItemProcessor": {"StartAt": "T", "States": {
            "T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"id": "{% $uuid() %}", "item": "{% $states.input %}"}, "End": true}}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "F"}], "Next": "F"},
        "F": {"Type": "Succeed"}}}))
}

proptest! {
    /// However the world answers, an execution that is written and read between any two steps goes on as one that is
    /// not, and every history counts its ids.
    #[test]
    fn an_execution_resumes_from_its_serialized_form(choices in prop::collection::vec(0_u8..5, 1..40)) {
        let machine = resting();
        let (mut kept, commands) = start(&machine, json!({}), ExecutionContext::default());
        let mut resumed = kept.clone();
        let mut open = tokens(&commands);
        let mut history = kept.take_history();
        resumed.take_history();
        for (step, choice) in choices.into_iter().enumerate() {
            let now = at(step as i64 * 2);
            let token = open.get(usize::from(choice) % open.len().max(1)).cloned();
            let event = match (choice, token) {
                (0 | 1, Some(token)) => succeeded(&token, json!({"step": step})),
                (2, Some(token)) => Event::TaskFailed { token, error: Some("E".into()), cause: None },
                _ => Event::Time,
            };
            let text = serde_json::to_string(&resumed).unwrap();
            resumed = serde_json::from_str(&text).unwrap();
            let commands = kept.apply(&machine, now, event.clone());
            prop_assert_eq!(&commands, &resumed.apply(&machine, now, event));
            open.extend(tokens(&commands));
            prop_assert_eq!(serde_json::to_value(&kept).unwrap(), serde_json::to_value(&resumed).unwrap());
            let events = kept.take_history();
            prop_assert_eq!(&events, &resumed.take_history());
            history.extend(events);
        }
        for (index, event) in history.iter().enumerate() {
            prop_assert_eq!(event.id, index as u64 + 1);
            prop_assert!(event.previous_event_id < event.id);
        }
    }
}

/// A host keeps machines in shared memory and moves executions between threads.
#[test]
fn machines_are_shared_and_executions_move() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Machine>();
    moved::<Execution>();
}

#[test]
fn functions_give_what_the_language_says() {
    for (expression, expected) in [
        ("$pad('x', 4)", json!("x   ")),
        ("$pad('x', -4, 'ab')", json!("abax")),
        ("$partition([1,2,3,4,5], 2)", json!([[1, 2], [3, 4], [5]])),
        ("$range(0, 6, 2)", json!([0, 2, 4, 6])),
        (
            "$hash('input data', 'SHA-1')",
            json!("aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ),
        ("$parse('{\"a\":[1]}').a[0]", json!(1)),
        ("$random() < 1 and $random() >= 0", json!(true)),
        ("$now('[Y0001]')", json!("1970")),
        ("$states.input.l[$ > 1]", json!([2, 3])),
        ("$states.input.l[$ > 2]", json!(3)),
        ("$sum($states.input.l) / 4", json!(1.5)),
        ("$states.context.Execution.Input.l[0]", json!(1)),
        ("{'a': $states.input.nothing, 'b': 1}", json!({"b": 1})),
    ] {
        let machine = machine(
            json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true}}}),
        );
        let (execution, _) = start(&machine, json!({"l": [1, 2, 3]}), ExecutionContext::default());
        assert_eq!(
            execution.outcome(),
            Some(&Outcome::Succeeded { output: expected }),
            "{expression}"
        );
    }
}
