//! A decision of a `.dmn` file as a table of our language, as far as FEEL allows.

use serde_json::{Map, Value, json};

use crate::decision::unary;
use crate::tests::corpora::Element;

/// Why a decision is no table of ours.
pub(super) type Refused = String;

pub(super) fn table(decision: &Element) -> Result<Value, Refused> {
    let table = decision
        .child("decisionTable")
        .ok_or("the decision is no table")?;
    let inputs: Vec<Value> = table
        .children("input")
        .map(|input| {
            let expression = input
                .child("inputExpression")
                .ok_or("an input without expression")?;
            Ok(json!({"expression": name(&text(expression))?}))
        })
        .collect::<Result<_, Refused>>()?;
    let outputs: Vec<Value> = table.children("output").map(output).collect::<Result<_, _>>()?;
    let rules: Vec<Value> = table.children("rule").map(rule).collect::<Result<_, _>>()?;
    let mut read = json!({
        "hitPolicy": table.attribute("hitPolicy").unwrap_or("UNIQUE"),
        "inputs": inputs, "outputs": outputs, "rules": rules,
    });
    if let Some(aggregation) = table.attribute("aggregation") {
        read["aggregation"] = aggregation.into();
    }
    Ok(read)
}

fn text(element: &Element) -> String {
    element
        .child("text")
        .map(|text| text.text.trim().to_owned())
        .unwrap_or_default()
}

/// A name of FEEL may have spaces.
fn name(text: &str) -> Result<String, Refused> {
    let is_name = |part: &str| part.chars().all(|c| c.is_alphanumeric() || "_ ".contains(c));
    let parts: Vec<&str> = text.split('.').map(str::trim).collect();
    if !parts.iter().all(|part| !part.is_empty() && is_name(part)) {
        return Err(format!("the input {text}"));
    }
    let quoted: Vec<String> = parts.iter().map(|part| format!("`{part}`")).collect();
    Ok(quoted.join("."))
}

fn output(output: &Element) -> Result<Value, Refused> {
    let mut read = Map::new();
    // The one output of a table has its name from the decision.
    read.insert(
        "name".to_owned(),
        output.attribute("name").unwrap_or("value").into(),
    );
    if let Some(values) = output.child("outputValues") {
        let list = format!("[{}]", text(values));
        let values: Value = serde_json::from_str(&list).map_err(|_| format!("the output values {list}"))?;
        read.insert("values".to_owned(), values);
    }
    if let Some(default) = output.child("defaultOutputEntry") {
        read.insert("default".to_owned(), literal(&text(default))?);
    }
    Ok(Value::Object(read))
}

fn rule(rule: &Element) -> Result<Value, Refused> {
    let cell = |entry: &Element| {
        let cell = text(entry);
        let is_ours = unary::read(&cell).is_ok();
        is_ours
            .then(|| Value::from(cell.as_str()))
            .ok_or(format!("the cell {cell}"))
    };
    let when: Vec<Value> = rule.children("inputEntry").map(cell).collect::<Result<_, _>>()?;
    let then = rule.children("outputEntry").map(|entry| literal(&text(entry)));
    let then: Vec<Value> = then.collect::<Result<_, _>>()?;
    Ok(json!({"when": when, "then": then}))
}

/// Literals of FEEL are those of JSON, and those are literals of JSONata.
fn literal(text: &str) -> Result<Value, Refused> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) if !value.is_array() && !value.is_object() => Ok(text.into()),
        _ => Err(format!("the output {text}")),
    }
}
