//! Human tasks: who may vote, what was voted, and when that decides. 会签 (all, ratio), 或签 (any).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::id::{Key, TaskId, TicketId, UserId};
use crate::place::{Attached, Awaited, Call, Decision, Due, PlaceKind};
use crate::text::Text;

/// How many votes it takes. The first outcome of a task is its positive one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VotePolicy {
    /// The first vote decides.
    Any,
    /// The positive outcome needs every voter; any other outcome needs one.
    All,
    /// The positive outcome needs this share of the voters, above 0 and at most 1.
    Ratio(f64),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub outcome: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The fields that the voter wrote.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
}

/// Somebody to whom a task is offered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Candidate {
    User(UserId),
    Role(Key),
}

/// What happens when the people of a task have not decided in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overdue {
    /// The leaders of those who have not voted get the task as well.
    Escalate,
    /// It is decided with this outcome.
    Outcome(String),
}

/// That a task was not decided in time, and who got it as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    pub at: Timestamp,
    /// They may vote in the place of those who did not: how many votes it takes stays as it was.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub voters: BTreeSet<UserId>,
    /// The same, of a task that nobody had claimed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub candidates: BTreeSet<Candidate>,
}

/// What is due at a place next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextDue<'t> {
    Event(&'t Due),
    Overdue(&'t Overdue, Timestamp),
}

impl NextDue<'_> {
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Event(due) => due.at,
            Self::Overdue(_, at) => *at,
        }
    }
}

/// A place where an instance rests until people decide, or something else happens: what is told of every place is one
/// row, whatever it waits for, so that deciding, answering, closing and repairing are the same for all. Without people
/// (other kinds than `User`) it has neither voters nor outcomes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    #[serde(default)]
    pub kind: PlaceKind,
    pub name: Text,
    pub ticket: TicketId,
    pub workflow: Key,
    pub version: u32,
    pub starter: UserId,
    /// When, among the nodes of the instance, it was entered.
    pub seq: u32,
    /// Who may vote.
    pub voters: BTreeSet<UserId>,
    /// Of whom one may claim the task and so become its voter.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub candidates: BTreeSet<Candidate>,
    pub policy: VotePolicy,
    pub outcomes: Vec<String>,
    pub votes: BTreeMap<UserId, Vote>,
    /// Nobody has to be asked: it is decided with its first outcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decision>,
    /// When the execution was told of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Timestamp>,
    /// Set when the place was left without a decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Set while the instance is suspended: nobody may act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Timestamp>,
    /// Of the execution that waits.
    pub epoch: u32,
    pub token: String,
    pub opened_at: Timestamp,
    /// By when people ought to decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// What happens then; nothing where it is only shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdue: Option<Overdue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// What else may decide it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Awaited>,
    /// When the first of the timers among them decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Due>,
    /// It is a listener of this visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attached: Option<Attached>,
    /// It is no node of the definition: nobody sees it, also not in the trace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// What the execution carried on entering: a later execution begins from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
    /// Counts the changes.
    pub revision: u64,
}

impl Task {
    pub fn is_open(&self) -> bool {
        self.decided.is_none() && self.closed_at.is_none()
    }

