//! What is to be deployed: a stage of `samconfig.toml` against the template, and the packages of the functions against Lambda's
//! limits. Everything that is wrong is told at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};

use crate::artifact::read;

/// What Lambda takes of a function, unpacked.
const MOST_BYTES: u64 = 250 * 1024 * 1024;
/// What a stack holds.
pub(crate) const MOST_RESOURCES: usize = 500;
/// Made at the first deployment, and kept by the stack.
pub(crate) const KEYS: [&str; 3] = ["TokenPublicKey", "TokenPrivateKey", "SubmissionKey"];

/// One section of `samconfig.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    pub stack: String,
    pub parameters: BTreeMap<String, String>,
}

impl Stage {
    pub fn read(root: &Path, name: &str) -> Result<Self> {
        Self::parse(&read(root, "samconfig.toml")?, name)
    }

    pub(crate) fn parse(text: &str, name: &str) -> Result<Self> {
        let config: Map<String, Value> = toml::from_str(text).context("samconfig.toml cannot be read")?;
        let section = config
            .get(name)
            .and_then(|stage| stage.get("deploy")?.get("parameters"));
        let section = section.ok_or_else(|| {
            let stages = config.iter().filter(|(_, value)| value.get("deploy").is_some());
            let stages: Vec<&str> = stages.map(|(stage, _)| stage.as_str()).collect();
            anyhow!("samconfig.toml has no stage {name}; it has {}", stages.join(", "))
        })?;
        let stack = section.get("stack_name").and_then(Value::as_str);
        let stack = stack.with_context(|| format!("the stage {name} has no stack_name"))?;
        let parameters = section.get("parameter_overrides").and_then(Value::as_object);
        let parameters =
            parameters.with_context(|| format!("the stage {name} has no table parameter_overrides"))?;
        Ok(Self {
            stack: stack.to_owned(),
            parameters: parameters
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect(),
        })
    }

    /// What the template does not take. Patterns are left to CloudFormation, which looks at them before it does anything.
    pub fn problems(&self, template: &Value) -> Vec<String> {
        let declared = template["Parameters"].as_object().cloned().unwrap_or_default();
        let mut problems = Vec::new();
        for (name, value) in &self.parameters {
            if KEYS.contains(&name.as_str()) {
                problems.push(format!(
                    "{name} must not stand in a file of the repository: the stack keeps it"
                ));
                continue;
            }
            let Some(parameter) = declared.get(name) else {
                problems.push(format!("the template has no parameter {name}"));
                continue;
            };
            let allowed = parameter["AllowedValues"].as_array().into_iter().flatten();
            let allowed: Vec<String> = allowed.map(plain).collect();
            if !allowed.is_empty() && !allowed.contains(value) {
                problems.push(format!("{name} is {value}; it may be {}", allowed.join(", ")));
            }
        }
        for (name, parameter) in &declared {
            let given = self.parameters.contains_key(name) || KEYS.contains(&name.as_str());
            if !given && parameter.get("Default").is_none() {
                problems.push(format!("{name} is not given, and has no default"));
            }
        }
        problems
    }
}

/// As samconfig.toml and CloudFormation write it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The committed template.
pub fn template(root: &Path) -> Result<Value> {
    yaml_serde::from_str(&read(root, "infra/template.yaml")?).context("infra/template.yaml cannot be read")
}

/// How many resources the stack has: besides what is written in the template, each endpoint and each schedule becomes a
/// permission, each schedule a rule, each other source a mapping; the API has a stage.
pub fn resources(template: &Value) -> usize {
    let written = template["Resources"].as_object();
    let made = written.into_iter().flatten().map(|(_, resource)| {
        let events = resource.pointer("/Properties/Events").and_then(Value::as_object);
        events.map_or(0, |events| if events.contains_key("Schedule") { 2 } else { 1 })
    });
    written.map_or(0, Map::len) + made.sum::<usize>() + 1
}

/// What is wrong with the template as a whole.
pub fn limits(template: &Value) -> Vec<String> {
    let resources = resources(template);
    let text =
        format!("{resources} resources: a stack holds {MOST_RESOURCES}; give services stacks of their own");
    if resources > MOST_RESOURCES {
        vec![text]
    } else {
        Vec::new()
    }
}

/// What the functions' folders lack, and the bytes of all together.
pub fn packages(root: &Path, template: &Value) -> (Vec<String>, u64) {
    let mut problems = Vec::new();
    let mut together = 0;
    let written = template["Resources"].as_object();
    for (id, resource) in written.into_iter().flatten() {
        let Some(folder) = resource.pointer("/Properties/CodeUri").and_then(Value::as_str) else {
            continue;
        };
        match package(&root.join("infra").join(folder)) {
            Ok(bytes) => together += bytes,
            Err(problem) => problems.push(format!("{id}: {folder}: {problem:#}")),
        }
    }
    (problems, together)
}

/// A folder with one program for arm64 in it.
fn package(folder: &Path) -> Result<u64> {
    let program = fs::read(folder.join("bootstrap")).context("no bootstrap: build it first")?;
    let others = fs::read_dir(folder)?.count() - 1;
    anyhow::ensure!(others == 0, "{others} files beside bootstrap");
    // The machine of an ELF file.
    anyhow::ensure!(program.get(18..20) == Some(&[0xb7, 0]), "not a program for arm64");
    let bytes = program.len() as u64;
    anyhow::ensure!(bytes <= MOST_BYTES, "{bytes} bytes; Lambda takes {MOST_BYTES}");
    Ok(bytes)
}
