use serde_json::{Map, Value, json};

use super::{ApiError, shapes};
use crate::machine::Machine;
use crate::run::{ExecutionContext, Timestamp};
use crate::types::StateMachine;

pub(super) struct Request {
    pub(super) machine: Machine,
    pub(super) state: String,
    pub(super) input: Value,
    pub(super) context: ExecutionContext,
    pub(super) fixed_context: Option<Value>,
    pub(super) variables: Map<String, Value>,
    pub(super) variables_given: bool,
    pub(super) mock: Option<Mock>,
    pub(super) retry_count: Option<u32>,
    pub(super) iteration_failures: Option<u64>,
    /// Whether the answer tells what happened on the way.
    pub(super) inspects: bool,
}

pub(super) enum Mock {
    Result(Value),
    Error {
        error: Option<String>,
        cause: Option<String>,
    },
}

/// The name that AWS gives a state that is defined without a machine.
const ALONE: &str = "StateName";

impl Request {
    pub(super) fn read(request: &Value) -> Result<Self, ApiError> {
        let definition = json_field(request, "definition").unwrap_or_default();
        let (definition, state) = machine(&definition, request.get("stateName").and_then(Value::as_str))?;
        let fields = definition
            .pointer(&format!("/States/{}", escaped(&state)))
            .cloned()
            .unwrap_or_default();
        check_state(&fields, &state)?;
        let mock = mock(request, &fields)?;
        let fixed_context = json_field(request, "context");
        if let Some(context) = &fixed_context {
            check_context(context, &fields)?;
        }
        let parsed: StateMachine =
            serde_json::from_value(definition).map_err(|error| ApiError::definition(error.to_string()))?;
        let machine = Machine::new(&parsed).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            ApiError::definition(format!("Invalid State Machine Definition: '{first}'"))
        })?;
        let setting = |name: &str| {
            request
                .pointer(&format!("/stateConfiguration/{name}"))
                .and_then(Value::as_u64)
        };
        let variables = json_field(request, "variables");
        Ok(Self {
            machine,
            context: context(request),
            state,
            input: json_field(request, "input").unwrap_or_else(|| json!({})),
            fixed_context,
            variables_given: variables.is_some(),
            variables: variables
                .and_then(|variables| variables.as_object().cloned())
                .unwrap_or_default(),
            mock,
            retry_count: setting("retrierRetryCount").and_then(|count| u32::try_from(count).ok()),
            iteration_failures: setting("mapIterationFailureCount"),
            inspects: matches!(
                request.get("inspectionLevel").and_then(Value::as_str),
                Some("DEBUG" | "TRACE")
            ),
        })
    }
}

/// A field that holds JSON as text, or JSON.
fn json_field(request: &Value, name: &str) -> Option<Value> {
    match request.get(name)? {
        Value::String(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())),
        other => Some(other.clone()),
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn context(request: &Value) -> ExecutionContext {
    ExecutionContext {
        id: "arn:aws:states:us-east-1:111111111111:express:test:test".to_owned(),
        name: "test".to_owned(),
        role_arn: request.get("roleArn").and_then(Value::as_str).map(str::to_owned),
        started: Timestamp::from_milliseconds(1_767_225_600_000),
        state_machine_id: "arn:aws:states:us-east-1:111111111111:stateMachine:test".to_owned(),
        state_machine_name: "test".to_owned(),
        redrive_count: None,
        seed: 1,
    }
}

/// The machine to look into and the name of the state in it. A state alone gets a machine around it, with a state for
/// each place where it may lead.
fn machine(definition: &Value, name: Option<&str>) -> Result<(Value, String), ApiError> {
    if name == Some("") {
        return Err(ApiError {
            code: "ParamValidationError",
            message: "Parameter validation failed:\nInvalid length for parameter stateName, value: 0, valid min length: 1"
                .to_owned(),
        });
    }
    let Some(states) = definition.get("States").and_then(Value::as_object) else {
        let mut states = Map::new();
        let mut targets = Vec::new();
        collect_targets(definition, &mut targets);
        for target in targets {
            states.insert(target, json!({"Type": "Succeed"}));
        }
        states.insert(ALONE.to_owned(), definition.clone());
        return Ok((json!({"StartAt": ALONE, "States": states}), ALONE.to_owned()));
    };
    let found = name.map(|name| (name, find(definition, name)));
    match found {
        None => {
            let start = definition
                .get("StartAt")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Ok((definition.clone(), start.to_owned()))
        }
        Some((name, Some(scope))) => {
            let mut scope = scope.clone();
            // An inner state is tested in its scope, with the machine's query language.
            if let (Some(scope), Some(language)) = (scope.as_object_mut(), definition.get("QueryLanguage")) {
                scope.entry("QueryLanguage").or_insert_with(|| language.clone());
            }
            let _ = states;
            Ok((scope, name.to_owned()))
        }
        Some((_, None)) => Err(ApiError::validation("State not found in definition")),
    }
}

/// The scope that has a state of this name.
fn find<'a>(definition: &'a Value, name: &str) -> Option<&'a Value> {
    if definition
        .get("States")
        .and_then(|states| states.get(name))
        .is_some()
    {
        return Some(definition);
    }
    match definition {
        Value::Object(fields) => fields.values().find_map(|value| find(value, name)),
        Value::Array(items) => items.iter().find_map(|value| find(value, name)),
        _ => None,
    }
}

fn collect_targets(state: &Value, targets: &mut Vec<String>) {
    for name in ["Next", "Default"] {
        targets.extend(state.get(name).and_then(Value::as_str).map(str::to_owned));
    }
    for list in ["Catch", "Choices"] {
        let entries = state.get(list).and_then(Value::as_array);
        let next = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.get("Next")?.as_str());
        targets.extend(next.map(str::to_owned));
    }
}

