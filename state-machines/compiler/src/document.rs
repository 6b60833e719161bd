//! A definition as its author wrote it: every attribute has its type, nothing is resolved or checked against
//! anything else.

use domain::text::Text;

use crate::decision::Decision;
use crate::node::{
    Access, Assignee, Candidate, Due, EndStatus, Retry, Service, VotePolicy, WhenNoAssignee,
    WhenStarterIsAssignee,
};

/// A definition that was read. Made by [`parse`](crate::parse).
#[derive(Debug, Clone)]
pub struct Document {
    pub key: String,
    pub name: Option<Text>,
    pub form: Option<String>,
    pub nodes: Vec<Node>,
    pub flows: Vec<Flow>,
    /// A node without an id, or one of the lists, could not be read: what seems to be missing may be there.
    pub(crate) is_partial: bool,
    /// Ids of nodes that flows lead from or to whose other end could not be read.
    pub(crate) loose_ends: Vec<LooseEnd>,
}

/// An entry of `nodes`, of the process or of a sub-process: all stand in one list.
#[derive(Debug, Clone)]
pub struct Node {
    pub pointer: String,
    pub id: String,
    pub name: Option<Text>,
    /// The sub-process in whose `nodes` it stands, by its place in [`Document::nodes`].
    pub parent: Option<usize>,
    /// A task, sub-process or call; [`Kind::Send`] and [`Kind::Catch`] are also events.
    pub is_activity: bool,
    pub kind: Kind,
    pub multi_instance: Option<MultiInstance>,
}

/// What a node is, with the attributes of its type.
#[derive(Debug, Clone)]
pub enum Kind {
    /// With an event: the start of an event sub-process.
    Start(Option<StartEvent>),
    End(End),
    User(Box<UserTask>),
    Service(Box<ServiceTask>),
    /// `sendTask`, or `intermediateThrowEvent` with a message or signal.
    Send(Throw),
    /// `receiveTask`, or `intermediateCatchEvent`.
    Catch(Event),
    Throw(Thrown),
    Script(Assignments),
    /// `None`: the table was written wrong.
    Rule(Option<Box<Decision>>),
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Boundary(Boundary),
    SubProcess {
        triggered_by_event: bool,
    },
    Call(Box<CallActivity>),
    /// A type that is refused, or a node that lacks what it is about, with a diagnostic of its own; rules take it as
    /// able to do anything.
    Refused,
}

impl Kind {
    pub(crate) fn is_event_sub_process(&self) -> bool {
        matches!(
            self,
            Self::SubProcess {
                triggered_by_event: true
            }
        )
    }

    /// A service task that only compensates.
    pub(crate) fn is_handler(&self) -> bool {
        matches!(self, Self::Service(task) if task.is_for_compensation)
    }
}

#[derive(Debug, Clone)]
pub struct UserTask {
    /// `None`: not written. What is written wrong is left out of the list, with a diagnostic.
    pub assign: Option<Vec<Assignee>>,
    pub candidates: Option<Vec<Candidate>>,
    pub vote: VotePolicy,
    /// Empty: written wrong.
    pub outcomes: Vec<String>,
    /// In the order of the text.
    pub fields: Vec<(String, Access)>,
    /// Its times not yet understood.
    pub due: Option<Due>,
    pub when_no_assignee: WhenNoAssignee,
    pub when_starter_is_assignee: WhenStarterIsAssignee,
}

#[derive(Debug, Clone)]
pub struct ServiceTask {
    /// `None`: missing or written wrong.
    pub service: Option<Service>,
    pub retry: Retry,
    /// The fields and variables that its answer may set.
    pub writes: Vec<String>,
    /// Only called to compensate an activity; no flow leads here.
    pub is_for_compensation: bool,
}

/// `name: expression`, in the order of the text.
pub(crate) type Assignments = Vec<(String, String)>;

#[derive(Debug, Clone)]
pub struct End {
    pub status: EndStatus,
    pub event: Option<EndEvent>,
}

