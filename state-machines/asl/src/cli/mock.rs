//! What tasks answer in a run of the command line.

use std::collections::{HashMap, VecDeque};

use asl::simulate::World;
use asl::{Command, Event};
use serde::Deserialize;
use serde_json::Value;

/// For each state the answers in order; the last one holds for every further time. `*` is any other state.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Mock(HashMap<String, VecDeque<Answer>>);

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Answer {
    Failed {
        error: String,
        cause: Option<String>,
    },
    TimedOut {
        #[serde(rename = "timeout")]
        _timeout: bool,
    },
    Succeeded {
        output: Value,
    },
}

impl Mock {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    fn answer(&mut self, state: &str) -> Option<Answer> {
        let key = if self.0.contains_key(state) { state } else { "*" };
        let answers = self.0.get_mut(key)?;
        if answers.len() > 1 {
            answers.pop_front()
        } else {
            answers.front().cloned()
        }
    }
}

impl World for Mock {
    fn task(&mut self, task: &Command, token: &str) -> Vec<Event> {
        let Command::ScheduleTask { state, .. } = task else {
            return Vec::new();
        };
        let token = token.to_owned();
        self.answer(state)
            .map(|answer| match answer {
                Answer::Succeeded { output } => Event::TaskSucceeded { token, output },
                Answer::Failed { error, cause } => Event::TaskFailed {
                    token,
                    error: Some(error),
                    cause,
                },
                // Nobody answers; where the state has no timeout, the mock's own counts.
                Answer::TimedOut { .. } => Event::TaskTimedOut {
                    token,
                    error: None,
                    cause: None,
                },
            })
            .into_iter()
            .collect()
    }
}
