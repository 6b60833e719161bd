//! What is committed is what the declarations say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use runtime::App;
use runtime::clients::{Clients, http_client, sdk_config};
use runtime::config::{self, Config};

use super::root;
use crate::artifact::stems;
use crate::function::functions;

#[test]
fn what_is_generated_is_committed() {
    let artifacts = crate::artifacts(root(), &functions::services()).unwrap();
    let drift = artifacts.drift(root());
    assert!(
        drift.is_empty(),
        "run `cargo xtask codegen` and commit what it writes. Not as declared:\n  {}",
        drift.join("\n  ")
    );
}

#[test]
fn every_operation_has_its_own_id() {
    let services = functions::services();
    let mut ids = BTreeSet::new();
    for function in functions(&services) {
        assert!(
            ids.insert(function.id()),
            "there are two operations {}",
            function.id()
        );
    }
}

#[test]
fn operation_module_binary_and_event_have_one_name() {
    let services = functions::services();
    let functions = functions(&services);
    for service in &services {
        let ids: BTreeSet<String> = functions
            .iter()
            .filter(|function| function.service == service.name)
            .map(|function| function.id().to_owned())
            .collect();
        let folder = format!("functions/{}/src", service.name);
        let modules = declaring_modules(&folder);
        assert_eq!(
            modules, ids,
            "files in {folder} that declare an operation, and operations"
        );
        let binaries = stems(root(), &format!("{folder}/bin"), "rs").unwrap();
        assert_eq!(
            binaries, ids,
            "binaries and operations: run `cargo xtask codegen`"
        );
    }
    let ids: BTreeSet<String> = functions
        .iter()
        .map(|function| function.id().to_owned())
        .collect();
    let events = stems(root(), "events", "json").unwrap();
    assert_eq!(
        events, ids,
        "sample events and operations: run `cargo xtask codegen`"
    );
}

/// The files that declare an endpoint or a handler: each must be in its service's table of contents.
fn declaring_modules(folder: &str) -> BTreeSet<String> {
    let declares = |stem: &String| {
        let text = super::read(PathBuf::from(folder).join(format!("{stem}.rs")).to_str().unwrap());
        ["endpoint() -> Endpoint", "handler() -> Handler"]
            .iter()
            .any(|signature| text.contains(&format!("pub fn {signature}")))
    };
    stems(root(), folder, "rs")
        .unwrap()
        .into_iter()
        .filter(declares)
        .collect()
}

#[test]
fn every_router_can_be_built() {
    let app = app();
    let endpoints = functions::endpoints();
    for endpoint in &endpoints {
        let _ = endpoint.router(&app);
    }
    let _ = runtime::endpoint::gateway(&endpoints, &app);
}

fn app() -> App {
    let config = Config::read(|name| {
        let value = match name {
            config::TOKEN_PUBLIC_KEY => "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            config::SUBMISSION_KEY => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            config::TOKEN_PRIVATE_KEY | config::TIME_ZONE => return None,
            _ => "pflow-",
        };
        Some(value.to_owned())
    })
    .unwrap();
    let clients = Clients::new(&sdk_config(&config.aws, http_client()));
    App::new(config, clients).unwrap()
}
