//! BPMN files of engines and of the model interchange group, as definitions of our language. Elements that it does not have keep
//! their BPMN type or name, so that the compiler refuses them by its codes.

mod convert;
mod event;
mod expression;
mod names;
mod tests;
mod xml;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::Catalog;
use crate::tests::game::generate::Dice;
use convert::processes;
pub(in crate::tests) use xml::Element;

/// A process of a file.
#[derive(Debug)]
pub(in crate::tests) struct Process {
    pub(in crate::tests) file: String,
    pub(in crate::tests) id: String,
    pub(in crate::tests) definition: Value,
    /// Of the form `claim`: the variables that conditions read.
    pub(in crate::tests) schema: Value,
    /// The keys of the workflows that it calls.
    pub(in crate::tests) calls: BTreeSet<String>,
}

impl Process {
    pub(in crate::tests) fn catalog(&self) -> Catalog {
        let catalog = Catalog::new()
            .form("claim", self.schema.clone())
            .function("do-it");
        let calls = self.calls.iter();
        calls.fold(catalog, |catalog, key| catalog.workflow(key))
    }

    pub(in crate::tests) fn data(&self, dice: &mut Dice<'_>) -> Map<String, Value> {
        let mut data = Map::new();
        for (field, schema) in self.schema["properties"].as_object().into_iter().flatten() {
            let value = match schema["type"].as_str() {
                Some("number") => json!(dice.roll(10)),
                Some("boolean") => json!(dice.roll(2) == 0),
                Some("string") => json!(["x", "y"][dice.roll(2)]),
                Some("array") => json!(["x", "y", "z"][..dice.roll(4)]),
                _ => continue,
            };
            data.insert(field.clone(), value);
        }
        data
    }
}

/// Each file with its processes, or why there are none.
pub(in crate::tests) type Files = Vec<(String, Result<Vec<Process>, String>)>;

/// The folder of all corpora, which may not be there.
pub(in crate::tests) fn root() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "a test is told here where its data lie")]
    let folder = std::env::var("PFLOW_CORPORA").unwrap_or_else(|_| "../shared/corpora".into());
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder)
}

/// `None`, and said so: there are no corpora.
pub(in crate::tests) fn files() -> Option<Files> {
    let root = root();
    let folders = ["bpmn-engines", "bpmn-miwg"].map(|name| root.join(name));
    if !folders.iter().all(|folder| folder.is_dir()) {
        say(&format!(
            "NOT TESTED: no corpora at {} (set PFLOW_CORPORA)",
            root.display()
        ));
        return None;
    }
    let mut paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|kind| kind == "xml" || kind == "bpmn")
    });
    paths.sort();
    Some(paths.iter().map(|path| read(path)).collect())
}

/// Not by `println!`, which a test runner keeps to itself when the test passes: others read these lines.
pub(in crate::tests) fn say(text: &str) {
    std::io::stdout()
        .lock()
        .write_all(format!("{text}\n").as_bytes())
        .unwrap();
}

fn read(path: &Path) -> (String, Result<Vec<Process>, String>) {
    let file = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&text);
    let found = Element::read(&text).and_then(|root| processes(&file, &root));
    (file, found)
}
