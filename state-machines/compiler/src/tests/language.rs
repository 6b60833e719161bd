//! The examples of `docs/workflow-language.md` are what the page says they are.

use std::fs;
use std::path::Path;

use domain::diagnostic::Severity;

use super::predefined::{catalog, home};
use crate::diagnose;

/// The examples of the page: the codes that each gives, and its text.
pub(super) fn examples() -> Vec<(Vec<String>, String)> {
    let page = fs::read_to_string(home().join("../docs/workflow-language.md")).unwrap();
    let blocks = page.split("\n```json").skip(1);
    blocks
        .map(|block| {
            let (codes, rest) = block.split_once('\n').unwrap();
            let (text, _) = rest.split_once("\n```").unwrap();
            let codes = codes.split_whitespace().map(str::to_owned).collect();
            (codes, text.to_owned())
        })
        .collect()
}

#[test]
fn the_examples_of_the_language_page_compile_or_give_their_code() {
    let examples = examples();
    assert!(examples.len() >= 30);
    for (expected, text) in examples {
        let mut codes: Vec<String> = diagnose(&text, &catalog())
            .into_iter()
            .inspect(|one| assert_eq!(one.severity, Severity::Error, "{one:?}"))
            .map(|one| one.code)
            .collect();
        codes.dedup();
        assert_eq!(codes, expected, "{text}");
    }
}

#[test]
fn the_language_page_names_every_code() {
    let page = fs::read_to_string(home().join("../docs/workflow-language.md")).unwrap();
    let mut sources = Vec::new();
    collect(&home().join("compiler/src"), &mut sources);
    let is_code =
        |word: &&str| word.contains('_') && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let quoted = sources.iter().flat_map(|source| source.split('"'));
    for code in quoted
        .filter(is_code)
        .filter(|code| *code != "CARGO_MANIFEST_DIR")
    {
        assert!(
            page.contains(&format!("`{code}`")),
            "docs/workflow-language.md does not name {code}"
        );
    }
}

/// The texts of all source files but those of tests.
fn collect(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(fs::read_to_string(path).unwrap());
        }
    }
}
