//! What is counted, as the page tells it.

use std::collections::BTreeSet;
use std::fmt::Write;

use tests::fuse::summary;

use crate::counted::{Approval, Load};
use crate::prices::Prices;
use crate::usage::{DYNAMODB, MEMORY_GB, OWN_WORK, SQS, STEP_FUNCTIONS, Usage};

/// USD for a million tickets before their workflow, at most; and what a naive design was reckoned to cost.
const GOAL: f64 = 3.12;
const NAIVE_OF_THE_GOAL: f64 = 7.27;
/// Of a month of 30 days.
const MINUTES: f64 = 30.0 * 24.0 * 60.0;
/// Lambda asks each queue by so many requests at a time, each of which waits 20 seconds for a message.
const POLLERS: f64 = 5.0;
const POLLS_PER_MINUTE: f64 = 3.0;
const QUEUES: f64 = 3.0;

pub(crate) struct Counted {
    pub(crate) ticket: Usage,
    /// A minute of the schedules where there is nothing to do.
    pub(crate) idle: Usage,
    pub(crate) small: Approval,
    pub(crate) large: Approval,
}

pub(crate) fn text(counted: &Counted, prices: &Prices) -> String {
    let mut text = String::new();
    tickets(&mut text, counted.ticket, prices).unwrap();
    instances(&mut text, counted, prices).unwrap();
    standing(&mut text, counted.idle, prices).unwrap();
    assumed(&mut text, prices).unwrap();
    text
}

/// Each message by itself; the submission a row of its own, which a transaction changes with the ticket; two indexes.
fn naive(prices: &Prices) -> Usage {
    let row_of_the_submission = 1.0;
    let transaction = prices.transactional() * 2.0;
    let indexes = 2.0;
    let requested = OWN_WORK + DYNAMODB + SQS;
    let consumed = OWN_WORK + 2.0 * DYNAMODB;
    Usage {
        requests: 1.0,
        queue_requests: 3.0,
        writes: row_of_the_submission + transaction + indexes,
        ..Usage::of_functions(2.0, requested + consumed)
    }
}

fn tickets(text: &mut String, ours: Usage, prices: &Prices) -> std::fmt::Result {
    let naive = naive(prices);
    writeln!(text, "\n## A million tickets before their workflow\n")?;
    writeln!(
        text,
        "| for each ticket | PFlow | USD a million | naive | USD a million |"
    )?;
    writeln!(text, "|---|---|---|---|---|")?;
    let quantities = ours.quantities().into_iter().zip(naive.quantities());
    for ((ours, naive), (what, price)) in quantities.zip(prices.per_million()) {
        if ours + naive > 0.0 {
            let (us, them) = (ours * price, naive * price);
            writeln!(
                text,
                "| {what} | {} | {us:.3} | {} | {them:.3} |",
                amount(ours),
                amount(naive)
            )?;
        }
    }
    let (us, them) = (ours.usd(prices) * 1e6, naive.usd(prices) * 1e6);
    writeln!(text, "| **together** | | **{us:.2}** | | **{them:.2}** |\n")?;
    let judged = if us <= GOAL { "met" } else { "**not met**" };
    writeln!(
        text,
        "Goal: at most {GOAL} USD, beside {NAIVE_OF_THE_GOAL} of the naive design: {judged} ({:.0} % of the naive design).",
        us / them * 100.0
    )?;
    let spare = (GOAL - us) / (prices.per_million()[2].1 * MEMORY_GB) * 1000.0;
    let taken = ours.gb_seconds / MEMORY_GB * 1000.0;
    writeln!(
        text,
        "By the assumptions below a ticket takes {taken:.0} ms of functions; the goal is met up to {:.0} ms.",
        taken + spare
    )
}

