//! Resume validation: an execution that is stopped anywhere, and another one started from the position, come to the same.

use crate::Compiled;
use crate::lower::lower_resume;
use crate::tests::game::generate::Case;
use crate::tests::game::project;
use crate::tests::game::{Answer, Game, Place};
use crate::tests::host::{Host, Run};

use super::agree::{Agreed, ended, valid};

/// Stops a case before each step of its run; how many stops there were.
pub(super) fn resumes(compiled: &Compiled, case: &Case, agreed: &Agreed) -> Result<usize, String> {
    let services = |key: &str, node: &str| case.service(key, node);
    let mut game = Game::start(&case.definition, case.data.clone(), &services);
    for (place, answer) in &agreed.answers {
        game.answer(place, answer);
    }
    let resume = lower_resume(&compiled.workflow);
    valid(&resume)?;
    for stop in 0..agreed.steps {
        let mut host = Host::new(&services);
        let run = stopped_at(compiled, case, &resume, &mut host, &agreed.answers, stop);
        ended(compiled, &game, &mut host, &run)
            .map_err(|why| format!("stopped at {stop}: {why}\n{:?}", agreed.answers))?;
        if let Some((key, _)) = host.effects.iter().find(|(_, times)| **times > 1) {
            return Err(format!("stopped at {stop}: {key} was done twice"));
        }
    }
    Ok(agreed.steps)
}

fn stopped_at(
    compiled: &Compiled,
    case: &Case,
    resume: &asl::types::StateMachine,
    host: &mut Host<'_>,
    answers: &[(Place, Answer)],
    stop: usize,
) -> Run {
    let carried = project(&case.data, compiled.reads());
    let mut run = Run::start(compiled.state_machine(), &carried);
    run.stop_after = Some(stop);
    run.settle(host);
    let mut left = answers.iter().peekable();
    while !run.is_stopped()
        && let Some((place, answer)) = left.peek()
    {
        run.answer(host, place, answer);
        if run.is_stopped() && !host.is_decided(place) {
            break;
        }
        left.next();
    }
    let mut run = Run::resume(resume, compiled.state_machine(), &compiled.regions(), host, &run);
    run.settle(host);
    for (place, answer) in left {
        run.answer(host, place, answer);
    }
    run
}
