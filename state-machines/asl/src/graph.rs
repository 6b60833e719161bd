//! Drawings of a definition.

use std::fmt::Write;

use crate::types::{ItemProcessor, State, StateMachine, States};

/// A flowchart for Mermaid.
pub fn mermaid(machine: &StateMachine) -> String {
    let mut graph = Mermaid {
        text: String::from("flowchart TD\n"),
        next: 0,
    };
    graph.scope(&machine.start_at, &machine.states, 1);
    graph.text
}

struct Mermaid {
    text: String,
    /// States are numbered, since names may hold anything.
    next: usize,
}

impl Mermaid {
    fn scope(&mut self, start_at: &str, states: &States, depth: usize) {
        let indent = "  ".repeat(depth);
        let first = self.next;
        self.next += states.len() + 2;
        let id = |name: &str| {
            states
                .get_index_of(name)
                .map(|index| format!("s{}", first + index))
        };
        let (start, end) = (
            format!("s{}", first + states.len()),
            format!("s{}", first + states.len() + 1),
        );
        let mut ends = false;
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{indent}{start}((start))");
        for (name, state) in states {
            self.state(&id(name).unwrap_or_default(), name, state, depth);
        }
        if let Some(first) = id(start_at) {
            let _ = writeln!(self.text, "{indent}{start} --> {first}");
        }
        for (name, state) in states {
            let from = id(name).unwrap_or_default();
            for (to, label) in edges(state) {
                let to = match to {
                    Some(name) => id(name),
                    None => {
                        ends = true;
                        Some(end.clone())
                    }
                };
                let Some(to) = to else { continue };
                let label = if label.is_empty() {
                    String::new()
                } else {
                    format!("|\"{}\"|", escaped(&label))
                };
                let _ = writeln!(self.text, "{indent}{from} -->{label} {to}");
            }
        }
        if ends {
            let _ = writeln!(self.text, "{indent}{end}((end))");
        }
    }

    fn state(&mut self, id: &str, name: &str, state: &State, depth: usize) {
        let indent = "  ".repeat(depth);
        let label = escaped(name);
        let _ = match state {
            State::Choice(_) => writeln!(self.text, "{indent}{id}{{\"{label}\"}}"),
            State::Wait(_) => writeln!(self.text, "{indent}{id}([\"{label}\"])"),
            State::Parallel(_) | State::Map(_) => {
                writeln!(self.text, "{indent}subgraph {id}[\"{label}\"]")
            }
            _ => writeln!(self.text, "{indent}{id}[\"{label}\"]"),
        };
        match state {
            State::Parallel(state) => {
                for branch in &state.branches {
                    self.scope(&branch.start_at, &branch.states, depth + 1);
                }
                let _ = writeln!(self.text, "{indent}end");
            }
            State::Map(state) => {
                if let Some(ItemProcessor { start_at, states, .. }) = state.processor() {
                    self.scope(start_at, states, depth + 1);
                }
                let _ = writeln!(self.text, "{indent}end");
            }
            _ => {}
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\n', " ")
}

/// Where a state leads, with what is written at the arrow; `None` is the end of the scope.
fn edges(state: &State) -> Vec<(Option<&str>, String)> {
    let mut edges: Vec<(Option<&str>, String)> = match state {
        State::Choice(choice) => choice
            .choices
            .iter()
            .map(|rule| {
                let label = match &rule.condition {
                    Some(crate::types::Condition::Expression(text)) => {
                        crate::expression::delimited(text).unwrap_or(text).to_owned()
                    }
                    _ => String::new(),
                };
                (Some(rule.next.as_str()), label)
            })
            .chain(
                choice
                    .default
                    .as_deref()
                    .map(|default| (Some(default), "default".to_owned())),
            )
            .collect(),
        State::Fail(_) => Vec::new(),
        other => vec![(other.next(), String::new())],
    };
    edges.extend(
        state
            .catch()
            .iter()
            .map(|catch| (Some(catch.next.as_str()), catch.error_equals.join(", "))),
    );
    edges
}

const ROW: usize = 70;
const COLUMN: usize = 210;
const BOX: (usize, usize) = (170, 40);

/// A plain drawing: states in layers from the start, inner scopes below the state that holds them.
pub fn svg(machine: &StateMachine) -> String {
    let mut drawing = Svg {
        shapes: String::new(),
        width: 0,
    };
    let height = drawing.scope(&machine.start_at, &machine.states, 20, 20, 0);
    let width = drawing.width + 20;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n{}</svg>\n",
        drawing.shapes
    )
}

struct Svg {
    shapes: String,
    width: usize,
}

impl Svg {
    /// Draws a scope from this corner and gives the height at which it ends.
    fn scope(&mut self, start_at: &str, states: &States, left: usize, top: usize, depth: usize) -> usize {
        let layers = layers(start_at, states);
        let mut places: Vec<Option<(usize, usize)>> = vec![None; states.len()];
        let mut y = top;
        for layer in &layers {
            let mut bottom = y + ROW;
            for (column, index) in layer.iter().enumerate() {
                let x = left + column * COLUMN;
                let Some((name, state)) = states.get_index(*index) else {
                    continue;
                };
                if let Some(place) = places.get_mut(*index) {
                    *place = Some((x, y));
                }
                self.rectangle(x, y, name, state);
                // Nothing draws deeper than anyone can read.
                if depth < 16 {
                    for (start_at, states) in inner(state) {
                        bottom = bottom.max(self.scope(start_at, states, x + 20, bottom, depth + 1));
                    }
                }
            }
            y = bottom;
        }
        for (index, (_, state)) in states.iter().enumerate() {
            let Some(Some(from)) = places.get(index).copied() else {
                continue;
            };
            for (to, label) in edges(state) {
                let to = to
                    .and_then(|name| states.get_index_of(name))
                    .and_then(|index| *places.get(index)?);
                if let Some(to) = to {
                    self.arrow(from, to, &label);
                }
            }
        }
        y
    }

