//! The functions, whether they answer requests or handle events.

use runtime::{Endpoint, Grant, Handler, Service, Trigger};

/// An HTTP API answers after 30 seconds at the latest, so its functions stop before.
const ENDPOINT_SECONDS: u32 = 29;

/// One Lambda function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function<'a> {
    /// Also the name of its crate.
    pub(crate) service: &'static str,
    pub(crate) kind: Kind<'a>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind<'a> {
    Endpoint(&'a Endpoint),
    Handler(&'a Handler),
}

/// All functions, in the order in which the services declare them.
pub(crate) fn functions(services: &[Service]) -> Vec<Function<'_>> {
    let of_service = |service: &'_ Service| {
        let name = service.name;
        move |kind| Function { service: name, kind }
    };
    services
        .iter()
        .flat_map(|service| {
            let endpoints = service.endpoints.iter().map(Kind::Endpoint);
            endpoints
                .chain(service.handlers.iter().map(Kind::Handler))
                .map(of_service(service))
        })
        .collect()
}

impl<'a> Function<'a> {
    pub(crate) fn id(&self) -> &'a str {
        match self.kind {
            Kind::Endpoint(endpoint) => &endpoint.operation.id,
            Kind::Handler(handler) => &handler.operation.id,
        }
    }

    pub(crate) fn grants(&self) -> &'a [Grant] {
        match self.kind {
            Kind::Endpoint(endpoint) => &endpoint.operation.grants,
            Kind::Handler(handler) => &handler.operation.grants,
        }
    }

    pub(crate) fn timeout_seconds(&self) -> u32 {
        match self.kind {
            Kind::Endpoint(_) => ENDPOINT_SECONDS,
            Kind::Handler(handler) => handler.timeout_seconds,
        }
    }

    pub(crate) fn trigger(&self) -> Option<Trigger> {
        match self.kind {
            Kind::Endpoint(_) => None,
            Kind::Handler(handler) => Some(handler.trigger),
        }
    }

    /// What it serves, in a few words.
    pub(crate) fn title(&self) -> String {
        match self.kind {
            Kind::Endpoint(endpoint) => format!("{} {}", endpoint.method, endpoint.path),
            Kind::Handler(handler) => match handler.trigger {
                Trigger::Queue(queue) => format!("messages of the queue {}", queue.base_name()),
                Trigger::Stream(table) => format!("changes of the table {table}"),
                Trigger::StateMachine => "called by state machines".to_owned(),
                Trigger::Schedule { minutes: 1, .. } => "every minute".to_owned(),
                Trigger::Schedule { minutes, .. } => format!("every {minutes} minutes"),
            },
        }
    }
}

/// `open_task` as `OpenTask`: what CloudFormation takes as a logical id.
pub(crate) fn logical(name: &str) -> String {
    name.split(['_', '-'])
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}
