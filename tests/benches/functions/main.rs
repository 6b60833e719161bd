//! `cargo bench --profile dev -p tests --bench functions -- [cold] [warm] [memory] [peers]`: what a function costs on Lambda,
//! each binary run as Lambda runs it, with its sample event, on an AWS endpoint behind TLS. Prints tables for
//! `docs/PERFORMANCE.md`. valgrind has to be there for the first two; for the last `PFLOW_LAMBDA_PYTHON` and
//! `PFLOW_LAMBDA_NODE`, as `cargo xtask bench` sets them. The functions are built for release, or in the profile `PFLOW_BENCH_PROFILE`;
//! this program is not: it is not what is measured. `PFLOW_BENCH_FUNCTION` names the only one whose cold start is measured, and
//! `PFLOW_CALLGRIND_OUT` where callgrind's profile goes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on panics, prints its figures, and has variables of its own"
)]

mod callgrind;
mod cold;
mod front;
mod memory;
mod peers;
mod warm;

use std::collections::BTreeMap;
use std::path::PathBuf;

use tests::TestApp;
use tests::functions::{Samples, Template, build};

use front::{Front, Scheme};

/// Built apart from all else, as what is built together shares its features.
const SERVICES: [&str; 8] = [
    "commerce",
    "events",
    "forms",
    "identity",
    "system",
    "tasks",
    "tickets",
    "workflows",
];

/// What functions are measured with.
struct Bench {
    app: TestApp,
    samples: Samples,
    template: Template,
    binaries: BTreeMap<String, PathBuf>,
}

impl Bench {
    async fn set_up() -> Self {
        let profile = std::env::var("PFLOW_BENCH_PROFILE").unwrap_or_else(|_| "release".to_owned());
        let mut arguments = vec!["--profile", &profile];
        arguments.extend(SERVICES.into_iter().flat_map(|service| ["--package", service]));
        let binaries = build(&arguments, "functions");
        let app = TestApp::start_open().await;
        let samples = Samples::set_up(&app).await;
        Self {
            app,
            samples,
            template: Template::read(),
            binaries,
        }
    }

    async fn front(&self, scheme: Scheme) -> Front {
        Front::open(
            scheme,
            &self.app.platform.gateway().environment["AWS_ENDPOINT_URL"],
        )
        .await
    }

    /// What a function is told where `front` is AWS.
    fn environment(&self, function: &str, front: &Front) -> BTreeMap<String, String> {
        let mut environment = self
            .template
            .environment(function, &self.app.platform.gateway().environment);
        environment.extend(front.environment());
        environment
    }
}

#[tokio::main]
async fn main() {
    let named: Vec<String> = std::env::args()
        .skip(1)
        // What cargo adds.
        .filter(|argument| argument != "--bench")
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| name == part);
    let bench = Bench::set_up().await;
    if wanted("cold") {
        cold::measure(&bench).await;
    }
    if wanted("warm") {
        warm::measure(&bench).await;
    }
    if wanted("memory") {
        memory::measure(&bench).await;
    }
    if wanted("peers") {
        peers::measure(&bench).await;
    }
}