/// What an end does beside ending.
#[derive(Debug, Clone)]
pub enum EndEvent {
    Terminate,
    Error {
        code: String,
    },
    Escalation {
        code: String,
    },
    Send(Throw),
    /// With the activity that it is about, or all of the scope.
    Compensation {
        activity: Option<String>,
    },
}

/// An `intermediateThrowEvent` that sends nothing.
#[derive(Debug, Clone)]
pub enum Thrown {
    /// Nothing happens but the passing.
    None,
    Link {
        name: String,
    },
    Escalation {
        code: String,
    },
    Compensation {
        activity: Option<String>,
    },
}

/// What is waited for. `Link` and `None` only in an `intermediateCatchEvent`; `Error`, `Escalation` and `Compensation` only
/// in a `boundaryEvent` or the start of an event sub-process.
#[derive(Debug, Clone)]
pub enum Event {
    /// Written wrong, or not at all; told by a diagnostic.
    None,
    Timer(Timer),
    Message(Message),
    Signal {
        name: String,
        writes: Vec<String>,
    },
    /// Without a code: every error.
    Error {
        code: Option<String>,
    },
    Escalation {
        code: Option<String>,
    },
    Link {
        name: String,
    },
    /// With the service task that undoes the activity.
    Compensation {
        handler: String,
    },
}

/// BPMN's own three; exactly one is set unless it was written wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    pub kind: TimerKind,
    pub value: TimerValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerKind {
    /// `timeDuration`: ISO 8601, `PT1H`.
    Duration,
    /// `timeDate`: RFC 3339, `2026-12-24T17:00:00Z`.
    Date,
    /// `timeCycle`: `R3/PT1H`; `R/PT1H` without end.
    Cycle,
}

impl TimerKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Duration => "timeDuration",
            Self::Date => "timeDate",
            Self::Cycle => "timeCycle",
        }
    }
}

/// `"PT1H"` or `{"expression": "…"}`.
#[derive(Debug, Clone, PartialEq)]
pub enum TimerValue {
    Literal(String),
    Expression(String),
}

/// A message that is waited for.
#[derive(Debug, Clone)]
pub struct Message {
    pub name: String,
    /// An expression for a string; the ticket's id where absent.
    pub correlation: Option<String>,
    pub writes: Vec<String>,
}

/// A message or signal that is sent.
#[derive(Debug, Clone)]
pub struct Throw {
    pub what: Sent,
    pub data: Assignments,
}

#[derive(Debug, Clone)]
pub enum Sent {
    Message {
        name: String,
        correlation: Option<String>,
    },
    Signal {
        name: String,
    },
    /// Written wrong; told by a diagnostic.
    Nothing,
}

/// The start of an event sub-process.
#[derive(Debug, Clone)]
pub struct StartEvent {
    pub event: Event,
    pub interrupting: bool,
}

#[derive(Debug, Clone)]
pub struct Boundary {
    pub attached_to: String,
    pub event: Event,
    pub interrupting: bool,
}

#[derive(Debug, Clone)]
pub struct CallActivity {
    pub called_element: String,
    /// What the called instance starts with: its field, from an expression on the caller's data.
    pub input: Assignments,
    /// What the caller gets: its field, from an expression on the called instance's data.
    pub output: Assignments,
    /// The variable that gets the called instance's status.
    pub status: Option<String>,
}

#[derive(Debug, Clone)]
pub struct MultiInstance {
    pub collection: String,
    pub element: Option<String>,
    pub sequential: bool,
    pub completion_condition: Option<String>,
    pub output: Assignments,
}

/// The end of a flow that could be read.
#[derive(Debug, Clone)]
pub(crate) enum LooseEnd {
    From(String),
    To(String),
}

/// An entry of `flows`, of the process or of a sub-process: all stand in one list.
#[derive(Debug, Clone)]
pub struct Flow {
    pub pointer: String,
    /// The sub-process in whose `flows` it stands, by its place in [`Document::nodes`].
    pub parent: Option<usize>,
    pub from: String,
    pub to: String,
    pub outcome: Option<String>,
    pub when: Option<String>,
    pub default: bool,
    pub name: Option<Text>,
}
