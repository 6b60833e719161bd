//! What is used of what costs something.

use std::ops::{Add, Mul};

use tests::fuse::Call;

use crate::prices::Prices;

/// In the order of `Prices::per_million`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Usage {
    pub(crate) requests: f64,
    pub(crate) invocations: f64,
    pub(crate) gb_seconds: f64,
    pub(crate) queue_requests: f64,
    pub(crate) writes: f64,
    pub(crate) reads: f64,
    pub(crate) transitions: f64,
    pub(crate) events: f64,
}

impl Usage {
    pub(crate) fn quantities(&self) -> [f64; 8] {
        [
            self.requests,
            self.invocations,
            self.gb_seconds,
            self.queue_requests,
            self.writes,
            self.reads,
            self.transitions,
            self.events,
        ]
    }

    pub(crate) fn usd(&self, prices: &Prices) -> f64 {
        let priced = self.quantities().into_iter().zip(prices.per_million());
        priced.map(|(quantity, (_, price))| quantity * price / 1e6).sum()
    }

    /// Units that functions consume by their calls, and requests that they send to queues.
    pub(crate) fn of_calls<'a>(calls: impl IntoIterator<Item = &'a Call>) -> Self {
        let mut usage = Self::default();
        for call in calls {
            match call.what.split(' ').next().unwrap() {
                "GetItem" | "Query" => usage.reads += call.units,
                "SendMessage" => usage.queue_requests += 1.0,
                _ => usage.writes += call.units,
            }
        }
        usage
    }

    /// Invocations that take so long altogether.
    pub(crate) fn of_functions(invocations: f64, milliseconds: f64) -> Self {
        Self {
            invocations,
            gb_seconds: milliseconds / 1000.0 * MEMORY_GB,
            ..Self::default()
        }
    }
}

/// Of every function, as the template has it.
pub(crate) const MEMORY_GB: f64 = 0.25;
/// Milliseconds that a function works on a request, a message, a change or a task, without its calls.
pub(crate) const OWN_WORK: f64 = 5.0;
pub(crate) const DYNAMODB: f64 = 8.0;
pub(crate) const SQS: f64 = 15.0;
pub(crate) const STEP_FUNCTIONS: f64 = 30.0;

/// Milliseconds that a function waits for a call.
pub(crate) fn milliseconds(call: &Call) -> f64 {
    match call.what.split(' ').next().unwrap() {
        "StartExecution" | "SendTaskSuccess" | "SendTaskFailure" => STEP_FUNCTIONS,
        "SendMessage" => SQS,
        _ => DYNAMODB,
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            invocations: self.invocations + other.invocations,
            gb_seconds: self.gb_seconds + other.gb_seconds,
            queue_requests: self.queue_requests + other.queue_requests,
            writes: self.writes + other.writes,
            reads: self.reads + other.reads,
            transitions: self.transitions + other.transitions,
            events: self.events + other.events,
        }
    }
}

impl Mul<f64> for Usage {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        Self {
            requests: self.requests * factor,
            invocations: self.invocations * factor,
            gb_seconds: self.gb_seconds * factor,
            queue_requests: self.queue_requests * factor,
            writes: self.writes * factor,
            reads: self.reads * factor,
            transitions: self.transitions * factor,
            events: self.events * factor,
        }
    }
}