    /// What the clock does to it next; of two at the same time the event, which leaves the task.
    pub fn next_due(&self) -> Option<NextDue<'_>> {
        let event = self.timer.as_ref().map(NextDue::Event);
        let overdue = match (&self.overdue, self.due_at, &self.escalation) {
            (Some(overdue), Some(at), None) => Some(NextDue::Overdue(overdue, at)),
            _ => None,
        };
        event.into_iter().chain(overdue).min_by_key(NextDue::at)
    }

    /// The outcome that was decided; none where something else than people decided.
    pub fn outcome_decided(&self) -> Option<&str> {
        self.decided.as_ref().and_then(Decision::outcome)
    }

    /// The outcome that the votes amount to, once they do.
    pub fn outcome(&self) -> Option<&str> {
        let positive = self.outcomes.first()?;
        let asked = self.asked();
        let in_favour = self
            .votes
            .values()
            .filter(|vote| vote.outcome == *positive)
            .count();
        let against = self.votes.len() - in_favour;
        match self.policy {
            VotePolicy::Any => self.votes.values().next().map(|vote| vote.outcome.as_str()),
            VotePolicy::All if against > 0 => self.most_voted_against(positive),
            VotePolicy::All => (in_favour >= asked).then_some(positive),
            VotePolicy::Ratio(ratio) => {
                let needed = votes_needed(ratio, asked);
                if in_favour >= needed {
                    Some(positive)
                } else if self.voters.len().max(1).saturating_sub(against) < needed {
                    self.most_voted_against(positive)
                } else {
                    None
                }
            }
        }
    }

    /// How many were asked at first: those who got the task as well vote in the place of some of them.
    fn asked(&self) -> usize {
        let as_well = self.escalation.as_ref().map_or(0, |more| more.voters.len());
        self.voters.len().saturating_sub(as_well).max(1)
    }

    /// Of equally many votes, the outcome that the definition names first.
    fn most_voted_against(&self, positive: &str) -> Option<&str> {
        let count = |outcome: &str| self.votes.values().filter(|vote| vote.outcome == outcome).count();
        self.outcomes
            .iter()
            .filter(|outcome| *outcome != positive)
            .rev()
            .max_by_key(|outcome| count(outcome))
            .map(String::as_str)
    }

    /// What the voters wrote, later votes over earlier ones.
    pub fn written(&self) -> BTreeMap<String, Value> {
        let mut votes: Vec<&Vote> = self.votes.values().collect();
        votes.sort_by_key(|vote| vote.at);
        votes.into_iter().flat_map(|vote| vote.values.clone()).collect()
    }
}

