//! What tests need of the AWS endpoint that not every one has: `endpoints.txt`.

use std::fs::OpenOptions;
use std::io::Write;

/// The functions' handlers in the test's own process: to hand them events, to count their calls, to kill them.
pub const HANDLERS: &str = "handlers in the test's process";

/// The platform answers also what none of its operations is asked by.
pub const ROUTES: &str = "answers where no route leads";

const DIFFERENCES: &str = include_str!("../endpoints.txt");

/// Whether the endpoint of the tests has not got it. Then `test` is reported as not gone; it has to end where it is.
///
/// # Panics
///
/// No endpoint is known to lack it.
pub fn lacks(what: &str, test: &str) -> bool {
    let mut known = differences().filter(|(_, found, _)| *found == what).peekable();
    assert!(known.peek().is_some(), "endpoints.txt does not tell of {what}");
    let here = endpoint();
    let why = known.find(|(endpoints, ..)| endpoints.split(", ").any(|one| one == here));
    if let Some((.., why)) = why {
        report(&format!("{what}: {why}: {test}"));
    }
    why.is_some()
}

/// Endpoints, what they lack, and why.
fn differences() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = DIFFERENCES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let (what, why) = line.split_once(": ").expect(line);
        let (endpoints, what) = what.split_once(" lack ").expect(line);
        (endpoints, what, why)
    })
}

/// The name by which the differences tell of the endpoint of the tests.
#[expect(clippy::disallowed_methods, reason = "the tests' own configuration")]
fn endpoint() -> String {
    let url = std::env::var("PFLOW_TEST_ENDPOINT").unwrap_or_default();
    let name = std::env::var("PFLOW_TEST_ENDPOINT_NAME").unwrap_or_default();
    match (url.is_empty(), name.is_empty()) {
        (true, _) => "own".to_owned(),
        (false, true) => "URL".to_owned(),
        (false, false) => name,
    }
}

/// Where whoever started the tests reads it, and in the test's own output.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests' own configuration and output"
)]
fn report(line: &str) {
    println!("NOT tested at this endpoint, which lacks {line}");
    if let Ok(file) = std::env::var("PFLOW_TEST_DIFFERENCES") {
        let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
        // At once, so that lines of several tests do not mix.
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}
