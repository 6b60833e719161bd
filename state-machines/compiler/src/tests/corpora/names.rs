//! Ids and keys as our language has them, and what the file names for all processes.

use std::collections::BTreeMap;

use super::xml::Element;

/// Messages, signals, errors and escalations of a file, by their ids.
#[derive(Debug)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    pub(super) fn of(definitions: &Element) -> Self {
        let mut names = BTreeMap::new();
        for element in &definitions.children {
            let name = match element.name.as_str() {
                "message" | "signal" => element.attribute("name"),
                "error" => element.attribute("errorCode").or(element.attribute("name")),
                "escalation" => element.attribute("escalationCode").or(element.attribute("name")),
                _ => continue,
            };
            let Some(id) = element.attribute("id") else {
                continue;
            };
            names.insert(id.to_owned(), name.unwrap_or(id).to_owned());
        }
        Self(names)
    }

    /// Engines take a reference to nothing as the name itself.
    pub(super) fn get(&self, reference: &str) -> String {
        let local = reference.rsplit(':').next().unwrap_or(reference);
        let name = self.0.get(reference).or_else(|| self.0.get(local));
        name.map_or(reference, String::as_str).to_owned()
    }
}

/// Letters, digits, `-`, `_` and `.`, at most 64.
pub(super) fn id(id: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let id = id
        .chars()
        .map(|letter| if allowed(letter) { letter } else { '-' });
    id.take(64).collect()
}

/// Lower-case words joined by `-`.
pub(super) fn key(id: &str) -> String {
    let word = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words: String = id.chars().map(word).take(64).collect();
    let words: Vec<&str> = words.split_whitespace().collect();
    if words.is_empty() {
        "process".to_owned()
    } else {
        words.join("-")
    }
}