    fn rectangle(&mut self, x: usize, y: usize, name: &str, state: &State) {
        self.width = self.width.max(x + BOX.0);
        let radius = if matches!(state, State::Choice(_)) { 20 } else { 4 };
        let short: String = name.chars().take(24).collect();
        let _ = writeln!(
            self.shapes,
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"{radius}\" fill=\"#fff\" stroke=\"#345\"/>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#678\" font-size=\"10\">{}</text>",
            BOX.0,
            BOX.1,
            x + BOX.0 / 2,
            y + 18,
            escaped(&short),
            x + BOX.0 / 2,
            y + 33,
            state.kind().name(),
        );
    }

    fn arrow(&mut self, from: (usize, usize), to: (usize, usize), label: &str) {
        let (x1, y1, x2, y2) = (from.0 + BOX.0 / 2, from.1 + BOX.1, to.0 + BOX.0 / 2, to.1);
        let back = if to.1 <= from.1 {
            " stroke-dasharray=\"4 3\""
        } else {
            ""
        };
        let short: String = label.chars().take(40).collect();
        let _ = writeln!(
            self.shapes,
            "<path d=\"M{x1} {y1}L{x2} {y2}\" stroke=\"#345\" fill=\"none\" marker-end=\"url(#a)\"{back}/>\
             <text x=\"{}\" y=\"{}\" font-size=\"9\" fill=\"#678\">{}</text>",
            x1.midpoint(x2) + 4,
            y1.midpoint(y2),
            escaped(&short),
        );
    }
}

fn inner(state: &State) -> Vec<(&str, &States)> {
    match state {
        State::Parallel(state) => state
            .branches
            .iter()
            .map(|branch| (branch.start_at.as_str(), &branch.states))
            .collect(),
        State::Map(state) => state
            .processor()
            .map(|inner| (inner.start_at.as_str(), &inner.states))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// States by their distance from the start; what cannot be reached comes last.
fn layers(start_at: &str, states: &States) -> Vec<Vec<usize>> {
    let mut seen = vec![false; states.len()];
    let mut layers = Vec::new();
    let mut layer: Vec<usize> = states.get_index_of(start_at).into_iter().collect();
    while !layer.is_empty() {
        for index in &layer {
            if let Some(seen) = seen.get_mut(*index) {
                *seen = true;
            }
        }
        let mut next = Vec::new();
        for index in &layer {
            let Some((_, state)) = states.get_index(*index) else {
                continue;
            };
            for (to, _) in edges(state) {
                let Some(to) = to.and_then(|name| states.get_index_of(name)) else {
                    continue;
                };
                if seen.get(to) == Some(&false) && !next.contains(&to) {
                    next.push(to);
                }
            }
        }
        layers.push(std::mem::replace(&mut layer, next));
    }
    let unreached: Vec<usize> = (0..states.len())
        .filter(|index| seen.get(*index) == Some(&false))
        .collect();
    if !unreached.is_empty() {
        layers.push(unreached);
    }
    layers
}
