//! The router of `cargo lambda watch`: which function answers which request. In the workspace's manifest, where
//! cargo-lambda looks for it.

use std::collections::BTreeMap;
use std::fmt::Write;

use anyhow::Result;

use crate::function::{Function, Kind};
use crate::section;

/// The workspace's manifest with the router in it.
pub(crate) fn manifest(manifest: &str, functions: &[Function<'_>]) -> Result<String> {
    let mut by_path: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for function in functions {
        if let Kind::Endpoint(endpoint) = function.kind {
            let routes = by_path.entry(&endpoint.path).or_default();
            routes.push((&endpoint.method, function.id()));
        }
    }
    let mut text = String::from("[workspace.metadata.lambda.watch.router]\n");
    for (path, mut routes) in by_path {
        routes.sort_unstable();
        let routes: Vec<String> = routes
            .into_iter()
            .map(|(method, function)| format!(r#"{{ method = "{method}", function = "{function}" }}"#))
            .collect();
        writeln!(text, r#""{path}" = [{}]"#, routes.join(", "))?;
    }
    section::replace(manifest, &text)
}
