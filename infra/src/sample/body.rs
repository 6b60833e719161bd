//! Bodies that a schema does not tell: those with free JSON, with keys that other objects have, with names for people.

use serde_json::{Value, json};

/// Of this operation; none where its schema and the examples in it tell enough.
pub(super) fn of(operation: &str) -> Option<Value> {
    Some(match operation {
        "login" => json!({ "username": "admin", "password": "correct horse battery staple" }),
        "refresh_session" | "end_session" => json!({ "refresh_token": "REFRESH_TOKEN" }),
        "create_user" => json!({
            "username": "mei",
            "password": "correct horse battery staple",
            "display_name": "Mei Lin",
            "roles": ["approver"],
        }),
        "create_role" => json!({
            "key": "director",
            "name": { "en": "Director", "zh": "总监" },
            "permissions": ["task:read", "task:act"],
        }),
        "create_form" => json!({ "key": "trip", "name": form_name(), "schema": form_schema() }),
        "update_form" => json!({ "name": form_name(), "schema": form_schema() }),
        "create_workflow" | "update_workflow" => workflow(),
        "create_ticket_type" => json!({
            "key": "expense",
            "name": { "en": "Expense", "zh": "报销" },
            "workflow": "expense-approval",
        }),
        "submit_ticket" => json!({
            "type": "expense",
            "title": "Train to Shanghai",
            "priority": "normal",
            "values": { "amount": 1200, "currency": "CNY", "note": "Customer visit" },
        }),
        _ => return None,
    })
}

fn form_name() -> Value {
    json!({ "en": "Trip", "zh": "出差申请" })
}

fn form_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": { "destination": { "type": "string", "minLength": 1 } },
        "required": ["destination"],
        "additionalProperties": false,
    })
}

/// A draft that is not finished, which is what drafts are for.
fn workflow() -> Value {
    json!({ "key": "expense-approval", "name": { "en": "Expense approval", "zh": "报销审批" } })
}
