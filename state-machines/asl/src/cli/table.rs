use std::io::Write;

use asl::HistoryEvent;
use serde_json::Value;

/// Widest that data may be in a table.
const WIDTH: usize = 100;

pub(super) fn print(out: &mut impl Write, history: &[HistoryEvent]) -> std::io::Result<()> {
    writeln!(
        out,
        "{:>5}  {:>5}  {:<24}  {:<26}  {:<24}  data",
        "id", "after", "time", "type", "state"
    )?;
    for event in history {
        let json = event.to_json();
        let fields = json.as_object().into_iter().flatten();
        let details = fields
            .filter(|(name, _)| name.ends_with("EventDetails"))
            .map(|(_, details)| details)
            .next();
        let (state, data) = details.map(told).unwrap_or_default();
        writeln!(
            out,
            "{:>5}  {:>5}  {:<24}  {:<26}  {state:<24}  {data}",
            event.id,
            event.previous_event_id,
            event.timestamp.to_string(),
            event.event_type(),
        )?;
    }
    Ok(())
}

/// The name of the state, and what matters of the rest.
fn told(details: &Value) -> (String, String) {
    let text = |field: &str| details.get(field).and_then(Value::as_str);
    let state = text("name")
        .or_else(|| text("state"))
        .or_else(|| text("resource"))
        .unwrap_or_default();
    let shown = [
        "input",
        "parameters",
        "output",
        "error",
        "cause",
        "index",
        "length",
    ];
    let data: Vec<String> = shown
        .iter()
        .filter_map(|field| details.get(*field))
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    let data = data.join(" · ");
    let short: String = data.chars().take(WIDTH).collect();
    let more = if short.len() < data.len() { "…" } else { "" };
    (state.to_owned(), format!("{short}{more}"))
}
