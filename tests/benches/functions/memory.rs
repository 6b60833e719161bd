//! What is resident after a thousand invocations.

use tests::binary::{Running, RuntimeApi};

use crate::Bench;
use crate::front::Scheme;

const INVOCATIONS: usize = 1000;
/// A request that writes, one that reads, a list, events of a queue, and of a stream.
const FUNCTIONS: [&str; 6] = [
    "submit_ticket",
    "get_ticket",
    "list_tasks",
    "validate_workflow",
    "create_tickets",
    "follow_tasks",
];

pub(crate) async fn measure(bench: &Bench) {
    let front = bench.front(Scheme::Https).await;
    println!(
        "\n| after {INVOCATIONS} invocations, MiB | resident | at most | its own | of its file |\n|---|---|---|---|---|"
    );
    for function in FUNCTIONS {
        let mut api = RuntimeApi::open(&bench.samples.event(function), INVOCATIONS).await;
        let command = std::process::Command::new(&bench.binaries[function]);
        let mut running = Running::start(command, &bench.environment(function, &front), &api.address);
        for _ in 0..INVOCATIONS {
            let answer = running.waits_for(api.answers.recv()).await.unwrap();
            let failed = answer["statusCode"].as_u64().is_some_and(|status| status >= 400);
            assert!(!failed, "{function}: {answer}\n{}", running.log());
        }
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.child().id())).unwrap();
        let [all, most, own, files] = ["VmRSS:", "VmHWM:", "RssAnon:", "RssFile:"].map(|name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
            kib / 1024.0
        });
        println!("| {function} | {all:.1} | {most:.1} | {own:.1} | {files:.1} |");
    }
}
