//! From exec to the first call answered over TLS.

use tests::binary::{Running, RuntimeApi};

use crate::front::{Front, Scheme};
use crate::{Bench, callgrind};

/// Instructions that a cold start may cost.
const BOUND: u64 = 8_000_000;
/// Functions whose own work costs more than that, whether or not they are cold.
const ABOVE: [(&str, &str); 6] = [
    ("login", "hashes a password"),
    ("create_user", "hashes a password"),
    ("create_form", "builds the schema of schemas"),
    ("update_form", "builds the schema of schemas"),
    ("call_http", "reads the system's roots, as it calls anybody"),
    (
        "fire_timers",
        "asks eight parts of the index at once, each on a connection of its own",
    ),
];

struct Cold {
    function: String,
    /// The first call; nothing for a function that answered without one.
    call: String,
    instructions: u64,
}

pub(crate) async fn measure(bench: &Bench) {
    let front = bench.front(Scheme::Https).await;
    let only = std::env::var("PFLOW_BENCH_FUNCTION").ok();
    let mut all = Vec::new();
    for function in bench.binaries.keys() {
        if only.as_ref().is_none_or(|only| only == function) {
            all.push(of(bench, &front, function).await);
        }
    }
    all.sort_by_key(|cold| cold.instructions);
    println!("\n| function | first call | instructions until it is answered, M |\n|---|---|---|");
    for cold in &all {
        let millions = callgrind::millions(cold.instructions);
        println!("| {} | {} | {millions:.2} |", cold.function, cold.call);
    }
    let at = |place: usize| callgrind::millions(all[place].instructions);
    let above = all.iter().filter(|cold| cold.instructions > BOUND).count();
    println!(
        "\n{} connections were opened before there was an event",
        front.pings()
    );
    println!(
        "{} functions: {:.2} M at least, {:.2} M median, {:.2} M at most; {above} above {:.0} M",
        all.len(),
        at(0),
        at(all.len() / 2),
        at(all.len() - 1),
        callgrind::millions(BOUND),
    );
    let unexpected: Vec<&str> = all
        .iter()
        .filter(|cold| cold.instructions > BOUND)
        .map(|cold| cold.function.as_str())
        .filter(|function| ABOVE.iter().all(|(above, _)| above != function))
        .collect();
    assert!(unexpected.is_empty(), "above the bound: {unexpected:?}");
}

/// Until the function has had the answer to its first call, and says something else for the first time.
async fn of(bench: &Bench, front: &Front, function: &str) -> Cold {
    front.answer(1);
    let mut api = RuntimeApi::open(&bench.samples.event(function), 1).await;
    let environment = bench.environment(function, front);
    let command = callgrind::command(&bench.binaries[function]);
    let mut running = Running::start(command, &environment, &api.address);
    let spoken = async {
        tokio::select! {
            () = front.asked_too_much() => Some(()),
            answer = api.answers.recv() => answer.map(|_| ()),
        }
    };
    running.waits_for(spoken).await;
    let first = front.calls().into_iter().next();
    Cold {
        function: function.to_owned(),
        call: first.map_or_else(String::new, |call| call.operation),
        instructions: callgrind::instructions(&mut running),
    }
}