fn votes_needed(ratio: f64, voters: usize) -> usize {
    (1..=voters)
        .find(|votes| *votes as f64 / voters as f64 >= ratio - 1e-9)
        .unwrap_or(voters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task(policy: VotePolicy, voters: usize, votes: &[&str]) -> Task {
        let user = |n: usize| UserId::parse(format!("u{n:03}")).unwrap();
        let vote = |outcome: &str| Vote {
            outcome: outcome.to_owned(),
            at: Timestamp::UNIX_EPOCH,
            comment: None,
            values: BTreeMap::new(),
        };
        Task {
            id: TaskId::parse("i~manager~1").unwrap(),
            kind: PlaceKind::User,
            name: "Manager".into(),
            ticket: TicketId::parse("t").unwrap(),
            workflow: Key::parse("w").unwrap(),
            version: 1,
            starter: user(0),
            seq: 2,
            voters: (0..voters).map(user).collect(),
            candidates: BTreeSet::new(),
            policy,
            outcomes: ["approve", "reject", "rework"].map(str::to_owned).to_vec(),
            votes: votes
                .iter()
                .enumerate()
                .map(|(n, outcome)| (user(n), vote(outcome)))
                .collect(),
            skip: false,
            decided: None,
            answered_at: None,
            closed_at: None,
            frozen_at: None,
            epoch: 1,
            token: "token".to_owned(),
            opened_at: Timestamp::UNIX_EPOCH,
            due_at: None,
            overdue: None,
            escalation: None,
            hidden: false,
            events: Vec::new(),
            timer: None,
            attached: None,
            call: None,
            state: None,
            revision: 1,
        }
    }

    #[test]
    fn votes_decide_by_the_policy() {
        use VotePolicy::{All, Any, Ratio};
        for (policy, voters, votes, expected) in [
            (Any, 3, &[][..], None),
            (Any, 3, &["reject"], Some("reject")),
            (All, 2, &["approve"], None),
            (All, 2, &["approve", "approve"], Some("approve")),
            (All, 3, &["approve", "reject"], Some("reject")),
            (Ratio(0.5), 4, &["approve"], None),
            (Ratio(0.5), 4, &["approve", "approve"], Some("approve")),
            (Ratio(0.5), 4, &["reject", "reject"], None),
            (Ratio(0.5), 4, &["reject", "reject", "rework"], Some("reject")),
            (Ratio(0.5), 2, &["reject", "rework"], Some("reject")),
            (Ratio(1.0 / 3.0), 3, &["approve"], Some("approve")),
        ] {
            assert_eq!(
                task(policy, voters, votes).outcome(),
                expected,
                "{policy:?} {voters} {votes:?}"
            );
        }
    }

    /// With so many of the voters having got it as well.
    fn escalated(policy: VotePolicy, voters: usize, more: usize, votes: &[&str]) -> Task {
        let mut task = task(policy, voters, votes);
        task.escalation = Some(Escalation {
            at: Timestamp::UNIX_EPOCH,
            voters: task.voters.iter().rev().take(more).cloned().collect(),
            candidates: BTreeSet::new(),
        });
        task
    }

    #[test]
    fn those_who_got_it_as_well_vote_in_the_place_of_others() {
        use VotePolicy::{All, Ratio};
        for (policy, voters, more, votes, expected) in [
            (All, 3, 1, &["approve"][..], None),
            (All, 3, 1, &["approve", "approve"], Some("approve")),
            (All, 3, 1, &["approve", "reject"], Some("reject")),
            (Ratio(1.0), 4, 2, &["approve", "approve"], Some("approve")),
            (Ratio(1.0), 4, 2, &["reject", "reject"], None),
            (Ratio(1.0), 4, 2, &["reject", "reject", "reject"], Some("reject")),
        ] {
            let task = escalated(policy, voters, more, votes);
            assert_eq!(task.outcome(), expected, "{policy:?} {voters} {more} {votes:?}");
        }
    }

    #[test]
    fn the_clock_does_first_what_is_due_first() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let next = |timer: Option<i64>, due: Option<i64>, escalated: bool| {
            let mut task = task(VotePolicy::Any, 1, &[]);
            task.timer = timer.map(|second| Due {
                at: at(second),
                node: "late".to_owned(),
            });
            task.due_at = due.map(at);
            task.overdue = due.map(|_| Overdue::Escalate);
            task.escalation = escalated.then(|| Escalation {
                at: at(9),
                voters: BTreeSet::new(),
                candidates: BTreeSet::new(),
            });
            task.next_due()
                .map(|due| (due.at(), matches!(due, NextDue::Event(_))))
        };
        for (timer, due, escalated, expected) in [
            (None, None, false, None),
            (Some(5), None, false, Some((at(5), true))),
            (Some(5), Some(4), false, Some((at(4), false))),
            (Some(5), Some(5), false, Some((at(5), true))),
            (Some(5), Some(4), true, Some((at(5), true))),
            (None, Some(4), true, None),
        ] {
            assert_eq!(
                next(timer, due, escalated),
                expected,
                "{timer:?} {due:?} {escalated}"
            );
        }
    }

    proptest! {
        #[test]
        fn when_all_have_voted_it_is_decided(ratio in 0.01f64..=1.0, votes in prop::collection::vec(0usize..3, 1..20)) {
            let outcomes = ["approve", "reject", "rework"];
            let votes: Vec<&str> = votes.into_iter().map(|n| outcomes[n]).collect();
            for policy in [VotePolicy::Any, VotePolicy::All, VotePolicy::Ratio(ratio)] {
                prop_assert!(task(policy, votes.len(), &votes).outcome().is_some());
                for more in 0..votes.len() {
                    prop_assert!(escalated(policy, votes.len(), more, &votes).outcome().is_some());
                }
            }
        }

        #[test]
        fn a_decision_stands_whatever_is_voted_later(ratio in 0.01f64..=1.0, votes in prop::collection::vec(0usize..2, 1..20)) {
            let votes: Vec<&str> = votes.into_iter().map(|n| ["approve", "reject"][n]).collect();
            let mut decided = None;
            for count in 1..=votes.len() {
                let task = task(VotePolicy::Ratio(ratio), votes.len(), &votes[..count]);
                let outcome = task.outcome().map(str::to_owned);
                if decided.is_some() { prop_assert_eq!(&outcome, &decided); }
                decided = outcome;
            }
        }
    }
}
