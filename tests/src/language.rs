//! The examples of the workflow language, and the ways through them that `tests/tests/language.txt` tells.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// A definition that compiles.
#[derive(Debug, Clone)]
pub struct Example {
    pub key: String,
    pub text: String,
}

/// One way of an example from its beginning to its end.
#[derive(Debug, Clone, Default)]
pub struct Way {
    pub example: String,
    /// What the form is filled in with.
    pub values: Value,
    /// What the endpoint has to have that not every one has ([`crate::needs`]).
    pub needs: Vec<String>,
    /// What the outside does, one after another.
    pub steps: Vec<Step>,
    pub status: String,
    /// `NODE`, from the second visit on `NODE#VISIT`, in a multi-instance `NODE[ITERATION]`, and `=OUTCOME` where people
    /// or the time decided; in the order of the trace.
    pub trace: String,
    /// What there is in the end.
    pub left: Vec<Left>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Wait until it rests at exactly these nodes.
    At(Vec<String>),
    /// Wait until a node is in the trace.
    Passed(String),
    /// Let the timer, or what was due, of this node be due.
    Time(String),
    Message {
        name: String,
        correlation: Option<String>,
        data: Value,
    },
    Signal {
        name: String,
        data: Value,
    },
    /// Somebody completes a task (`NODE`, as in the trace), having claimed it where it is offered only.
    Decide {
        who: String,
        task: String,
        outcome: String,
        values: Value,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Left {
    /// Members of the instance's data; null: not there.
    Data(Value),
    /// A message that nobody has taken.
    Message {
        name: String,
        correlation: Option<String>,
        data: Value,
    },
    /// A message in a queue of the deployment.
    Queue { name: String, body: Value },
    /// A request that the bank answered, and the key that it came under, after the instance's id.
    Bank { key: String, body: Value },
}

/// The blocks of `docs/workflow-language.md` that name no code, then the predefined workflows, then those of the tests' own
/// (`tests/definitions`).
pub fn examples() -> Vec<Example> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(home.join("docs/workflow-language.md")).unwrap();
    let blocks = page.split("\n```json\n").skip(1);
    let blocks = blocks.map(|block| block.split("\n```").next().unwrap().to_owned());
    let mut texts: Vec<String> = blocks.collect();
    for folder in ["state-machines/definitions", "tests/definitions"] {
        let files = fs::read_dir(home.join(folder)).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        texts.extend(files.iter().map(|file| fs::read_to_string(file).unwrap()));
    }
    let read = texts.into_iter().filter_map(|text| {
        let definition: Value = serde_json::from_str(&text).unwrap();
        // Beside the workflows there are their forms, and what they refer to.
        definition.get("nodes")?;
        let key = definition["key"].as_str().unwrap().to_owned();
        Some(Example { key, text })
    });
    read.collect()
}

/// Reads the table of ways; its own beginning tells its form.
pub fn ways(table: &str) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for line in table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let Some(line) = line.strip_prefix("  ") else {
            let (example, values) = split(line);
            ways.push(Way {
                example: example.to_owned(),
                values,
                ..Way::default()
            });
            continue;
        };
        let way = ways.last_mut().expect("a way begins with the key of its example");
        if let Some(needs) = line.strip_prefix("needs ") {
            way.needs.push(needs.to_owned());
            continue;
        }
        match line.split_once(": ") {
            Some((status @ ("completed" | "rejected"), trace)) => {
                (way.status, way.trace) = (status.to_owned(), trace.to_owned());
            }
            _ if way.trace.is_empty() => way.steps.push(step(line)),
            _ => way.left.push(left(line)),
        }
    }
    ways
}

fn step(line: &str) -> Step {
    let (words, data) = split(line);
    let (first, rest) = words.split_once(' ').expect(line);
    match first {
        "at" => Step::At(rest.split(' ').map(str::to_owned).collect()),
        "passed" => Step::Passed(rest.to_owned()),
        "time" => Step::Time(rest.to_owned()),
        "message" => {
            let (name, correlation) = name_and_correlation(rest);
            Step::Message {
                name,
                correlation,
                data,
            }
        }
        "signal" => Step::Signal {
            name: rest.to_owned(),
            data,
        },
        who => {
            let (task, outcome) = rest.split_once('=').expect(line);
            Step::Decide {
                who: who.to_owned(),
                task: task.to_owned(),
                outcome: outcome.to_owned(),
                values: data,
            }
        }
    }
}

fn left(line: &str) -> Left {
    let (words, data) = split(line);
    match words.split_once(' ') {
        None if words == "data" => Left::Data(data),
        Some(("kept", rest)) => {
            let (name, correlation) = name_and_correlation(rest);
            Left::Message {
                name,
                correlation,
                data,
            }
        }
        Some(("queue", name)) => Left::Queue {
            name: name.to_owned(),
            body: data,
        },
        Some(("bank", key)) => Left::Bank {
            key: key.to_owned(),
            body: data,
        },
        _ => unreachable!("{line}"),
    }
}

fn name_and_correlation(words: &str) -> (String, Option<String>) {
    match words.split_once(' ') {
        Some((name, correlation)) => (name.to_owned(), Some(correlation.to_owned())),
        None => (words.to_owned(), None),
    }
}

/// The words of a line, and the JSON at its end.
fn split(line: &str) -> (&str, Value) {
    let words = line.split('{').next().unwrap_or_default();
    let data = line.strip_prefix(words).filter(|data| !data.is_empty());
    let data = data.map(|data| serde_json::from_str(data).expect(line));
    (words.trim_end(), data.unwrap_or_else(|| json!({})))
}
