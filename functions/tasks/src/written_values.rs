//! What a vote writes into the form: only fields that the task may write, only values that the form allows.

use std::collections::BTreeMap;

use compiler::node::{Access, UserTask};
use domain::form::{FormValidator, escape};
use domain::id::TenantId;
use domain::task::Task;
use domain::{Detail, Error, Result, Text};
use runtime::App;
use serde_json::{Map, Value, json};

pub(crate) async fn check(
    app: &App,
    tenant: &TenantId,
    task: &Task,
    values: &BTreeMap<String, Value>,
) -> Result<()> {
    let version = app
        .definitions
        .workflow_version(tenant, &task.workflow, task.version)
        .await?;
    let version = version.ok_or(Error::NotFound("workflow version"))?;
    let spec = version
        .user_tasks
        .get(task.id.node.as_str())
        .ok_or(Error::NotFound("task"))?;
    let spec: UserTask =
        serde_json::from_value(spec.clone()).map_err(|e| Error::internal("read a user task", e))?;
    let mut faults: Vec<Detail> = values
        .keys()
        .filter(|field| spec.fields.get(*field) != Some(&Access::Write))
        .map(|field| {
            let message = Text::new("This task may not write this field.", "该任务不能修改此字段。");
            Detail::new(format!("/values/{}", escape(field)), "read_only", message)
        })
        .collect();
    if faults.is_empty() {
        let form = app
            .store
            .form_version_get(tenant, &version.form, version.form_version)
            .await?;
        let form = form.ok_or(Error::NotFound("form version"))?;
        let values = json!(values);
        faults = FormValidator::new(&only(&form.schema, &values), "/schema")?.check(&values, "/values");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::Validation(faults))
    }
}

/// The form's schema for the written fields alone: what it says of the others, and of all together, was checked when
/// the ticket was submitted.
fn only(schema: &Value, values: &Value) -> Value {
    let properties: Map<String, Value> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(field, _)| values.get(field).is_some())
        .map(|(field, schema)| (field.clone(), schema.clone()))
        .collect();
    let mut only = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    for shared in ["$defs", "definitions"] {
        if let (Some(defs), Some(only)) = (schema.get(shared), only.as_object_mut()) {
            only.insert(shared.to_owned(), defs.clone());
        }
    }
    only
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_written_fields_are_checked() {
        let schema = json!({"type": "object", "required": ["amount"], "$defs": {"text": {"type": "string"}},
            "properties": {"amount": {"type": "number"}, "note": {"$ref": "#/$defs/text"}}});
        let check = |values: Value| {
            FormValidator::new(&only(&schema, &values), "")
                .unwrap()
                .check(&values, "")
                .len()
        };
        assert_eq!(check(json!({"note": "fine"})), 0);
        assert_eq!(check(json!({"note": 1})), 1);
        assert_eq!(check(json!({"other": 1})), 1);
    }
}
