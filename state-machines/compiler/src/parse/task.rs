//! The attributes of user tasks.

use serde_json::Value;

use super::attributes::Attributes;
use super::values::{Message, is_label, single, some_entries};
use crate::document::UserTask;
use crate::node::{
    Access, Assignee, Calendar, Candidate, Due, Relation, Then, VotePolicy, WhenNoAssignee,
    WhenStarterIsAssignee,
};
use crate::pointer;
use crate::vocabulary::Place;

pub(super) fn read(attributes: &mut Attributes<'_, '_>) -> UserTask {
    UserTask {
        assign: entries(attributes, "assign", assignee),
        candidates: entries(attributes, "candidates", candidate),
        vote: vote(attributes),
        outcomes: outcomes(attributes),
        fields: fields(attributes),
        due: due(attributes),
        when_no_assignee: attributes
            .word(
                "whenNoAssignee",
                &[("admin", WhenNoAssignee::Admin), ("skip", WhenNoAssignee::Skip)],
            )
            .unwrap_or_default(),
        when_starter_is_assignee: attributes
            .word(
                "whenStarterIsAssignee",
                &[
                    ("keep", WhenStarterIsAssignee::Keep),
                    ("skip", WhenStarterIsAssignee::Skip),
                ],
            )
            .unwrap_or_default(),
    }
}

/// A list whose entries are objects of one attribute (`{"role": "director"}`).
fn entries<T>(
    attributes: &mut Attributes<'_, '_>,
    name: &'static str,
    read: fn(&str, &Value) -> Result<T, Message>,
) -> Option<Vec<T>> {
    attributes.take(name)?;
    let Some(list) = some_entries(attributes, name) else {
        return Some(Vec::new());
    };
    let at = attributes.pointer(name);
    let mut read_entries = Vec::with_capacity(list.len());
    for (i, entry) in list.iter().enumerate() {
        match single(entry).map_or_else(|| read("", &Value::Null), |(kind, value)| read(kind, value)) {
            Ok(entry) => read_entries.push(entry),
            Err(message) => attributes.bad_value(&pointer::index(&at, i), message),
        }
    }
    Some(read_entries)
}

fn assignee(kind: &str, value: &Value) -> Result<Assignee, Message> {
    match (kind, value) {
        ("starter", Value::String(word)) if word == "self" => Ok(Assignee::Starter(Relation::Themselves)),
        ("starter", Value::String(word)) if word == "leader" => Ok(Assignee::Starter(Relation::Leader)),
        ("user", Value::String(id)) if !id.is_empty() => Ok(Assignee::User(id.clone())),
        ("role", Value::String(key)) if !key.is_empty() => Ok(Assignee::Role(key.clone())),
        _ => Err((
            "An assignee is one of {\"starter\": \"self\"}, {\"starter\": \"leader\"}, {\"user\": ID}, {\"role\": KEY}.",
            "处理人必须是 {\"starter\": \"self\"}、{\"starter\": \"leader\"}、{\"user\": ID}、{\"role\": KEY} 之一。",
        )),
    }
}

fn candidate(kind: &str, value: &Value) -> Result<Candidate, Message> {
    match (kind, value) {
        ("user", Value::String(id)) if !id.is_empty() => Ok(Candidate::User(id.clone())),
        ("role", Value::String(key)) if !key.is_empty() => Ok(Candidate::Role(key.clone())),
        _ => Err((
            "A candidate is {\"role\": KEY} or {\"user\": ID}.",
            "候选人必须是 {\"role\": KEY} 或 {\"user\": ID}。",
        )),
    }
}

fn vote(attributes: &mut Attributes<'_, '_>) -> VotePolicy {
    let policy = match attributes.take("vote") {
        None => Some(VotePolicy::Any),
        Some(Value::String(word)) if word == "any" => Some(VotePolicy::Any),
        Some(Value::String(word)) if word == "all" => Some(VotePolicy::All),
        Some(value) => single(value)
            .filter(|(kind, _)| *kind == "ratio")
            .and_then(|(_, ratio)| ratio.as_f64())
            .filter(|ratio| *ratio > 0.0 && *ratio <= 1.0)
            .map(VotePolicy::Ratio),
    };
    if policy.is_none() {
        let at = attributes.pointer("vote");
        attributes.bad_value(
            &at,
            (
                "`vote` is \"any\", \"all\" or {\"ratio\": r} with r above 0 and at most 1.",
                "`vote` 必须是 \"any\"、\"all\" 或 {\"ratio\": r}，其中 r 大于 0 且不超过 1。",
            ),
        );
    }
    policy.unwrap_or(VotePolicy::Any)
}

fn outcomes(attributes: &mut Attributes<'_, '_>) -> Vec<String> {
    if attributes.take("outcomes").is_none() {
        return vec!["approve".to_owned(), "reject".to_owned()];
    }
    let Some(list) = some_entries(attributes, "outcomes") else {
        return Vec::new();
    };
    let at = attributes.pointer("outcomes");
    let mut outcomes = Vec::with_capacity(list.len());
    for (i, value) in list.iter().enumerate() {
        match value.as_str().filter(|name| is_label(name)) {
            Some(outcome) => outcomes.push(outcome.to_owned()),
            None => attributes.bad_value(
                &pointer::index(&at, i),
                (
                    "An outcome is a string of 1 to 64 characters on one line.",
                    "结果必须是 1 到 64 个字符的单行字符串。",
                ),
            ),
        }
    }
    // A list that was read in part would make right flows look wrong.
    if outcomes.len() == list.len() {
        outcomes
    } else {
        Vec::new()
    }
}

fn fields(attributes: &mut Attributes<'_, '_>) -> Vec<(String, Access)> {
    let at = attributes.pointer("fields");
    let mut fields = Vec::new();
    for (field, access) in attributes.object("fields").into_iter().flatten() {
        match serde_json::from_value(access.clone()) {
            Ok(access) => fields.push((field.clone(), access)),
            Err(_) => attributes.bad_value(
                &pointer::join(&at, field),
                (
                    "A field's access is \"read\", \"write\" or \"hidden\".",
                    "字段权限必须是 \"read\"、\"write\" 或 \"hidden\"。",
                ),
            ),
        }
    }
    fields
}

fn due(attributes: &mut Attributes<'_, '_>) -> Option<Due> {
    let mut due = attributes.nested("due", Place::Due)?;
    due.require("within");
    let within = due.string("within").map(str::to_owned);
    let calendar = due.word("calendar", &[("workdays", Calendar::Workdays)]);
    let expected = (
        "\"escalate\" or {\"outcome\": OUTCOME}",
        " \"escalate\" 或 {\"outcome\": 结果}",
    );
    let then = due.typed("then", expected, then);
    due.finish();
    Some(Due {
        within: within?,
        calendar,
        then,
    })
}

fn then(value: &Value) -> Option<Then> {
    match (value, single(value)) {
        (Value::String(word), _) if word == "escalate" => Some(Then::Escalate),
        (_, Some(("outcome", Value::String(outcome)))) => Some(Then::Outcome(outcome.clone())),
        _ => None,
    }
}
