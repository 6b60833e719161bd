//! A cold call with TLS, beside the same function in Python and Node, one after the other.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tests::binary::{Running, RuntimeApi};
use tests::functions::root;
use wait4::Wait4;

use crate::Bench;
use crate::front::{Front, Scheme};

const FUNCTION: &str = "get_ticket";
const RUNS: usize = 10;

pub(crate) async fn measure(bench: &Bench) {
    let [Ok(python), Ok(node)] = ["PFLOW_LAMBDA_PYTHON", "PFLOW_LAMBDA_NODE"].map(std::env::var) else {
        return println!("\nnot beside others: PFLOW_LAMBDA_PYTHON and PFLOW_LAMBDA_NODE are not set");
    };
    let scripts = root().join("tests/benches/peers");
    let python = || {
        let mut command = Command::new(&python);
        command
            .arg("-B")
            .args(["-m", "awslambdaric", "get_ticket.handler"])
            .current_dir(&scripts);
        command
    };
    let node = || {
        let mut command = Command::new("node");
        command.arg("runtime.mjs").current_dir(&node);
        command
    };
    let ours = || Command::new(&bench.binaries[FUNCTION]);
    let subjects: [(&str, &dyn Fn() -> Command, &str); 3] = [
        ("ours", &ours, ""),
        ("Python", &python, "45"),
        ("Node", &node, "25"),
    ];
    let front = bench.front(Scheme::Https).await;
    let event = bench.samples.event(FUNCTION);
    let mut taken = vec![Vec::new(); subjects.len()];
    for _ in 0..RUNS {
        for ((_, command, _), taken) in subjects.iter().zip(&mut taken) {
            taken.push(once(command(), bench, &front, &event).await);
        }
    }
    println!(
        "\n| a cold {FUNCTION} with TLS, CPU | median of {RUNS} | times ours | goal |\n|---|---|---|---|"
    );
    let medians: Vec<Duration> = taken.into_iter().map(median).collect();
    for ((name, _, goal), cpu) in subjects.iter().zip(&medians) {
        let times = cpu.as_secs_f64() / medians[0].as_secs_f64();
        println!(
            "| {name} | {:.1} ms | {times:.1} | {goal} |",
            cpu.as_secs_f64() * 1e3
        );
    }
}

/// User and system time from exec to the answer taken.
async fn once(command: Command, bench: &Bench, front: &Front, event: &Value) -> Duration {
    let mut api = RuntimeApi::open(event, 1).await;
    let mut environment = bench.environment(FUNCTION, front);
    environment.extend(of_others(&environment));
    let mut running = Running::start(command, &environment, &api.address);
    let answer = running.waits_for(api.answers.recv()).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    running.child().kill().unwrap();
    let used = running.take().wait4().unwrap().rusage;
    used.utime + used.stime
}

/// What others need beside what ours are told, which do not read it.
fn of_others(environment: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let table = format!("{}tickets", environment["PFLOW_PREFIX"]);
    let bundle = environment["AWS_CA_BUNDLE"].clone();
    let region = environment["AWS_REGION"].clone();
    BTreeMap::from([
        ("TABLE".to_owned(), table),
        // Lambda sets both.
        ("AWS_DEFAULT_REGION".to_owned(), region),
        ("NODE_EXTRA_CA_CERTS".to_owned(), bundle),
        ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
    ])
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
