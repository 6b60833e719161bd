//! Writing steps.

use storage::rusqlite::{self, Connection, params};

use super::executions::{Waits, parent, status};
use super::run;
use crate::Status;
use crate::token::TaskId;

/// A new execution, before its first step.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(crate) id: i64,
    pub(crate) machine: i64,
    pub(crate) definition: i64,
    pub(crate) name: String,
    pub(crate) started: i64,
    pub(crate) parent: Option<TaskId>,
    pub(crate) waits: Waits,
    pub(crate) version: Option<i64>,
    pub(crate) alias: Option<String>,
    pub(crate) trace: Option<String>,
    pub(crate) input: String,
}

/// One that has the name already.
#[derive(Debug, Clone)]
pub(crate) struct Namesake {
    pub(crate) running: bool,
    pub(crate) started: i64,
    pub(crate) parent: Option<TaskId>,
    pub(crate) input: String,
}

/// What a step of an execution changes.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) id: i64,
    pub(crate) express: bool,
    pub(crate) calls: Option<String>,
    /// Set where it changed.
    pub(crate) wake_at: Option<Option<i64>>,
    pub(crate) history: Option<(i64, String)>,
    pub(crate) activities: Vec<Offer>,
    /// The row of a task that a worker takes.
    pub(crate) taken: Option<i64>,
    pub(crate) map_runs: Vec<MapRunRow>,
    /// Whether rows of Map runs may be left when it ends.
    pub(crate) ends_map_runs: bool,
    pub(crate) then: Then,
    /// What has to be told, in the words of the outbox.
    pub(crate) tell: Vec<i64>,
}

#[derive(Debug)]
pub(crate) enum Then {
    Rest(Vec<u8>),
    End(Box<End>),
}

#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) stopped: i64,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    /// Kept where the execution can be redriven.
    pub(crate) state: Option<Vec<u8>>,
}

/// A task for whoever works on an activity.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) activity: String,
    pub(crate) task: u32,
    pub(crate) input: String,
}

#[derive(Debug)]
pub(crate) struct MapRunRow {
    pub(crate) task: u32,
    pub(crate) command: String,
}

/// Inserts it with its first step. `Err`: who has the name already.
pub(crate) fn insert(
    db: &Connection,
    new: &NewRow,
    step: &Step,
) -> rusqlite::Result<Result<Vec<i64>, Namesake>> {
    let inserted = run(
        db,
        "INSERT INTO executions (id, machine, name, definition, status, started, parent, parent_task, waited_for, \
         version, alias, trace, input) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
         ON CONFLICT (machine, name) DO NOTHING",
        params![
            new.id,
            new.machine,
            new.name,
            new.definition,
            new.started,
            new.parent.map(|parent| parent.execution),
            new.parent.map(|parent| parent.event),
            new.waits.code(),
            new.version,
            new.alias,
            new.trace,
            new.input,
        ],
    )?;
    if inserted == 0 {
        let namesake = db
            .prepare_cached(
                "SELECT status, started, parent, parent_task, input FROM executions \
                 WHERE machine = ?1 AND name = ?2",
            )?
            .query_row(params![new.machine, new.name], |row| {
                Ok(Namesake {
                    running: status(row.get(0)?) == Status::Running,
                    started: row.get(1)?,
                    parent: parent(row.get(2)?, row.get(3)?),
                    input: row.get(4)?,
                })
            })?;
        return Ok(Err(namesake));
    }
    apply(db, step).map(Ok)
}

/// Writes a step; gives the ids of what it put into the outbox.
pub(crate) fn apply(db: &Connection, step: &Step) -> rusqlite::Result<Vec<i64>> {
    match &step.then {
        Then::Rest(state) => match step.wake_at {
            None => run(
                db,
                "UPDATE executions SET state = ?2, calls = ?3 WHERE id = ?1",
                params![step.id, state, step.calls],
            )?,
            Some(wake_at) => run(
                db,
                "UPDATE executions SET state = ?2, calls = ?3, wake_at = ?4 WHERE id = ?1",
                params![step.id, state, step.calls, wake_at],
            )?,
        },
        Then::End(end) => self::end(db, step, end)?,
    };
    if let Some((first, events)) = &step.history {
        super::history::append(db, step.id, *first, events)?;
    }
    for offer in &step.activities {
        super::activities::offer(db, &offer.activity, step.id, offer.task, &offer.input)?;
    }
    if let Some(taken) = step.taken {
        super::activities::taken(db, taken)?;
    }
    for map_run in &step.map_runs {
        run(
            db,
            "INSERT INTO map_runs (execution, task, command) VALUES (?1, ?2, ?3)",
            params![step.id, map_run.task, map_run.command],
        )?;
    }
    step.tell
        .iter()
        .map(|kind| super::outbox::put(db, step.id, *kind))
        .collect()
}

/// Lets one that has ended run again; its step follows.
pub(crate) fn redrive(db: &Connection, id: i64, now: i64) -> rusqlite::Result<usize> {
    run(
        db,
        "UPDATE executions SET status = 0, stopped = NULL, output = NULL, error = NULL, cause = NULL, \
         redrives = redrives + 1, redriven = ?2 WHERE id = ?1",
        params![id, now],
    )
}

fn end(db: &Connection, step: &Step, end: &End) -> rusqlite::Result<usize> {
    // An express execution leaves nothing behind but what its parent has to be told.
    if step.express && step.tell.is_empty() {
        return remove(db, step.id).map(|()| 1);
    }
    if step.ends_map_runs {
        run(db, "DELETE FROM map_runs WHERE execution = ?1", [step.id])?;
        run(db, "DELETE FROM map_items WHERE execution = ?1", [step.id])?;
    }
    run(
        db,
        "UPDATE executions SET status = ?2, stopped = ?3, wake_at = NULL, calls = NULL, output = ?4, error = ?5, \
         cause = ?6, state = ?7 WHERE id = ?1",
        params![
            step.id,
            end.status.code(),
            end.stopped,
            end.output,
            end.error,
            end.cause,
            end.state
        ],
    )
}

pub(crate) fn remove(db: &Connection, id: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM executions WHERE id = ?1",
        "DELETE FROM history WHERE execution = ?1",
        "DELETE FROM map_runs WHERE execution = ?1",
        "DELETE FROM map_items WHERE execution = ?1",
    ] {
        run(db, sql, [id])?;
    }
    Ok(())
}