fn instances(text: &mut String, counted: &Counted, prices: &Prices) -> std::fmt::Result {
    writeln!(text, "\n## A thousand instances of expense approval\n")?;
    writeln!(
        text,
        "From the submission, which is in it, to the resolved ticket. USD a thousand:\n"
    )?;
    writeln!(
        text,
        "| | quiet: each message and change by itself | busy: whole batches | of it transitions |"
    )?;
    writeln!(text, "|---|---|---|---|")?;
    let ways = [
        ("small: the manager, the payment", &counted.small),
        ("large: the manager, a director, the payment", &counted.large),
    ];
    for (name, approval) in ways {
        let usd = |load| approval.usage(load).usd(prices) * 1e3;
        let transitions = approval.transitions;
        let of_it = transitions as f64 * prices.per_million()[6].1 / 1e3;
        let (quiet, busy) = (usd(Load::Quiet), usd(Load::Busy));
        writeln!(
            text,
            "| {name} | {quiet:.3} | {busy:.3} | {transitions}: {of_it:.3} |"
        )?;
    }
    writeln!(text, "\nWhat a small one uses, and a thousand of them cost:\n")?;
    writeln!(text, "| | quiet | USD | busy | USD |\n|---|---|---|---|---|")?;
    let (quiet, busy) = (counted.small.usage(Load::Quiet), counted.small.usage(Load::Busy));
    let quantities = quiet.quantities().into_iter().zip(busy.quantities());
    for ((quiet, busy), (what, price)) in quantities.zip(prices.per_million()) {
        if quiet + busy > 0.0 {
            let usd = |quantity: f64| quantity * price / 1e3;
            let (one, other) = (usd(quiet), usd(busy));
            writeln!(
                text,
                "| {what} | {} | {one:.4} | {} | {other:.4} |",
                amount(quiet),
                amount(busy)
            )?;
        }
    }
    writeln!(text, "\nIts functions, with what they handle and call:\n")?;
    writeln!(text, "| function | handles | calls |\n|---|---|---|")?;
    functions(text, &counted.small)
}

fn functions(text: &mut String, approval: &Approval) -> std::fmt::Result {
    let handled = approval.handled();
    let called = approval.calls.iter().map(|call| call.operation.as_str());
    let operations: BTreeSet<&str> = called.chain(handled.keys().map(String::as_str)).collect();
    for operation in operations {
        // Who puts a task into the list first pays for it: the units are told together, above.
        let lines = summary(&approval.calls, operation);
        let calls: Vec<&str> = lines.iter().filter_map(|line| line.split(" (").next()).collect();
        let count = handled.get(operation).map_or(0.0, |(count, _)| *count);
        writeln!(
            text,
            "| `{operation}` | {} | {} |",
            amount(count),
            calls.join(", ")
        )?;
    }
    Ok(())
}

fn standing(text: &mut String, idle: Usage, prices: &Prices) -> std::fmt::Result {
    let polls = Usage {
        queue_requests: POLLERS * POLLS_PER_MINUTE * QUEUES,
        ..Usage::default()
    };
    let (schedules, polls) = (idle * MINUTES, polls * MINUTES);
    writeln!(text, "\n## A month without any work\n\n| | USD |\n|---|---|")?;
    writeln!(
        text,
        "| `fire_timers` and `sweep`, every minute: {} invocations, {} read units, {} GB-seconds | {:.2} |",
        amount(schedules.invocations),
        amount(schedules.reads),
        amount(schedules.gb_seconds),
        schedules.usd(prices)
    )?;
    writeln!(
        text,
        "| Lambda asks {QUEUES} queues by {POLLERS} requests at a time: {} requests | {:.2} |",
        amount(polls.queue_requests),
        polls.usd(prices)
    )?;
    writeln!(
        text,
        "| **together** | **{:.2}** |",
        (schedules + polls).usd(prices)
    )
}

fn assumed(text: &mut String, prices: &Prices) -> std::fmt::Result {
    writeln!(
        text,
        "\n## Prices and assumptions\n\n| price, us-east-1, on demand | USD a million |\n|---|---|"
    )?;
    for (what, price) in prices.per_million() {
        writeln!(text, "| {what} | {price} |")?;
    }
    writeln!(text, "\n| assumed, not measured on AWS | |\n|---|---|")?;
    writeln!(
        text,
        "| memory of each function, from the template | {:.0} MB |",
        MEMORY_GB * 1024.0
    )?;
    writeln!(
        text,
        "| own work of a function, for each request, message, change or task | {OWN_WORK} ms |"
    )?;
    writeln!(
        text,
        "| waiting for a call of DynamoDB, SQS, Step Functions | {DYNAMODB}, {SQS}, {STEP_FUNCTIONS} ms |\n"
    )
}

/// Without digits that tell nothing.
fn amount(quantity: f64) -> String {
    let digits = match quantity {
        q if q >= 100.0 => 0,
        q if q >= 1.0 => 2,
        _ => 5,
    };
    let text = format!("{quantity:.digits$}");
    if digits == 0 {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
