//! One case, played and run.

use std::collections::BTreeSet;

use asl::types::StateMachine;

use crate::Compiled;
use crate::tests::game::generate::{Case, Dice};
use crate::tests::game::{Answer, Game, Place, project};
use crate::tests::host::{End, Host, Run};

/// What a run has come to.
#[derive(Debug)]
pub(super) struct Agreed {
    pub(super) answers: Vec<(Place, Answer)>,
    pub(super) steps: usize,
    pub(super) transitions: usize,
}

/// Plays a case and runs its machine; the reason where they differ.
pub(super) fn agree(compiled: &Compiled, case: &Case) -> Result<Agreed, String> {
    valid(compiled.state_machine())?;
    let services = |key: &str, node: &str| case.service(key, node);
    let mut game = Game::start(&case.definition, case.data.clone(), &services);
    let mut host = Host::new(&services);
    let carried = project(&case.data, compiled.reads());
    let mut run = Run::start(compiled.state_machine(), &carried);
    run.settle(&mut host);
    let mut script = Dice::new(&case.script);
    let mut answers = Vec::new();
    same(&game, &host, &run)?;
    while let Some((place, answer)) = game.pick(&mut script) {
        game.answer(&place, &answer);
        run.answer(&mut host, &place, &answer);
        answers.push((place, answer));
        same(&game, &host, &run).map_err(|why| format!("{why}\nafter {answers:#?}"))?;
    }
    ended(compiled, &game, &mut host, &run).map_err(|why| format!("{why}\nafter {answers:#?}"))?;
    let (transitions, hops) = (run.states.len(), run.hops(&compiled.workflow));
    let fewest = crate::fewest_transitions(&compiled.workflow, &hops);
    if transitions != fewest {
        let states = &run.states;
        return Err(format!(
            "{transitions} are not {fewest} transitions: {states:?}\n{hops:?}"
        ));
    }
    Ok(Agreed {
        answers,
        steps: run.steps,
        transitions,
    })
}

/// Whether Step Functions would take a machine.
pub(super) fn valid(machine: &StateMachine) -> Result<(), String> {
    let faults = asl::validate::text(&machine.to_text(), asl::validate::MachineType::Standard);
    let mut faults = faults.iter();
    let fault = faults.find(|one| one.severity == asl::validate::Severity::Error);
    fault.map_or(Ok(()), |fault| Err(format!("the machine is refused: {fault:?}")))
}

fn same(game: &Game<'_>, host: &Host<'_>, run: &Run) -> Result<(), String> {
    if game.incident().is_some() {
        return match run.end() {
            Some(End::Failed(_)) => Ok(()),
            other => Err(format!("an incident {:?}, but {other:?}", game.incident())),
        };
    }
    if let Some(End::Failed(why)) = run.end() {
        return Err(format!("failed: {why}"));
    }
    let (meant, open) = (game.open(), host.open());
    if meant != open {
        return Err(format!("open should be {meant:#?}\nbut is {open:#?}"));
    }
    Ok(())
}

pub(super) fn ended(
    compiled: &Compiled,
    game: &Game<'_>,
    host: &mut Host<'_>,
    run: &Run,
) -> Result<(), String> {
    let meant: BTreeSet<Place> = game.entered().keys().cloned().collect();
    let Some(played) = game.result() else {
        let strange: Vec<&Place> = host.entered.difference(&meant).collect();
        return match strange.as_slice() {
            [] => Ok(()),
            strange => Err(format!("entered too much: {strange:#?}")),
        };
    };
    let Some(End::Done(output)) = run.end() else {
        return Err(format!("is over, but {:?} in {:?}", run.end(), run.states));
    };
    host.flush(&output["path"]);
    // What a branch passed since it last rested is not told when its fork is left early; the services that it called are.
    let is_left_early = run.states.iter().any(|state| state.contains(":raise:"));
    let services: BTreeSet<String> = compiled.service_tasks().map(|task| task.id).collect();
    let is_told = |place: &&Place| !is_left_early || host.rests(place) || services.contains(&place.node);
    let must: BTreeSet<Place> = meant.iter().filter(is_told).cloned().collect();
    if !must.is_subset(&host.entered) || !host.entered.is_subset(&meant) {
        let missing: Vec<&Place> = meant.difference(&host.entered).collect();
        let strange: Vec<&Place> = host.entered.difference(&meant).collect();
        return Err(format!(
            "not entered: {missing:#?}\nentered too much: {strange:#?}"
        ));
    }
    let data = project(&played.data, compiled.reads());
    let carried = project(output["data"].as_object().unwrap(), compiled.reads());
    if data != carried {
        return Err(format!("data should be {data:#?}\nbut is {carried:#?}"));
    }
    if output["status"] != played.status.as_str() {
        return Err(format!(
            "should be {}, but is {}",
            played.status, output["status"]
        ));
    }
    Ok(())
}
