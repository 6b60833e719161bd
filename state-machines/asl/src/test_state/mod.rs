//! One state on its own, as the API operation TestState runs it.

mod inspect;
mod request;
mod shapes;

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::machine::Kind;
use crate::run::probe::{Probe, Stand};
use request::{Mock, Request};

/// Why the operation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    pub code: &'static str,
    pub message: String,
}

impl ApiError {
    fn validation(message: impl Into<String>) -> Self {
        Self {
            code: "ValidationException",
            message: message.into(),
        }
    }

    fn definition(message: impl Into<String>) -> Self {
        Self {
            code: "InvalidDefinition",
            message: message.into(),
        }
    }
}

/// Answers a request in the shape of the API: `definition` (also as an object), `input`, `stateName`, `mock`,
/// `context`, `variables`, `stateConfiguration`, `inspectionLevel`.
pub fn test_state(request: &Value) -> Result<Value, ApiError> {
    let request = Request::read(request)?;
    let mut probe = Probe::enter(&request.machine, &request.state, &request.input, &request.context)
        .ok_or_else(|| ApiError::validation("State not found in definition"))?;
    probe.set(
        &request.variables,
        request.fixed_context.as_ref(),
        request.retry_count,
    );
    let mut inspection = inspect::before(&probe, &request);
    let stand = run(&mut probe, &request, &mut inspection);
    inspect::errors(&mut inspection, &stand);
    Ok(answer(&request, stand, inspection))
}

fn run(probe: &mut Probe<'_>, request: &Request, inspection: &mut Map<String, Value>) -> Stand {
    probe.work();
    if let Some(stand) = probe.stand() {
        return stand;
    }
    match &request.mock {
        Some(Mock::Error { error, cause }) => probe.fail(error.clone(), cause.clone()),
        Some(Mock::Result(result)) => {
            if exceeded(probe, request) {
                probe.fail(
                    Some("States.ExceedToleratedFailureThreshold".to_owned()),
                    Some("The specified tolerated failure threshold was exceeded".to_owned()),
                );
            } else {
                inspect::result(probe, result, inspection);
                probe.succeed(&Arc::new(result.clone()));
            }
        }
        None => {}
    }
    probe.stand().unwrap_or(Stand::Waiting)
}

/// Whether more iterations failed than the Map tolerates. Where it names no number, AWS tolerates any here.
fn exceeded(probe: &Probe<'_>, request: &Request) -> bool {
    let Some(failures) = request.iteration_failures else {
        return false;
    };
    let Kind::Map(map) = &probe.node().kind else {
        return false;
    };
    let tolerated = probe.number(map.tolerated_count.as_ref());
    #[expect(
        clippy::cast_precision_loss,
        reason = "a Map has at most some millions of items"
    )]
    tolerated.is_some_and(|tolerated| failures as f64 > tolerated)
}

fn answer(request: &Request, stand: Stand, inspection: Map<String, Value>) -> Value {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            answer.insert(name.to_owned(), value.into());
        }
    };
    let status = match stand {
        Stand::Exited { output, next, caught } => {
            put("output", Some(output.to_string()));
            put("nextState", next);
            match caught {
                Some((error, cause, _)) => {
                    put("error", error);
                    put("cause", cause);
                    "CAUGHT_ERROR"
                }
                None => "SUCCEEDED",
            }
        }
        Stand::Failed { error, cause, .. } => {
            put("error", error);
            put("cause", cause);
            "FAILED"
        }
        Stand::Retrying { error, cause, .. } => {
            put("error", error);
            put("cause", cause);
            "RETRIABLE"
        }
        Stand::Waiting => "SUCCEEDED",
    };
    answer.insert("status".to_owned(), status.into());
    if request.inspects {
        answer.insert("inspectionData".to_owned(), inspection.into());
    }
    Value::Object(answer)
}
