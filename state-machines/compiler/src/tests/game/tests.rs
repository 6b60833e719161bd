//! The game plays what is generated, and keeps what it promises.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::diagnostic::Severity;
use proptest::prop_assert;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use serde_json::{Value, json};

use super::generate::{Case, Dice, Features, case, schema};
use super::{Game, project};
use crate::{Catalog, diagnose};

/// Plays a case as far as its script goes, and beside it the same in another order.
fn play(case: &Case, seen: &mut Seen) -> Result<(), String> {
    let services = |key: &str, node: &str| case.service(key, node);
    let mut game = Game::start(&case.definition, case.data.clone(), &services);
    let mut other = Game::start_in_order(&case.definition, case.data.clone(), &services, true);
    let mut script = Dice::new(&case.script);
    sane(&game)?;
    same(&game, &other)?;
    while let Some((place, answer)) = game.pick(&mut script) {
        game.answer(&place, &answer);
        other.answer(&place, &answer);
        let after = |why| format!("{why} after {answer:?} at {place:?}");
        sane(&game).map_err(after)?;
        same(&game, &other).map_err(after)?;
    }
    seen.count(&game);
    Ok(())
}

fn same(game: &Game<'_>, other: &Game<'_>) -> Result<(), String> {
    let seen = |game: &Game<'_>| {
        let (open, result) = (game.open(), game.result());
        (open, result, game.incident().cloned(), game.entered().clone())
    };
    let (one, other) = (seen(game), seen(other));
    if one == other {
        Ok(())
    } else {
        Err(format!("{one:#?} or {other:#?}"))
    }
}

/// What was played, in all.
#[derive(Debug, Default)]
struct Seen {
    ended: usize,
    incidents: BTreeMap<String, usize>,
    open: usize,
    entered: BTreeMap<String, usize>,
}

impl Seen {
    fn count(&mut self, game: &Game<'_>) {
        match game.incident() {
            Some(incident) => *self.incidents.entry(incident.error.clone()).or_default() += 1,
            None if game.result().is_some() => self.ended += 1,
            None => self.open += 1,
        }
        for place in game.entered().keys() {
            *self.entered.entry(kind(game.node(&place.node))).or_default() += 1;
        }
    }
}

/// A node's type, with what makes it another.
fn kind(node: &Value) -> String {
    let mut kind = node["type"].as_str().unwrap().to_owned();
    let more = [
        "timer",
        "message",
        "signal",
        "error",
        "escalation",
        "compensation",
        "terminate",
        "link",
    ];
    let more = more.iter().chain(&["multiInstance", "triggeredByEvent"]);
    for name in more.filter(|name| !node[**name].is_null()) {
        kind = format!("{kind} {name}");
    }
    if node["interrupting"] == false {
        format!("{kind}, not interrupting")
    } else {
        kind
    }
}

fn sane(game: &Game<'_>) -> Result<(), String> {
    let open = game.open();
    let is_over = game.result().is_some();
    if game.incident().is_none() && is_over != open.is_empty() {
        return Err(format!("over: {is_over}, open: {open:?}"));
    }
    let mut visits: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for (place, times) in game.entered() {
        if *times != 1 {
            return Err(format!("{place:?} was entered {times} times"));
        }
        visits.entry(&place.node).or_default().insert(place.visit);
    }
    for (node, visits) in visits {
        if visits.last() != Some(&(visits.len() as u64)) {
            return Err(format!("{node} has the visits {visits:?}"));
        }
    }
    match open.iter().find(|place| game.choices(place).is_empty()) {
        Some(place) => Err(format!("nothing answers {place:?}")),
        None => Ok(()),
    }
}

#[test]
fn generated_workflows_are_played_to_the_end() {
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let seen = RefCell::new(Seen::default());
    let outcome = runner.run(&case(Features::ALL), |case| {
        play(&case, &mut seen.borrow_mut())
            .map_err(|why| TestCaseError::fail(format!("{why}\n{:#}", case.definition)))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let Seen {
        ended,
        incidents,
        open,
        entered,
    } = seen.into_inner();
    println!("game: {ended} ended, {open} open, incidents {incidents:?}");
    println!("game: entered {entered:?}");
}

#[test]
fn generated_workflows_without_more_compile() {
    let catalog = Catalog::new().form("claim", schema()).function("do-it");
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&case(Features::NONE), |case| {
        let found = diagnose(&case.definition.to_string(), &catalog);
        let errors = found
            .iter()
            .filter(|one| one.code != "CONDITION_MAY_FAIL")
            .collect::<Vec<_>>();
        prop_assert!(errors.is_empty(), "{errors:#?}\n{:#}", case.definition);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Whatever has a machine by now: nothing else is wrong with them.
#[test]
fn generated_workflows_keep_the_rules_of_the_language() {
    let catalog = Catalog::new()
        .form("claim", schema())
        .function("do-it")
        .workflow("other");
    let mut runner = TestRunner::new(Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&case(Features::ALL), |case| {
        let mut found = diagnose(&case.definition.to_string(), &catalog);
        found.retain(|one| one.severity == Severity::Error && one.code != "NOT_SUPPORTED_YET");
        prop_assert!(found.is_empty(), "{found:#?}");
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}\n{}", case.definition),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn only_what_travels_is_compared() {
    let data = json!({"amount": 1, "note": "x"}).as_object().cloned().unwrap();
    let carried = BTreeSet::from(["note".to_owned(), "total".to_owned()]);
    assert_eq!(Value::Object(project(&data, &carried)), json!({"note": "x"}));
}