fn check_state(state: &Value, name: &str) -> Result<(), ApiError> {
    let refuse = |what: &str, field: &str| {
        Err(ApiError::definition(format!(
            "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: {what} at /States/{name}/{field}'"
        )))
    };
    let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
    if crate::types::StateType::from_name(kind).is_none() {
        let types = "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]";
        return refuse(
            &format!("The field 'Type' should have one of these values: {types}"),
            "Type",
        );
    }
    if state
        .get("Branches")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty)
    {
        return refuse("Value cannot be empty", "Branches");
    }
    Ok(())
}

fn mock(request: &Value, state: &Value) -> Result<Option<Mock>, ApiError> {
    let kind = state.get("Type").and_then(Value::as_str).unwrap_or_default();
    let Some(mock) = request.get("mock") else {
        if request
            .pointer("/stateConfiguration/mapIterationFailureCount")
            .is_some()
        {
            return Err(ApiError::validation(
                "TestState does not support MapIterationFailureCount when a mock is not specified.",
            ));
        }
        if matches!(kind, "Map" | "Parallel") {
            return Err(ApiError::definition(
                "TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
            ));
        }
        return Ok(None);
    };
    if request.get("revealSecrets").and_then(Value::as_bool) == Some(true) {
        return Err(ApiError::validation(
            "TestState does not support RevealSecrets when a mock is specified.",
        ));
    }
    if mock.get("result").is_some() && mock.get("errorOutput").is_some() {
        return Err(ApiError::validation(
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ));
    }
    if !matches!(kind, "Task" | "Map" | "Parallel") {
        return Err(ApiError::validation(format!(
            "State type '{kind}' is not supported when a mock is specified"
        )));
    }
    if let Some(output) = mock.get("errorOutput") {
        let text = |name: &str| output.get(name).and_then(Value::as_str).map(str::to_owned);
        return Ok(Some(Mock::Error {
            error: text("error"),
            cause: text("cause"),
        }));
    }
    let Some(text) = mock.get("result").and_then(Value::as_str) else {
        return Ok(None);
    };
    let result =
        serde_json::from_str(text).map_err(|_| ApiError::validation("Mocked result must be valid JSON"))?;
    check_result(&result, kind, state)?;
    let mode = mock
        .get("fieldValidationMode")
        .and_then(Value::as_str)
        .unwrap_or("STRICT");
    let resource = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    shapes::check(resource, &result, mode)?;
    Ok(Some(Mock::Result(result)))
}

fn check_result(result: &Value, kind: &str, state: &Value) -> Result<(), ApiError> {
    // A Map with a writer answers where it wrote, not what.
    let wants_object = kind == "Map" && state.get("ResultWriter").is_some();
    match (kind, wants_object) {
        ("Map", true) if !result.is_object() => {
            Err(ApiError::validation("Mocked result must be a JSON object."))
        }
        ("Map", false) | ("Parallel", _) if !result.is_array() => {
            Err(ApiError::validation("Mocked result must be an array."))
        }
        ("Parallel", _) => {
            let branches = state.get("Branches").and_then(Value::as_array).map(Vec::len);
            if branches == result.as_array().map(Vec::len) {
                Ok(())
            } else {
                Err(ApiError::validation(
                    "Mocked result must contain the same number of items as number of Parallel branches.",
                ))
            }
        }
        _ => Ok(()),
    }
}

/// A field's name, whether a value fits it, and what fits in words.
type Allowed = (&'static str, fn(&Value) -> bool, &'static str);

fn check_context(context: &Value, state: &Value) -> Result<(), ApiError> {
    let refuse = |what: String| {
        Err(ApiError::validation(format!(
            "Invalid Context object provided: {what}"
        )))
    };
    let Some(fields) = context.as_object() else {
        return refuse("Context object must be a JSON object".to_owned());
    };
    for (name, value) in fields {
        let allowed: &[Allowed] = match name.as_str() {
            "Execution" => &[
                ("Id", Value::is_string, "a string"),
                ("Input", |_| true, ""),
                ("Name", Value::is_string, "a string"),
                ("RoleArn", Value::is_string, "a string"),
                ("StartTime", Value::is_string, "a string"),
                ("RedriveCount", Value::is_number, "a number"),
                ("RedriveTime", Value::is_string, "a string"),
            ],
            "State" => &[
                ("Name", Value::is_string, "a string"),
                ("EnteredTime", Value::is_string, "a string"),
                ("RetryCount", Value::is_number, "a number"),
            ],
            "StateMachine" => &[
                ("Id", Value::is_string, "a string"),
                ("Name", Value::is_string, "a string"),
            ],
            "Task" => {
                let resource = state.get("Resource").and_then(Value::as_str).unwrap_or_default();
                if !resource.contains(".sync") && !resource.ends_with(".waitForTaskToken") {
                    return refuse("Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service integration pattern".to_owned());
                }
                &[("Token", Value::is_string, "a string")]
            }
            "Map" => return refuse("'Map' field is not supported when mocking a Context object".to_owned()),
            other => return refuse(format!("Field '{other}' is not allowed")),
        };
        for (field, value) in value.as_object().into_iter().flatten() {
            match allowed.iter().find(|(known, ..)| known == field) {
                None => return refuse(format!("Field '{field}' is not allowed")),
                Some((_, fits, what)) if !fits(value) => {
                    return refuse(format!("{name}.{field} must be {what}"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(())
}
