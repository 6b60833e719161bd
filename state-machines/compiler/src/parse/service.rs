//! The attributes of service tasks.

use domain::diagnostic::Diagnostic;
use domain::text::Text;

use super::attributes::Attributes;
use super::values::{assignments, expression, labels, required_expression, required_label, whole};
use crate::document::ServiceTask;
use crate::node::{HttpCall, QueueMessage, Retry, Service};
use crate::pointer;
use crate::vocabulary::Place;

const SERVICES: [&str; 3] = ["lambda", "http", "queue"];
const METHODS: [(&str, &str); 5] = [
    ("GET", "GET"),
    ("POST", "POST"),
    ("PUT", "PUT"),
    ("PATCH", "PATCH"),
    ("DELETE", "DELETE"),
];

pub(super) fn read(attributes: &mut Attributes<'_, '_>) -> ServiceTask {
    ServiceTask {
        service: service(attributes),
        retry: retry(attributes),
        writes: labels(attributes, "writes"),
        is_for_compensation: attributes.boolean("isForCompensation").unwrap_or_default(),
    }
}

fn service(attributes: &mut Attributes<'_, '_>) -> Option<Service> {
    let mut given = SERVICES.into_iter().filter(|name| attributes.has(name));
    let (first, second) = (given.next(), given.next());
    for name in SERVICES {
        attributes.take(name);
    }
    if let (Some(first), Some(second)) = (first, second) {
        let at = attributes.pointer(second);
        attributes.tell(Diagnostic::error(
            "BAD_VALUE",
            at,
            Text::new(
                format!("A service task calls one thing; there is `{first}` already."),
                format!("服务任务只能调用一个服务；已有 `{first}`。"),
            ),
        ));
    }
    match first {
        None => {
            attributes.missing(&SERVICES.join("` / `"));
            None
        }
        Some("http") => http(attributes).map(Service::Http),
        Some("queue") => queue(attributes).map(Service::Queue),
        Some(_) => attributes
            .string("lambda")
            .map(|name| Service::Lambda(name.to_owned())),
    }
}

fn http(attributes: &mut Attributes<'_, '_>) -> Option<HttpCall> {
    let mut inner = attributes.nested("http", Place::Other)?;
    inner.require("method");
    let method = inner.word("method", &METHODS);
    let url = required_expression(&mut inner, "url");
    let headers = assignments(&mut inner, "headers");
    for (name, _) in &headers {
        if !is_header(name) {
            let at = pointer::join(&inner.pointer("headers"), name);
            inner.bad_value(
                &at,
                (
                    "A header's name is made of letters, digits and `-`.",
                    "请求头名称只能由字母、数字和 `-` 组成。",
                ),
            );
        }
    }
    let body = expression(&mut inner, "body");
    inner.finish();
    Some(HttpCall {
        method: method?.to_owned(),
        url: url?,
        headers,
        body,
    })
}

/// Narrower than RFC 9110, which nobody needs.
fn is_header(name: &str) -> bool {
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

fn queue(attributes: &mut Attributes<'_, '_>) -> Option<QueueMessage> {
    let mut inner = attributes.nested("queue", Place::Other)?;
    let name = required_label(&mut inner, "name");
    let body = expression(&mut inner, "body");
    inner.finish();
    Some(QueueMessage { name: name?, body })
}

fn retry(attributes: &mut Attributes<'_, '_>) -> Retry {
    let defaults = Retry::default();
    let Some(mut inner) = attributes.nested("retry", Place::Other) else {
        return defaults;
    };
    inner.require("attempts");
    let attempts = whole(&mut inner, "attempts", 1..=20).unwrap_or(defaults.attempts);
    let seconds = whole(&mut inner, "seconds", 1..=3600).unwrap_or(defaults.seconds);
    inner.finish();
    Retry { attempts, seconds }
}
