//! What one more submission costs, beside a program that does nothing but move the same bytes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tests::binary::{Running, RuntimeApi};
use tests::functions::build;

use crate::front::{Front, Scheme};
use crate::{Bench, callgrind};

const FUNCTION: &str = "submit_ticket";
const INVOCATIONS: usize = 100;

/// A program and what it is run with.
struct Subject<'a> {
    program: &'a Path,
    environment: BTreeMap<String, String>,
    event: &'a Value,
    front: &'a Front,
}

pub(crate) async fn measure(bench: &Bench) {
    let event = bench.samples.event(FUNCTION);
    println!("\n| one more submission, warm | instructions | calls in {INVOCATIONS} |\n|---|---|---|");
    for (scheme, way) in [(Scheme::Https, "TLS"), (Scheme::Http, "plain HTTP")] {
        let front = bench.front(scheme).await;
        let ours = Subject {
            program: &bench.binaries[FUNCTION],
            environment: bench.environment(FUNCTION, &front),
            event: &event,
            front: &front,
        };
        let cost = slope(&ours).await;
        println!("| {FUNCTION}, {way} | {} | {} |", cost.instructions, cost.calls);
        if scheme == Scheme::Http {
            let floor = floor(ours).await;
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            let ratio = cost.instructions as f64 / floor.instructions as f64;
            println!("| the floor, {way} | {} | {} |", floor.instructions, floor.calls);
            println!("\n{ratio:.1} times the floor (bound 2)");
        }
    }
}

struct Cost {
    instructions: u64,
    calls: usize,
}

/// What an invocation costs more: between so many and twice as many.
async fn slope(subject: &Subject<'_>) -> Cost {
    let (few, few_calls) = run(subject, INVOCATIONS).await;
    let (many, many_calls) = run(subject, 2 * INVOCATIONS).await;
    Cost {
        instructions: (many - few) / INVOCATIONS as u64,
        calls: many_calls - few_calls,
    }
}

async fn run(subject: &Subject<'_>, invocations: usize) -> (u64, usize) {
    subject.front.answer(usize::MAX);
    let mut api = RuntimeApi::open(subject.event, invocations).await;
    let command = callgrind::command(subject.program);
    let mut running = Running::start(command, &subject.environment, &api.address);
    for _ in 0..invocations {
        let answer = running.waits_for(api.answers.recv()).await.unwrap();
        assert_eq!(answer["statusCode"], 202, "{answer}");
    }
    (callgrind::instructions(&mut running), subject.front.calls().len())
}

/// The program that reads the event, sends the last request once more and gives the same answer.
async fn floor(ours: Subject<'_>) -> Cost {
    let program = build(&["--release", "--package", "floor"], "tests/benches/floor");
    let folder = std::env::temp_dir();
    let (request, answer) = (
        folder.join("pflow-floor-request"),
        folder.join("pflow-floor-answer"),
    );
    std::fs::write(&request, ours.front.calls().pop().unwrap().bytes).unwrap();
    std::fs::write(&answer, answer_of(&ours).await.to_string()).unwrap();
    let floor = Subject {
        program: &program["floor"],
        environment: [("FLOOR_REQUEST", &request), ("FLOOR_ANSWER", &answer)]
            .into_iter()
            .map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()))
            .chain(ours.front.environment())
            .collect(),
        ..ours
    };
    slope(&floor).await
}

async fn answer_of(ours: &Subject<'_>) -> Value {
    tests::binary::invoke(ours.program, &ours.environment, ours.event)
        .await
        .unwrap()
}
