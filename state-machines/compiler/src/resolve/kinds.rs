//! What a node of the document means.

use serde_json::Value;

use super::catchers::trigger;
use super::regions::JOIN;
use super::{Resolve, Scope};
use crate::decision;
use crate::document::{self, EndEvent, Event, Sent, Thrown};
use crate::graph::NodeNo;
use crate::node::{Access, Retry, UserTask};
use crate::workflow::{
    Call, Called, Condition, Effect, Ending, Exit, Fork, Kind, Listened, NodeIndex, Opens, Place, Trigger,
};

impl Resolve<'_, '_> {
    /// None: the rules let something pass that they should not have.
    pub(super) fn meaning(&mut self, no: NodeNo, node: &document::Node) -> Option<(Kind, Exit)> {
        use document::Kind as Written;
        Some(match &node.kind {
            Written::Start(_) => (Kind::Pass, self.after_start(no)?),
            Written::End(end) => self.end_event(no, end)?,
            Written::User(task) => {
                let exit = self.outcomes(no, task)?;
                (self.user(no, node, task), exit)
            }
            Written::Service(task) if task.is_for_compensation => (Kind::Pass, Exit::None),
            Written::Service(task) => {
                let what = Called::Service(task.service.clone()?);
                let call = self.call(no, what, task.retry, task.writes.clone());
                (call, self.leaving(no)?)
            }
            Written::Send(throw) => (self.send(no, throw)?, self.leaving(no)?),
            Written::Catch(event) => self.catch(no, event)?,
            Written::Throw(thrown) => self.throw(no, thrown)?,
            Written::Script(assignments) => (script(assignments), self.leaving(no)?),
            Written::Rule(table) => {
                let table = table.as_deref()?;
                let effect = Effect {
                    expression: decision::expression(table),
                    writes: table.outputs.iter().map(|output| output.name.clone()).collect(),
                };
                (Kind::Effect(effect), self.leaving(no)?)
            }
            Written::Exclusive => (Kind::Gateway, self.conditions(no)?),
            Written::Parallel => self.gateway(no, false)?,
            Written::Inclusive => self.gateway(no, true)?,
            Written::EventBased => (self.event_gateway(no), Exit::None),
            Written::Boundary(_) => match self.graph.outgoing(no) {
                // Compensation has no way of its own.
                [] => (Kind::Pass, Exit::None),
                _ => (Kind::Pass, self.after_interruption(no)?),
            },
            Written::SubProcess { triggered_by_event } => {
                let start = Exit::Always(self.start(Some(no))?);
                let exit = match triggered_by_event {
                    false => start,
                    true => self.restored(no, |this, other| this.lies_beside(no, other), start),
                };
                (Kind::Pass, exit)
            }
            Written::Call(call) => {
                let place = Place {
                    opens: Opens::Call {
                        called_element: call.called_element.clone(),
                        input: call.input.clone(),
                        output: call.output.clone(),
                        status: call.status.clone(),
                    },
                    events: self.listened(no),
                    catches: self.catches(no),
                    is_listener: false,
                    attached: None,
                    is_hidden: false,
                };
                (Kind::Place(Box::new(place)), self.leaving(no)?)
            }
            Written::Refused => return None,
        })
        .inspect(|_| self.leave_scope(no, node))
    }

    /// Whether a node lies in the scope of an event sub-process, but not in that.
    fn lies_beside(&self, event_sub: NodeNo, other: NodeNo) -> bool {
        let scope = self.scope(event_sub);
        let is_inside = self.scope(other) == scope || self.around(other).any(|at| Some(at) == scope);
        is_inside && !self.around(other).any(|at| at == event_sub)
    }

    /// A sub-process is left from its end.
    fn leave_scope(&mut self, no: NodeNo, node: &document::Node) {
        let document::Kind::SubProcess { triggered_by_event } = node.kind else {
            return;
        };
        let Some(end) = self.ends.get(&no).copied() else {
            return;
        };
        let exit = match triggered_by_event {
            // A listener's sub-process ends with the listener opening again.
            true => match self.again.get(&no) {
                Some(again) => Some(Exit::Always(*again)),
                None => Some(Exit::Always(self.over(node.parent))),
            },
            false => self.leaving(no),
        };
        if let Some(exit) = exit {
            self.set_exit(end, exit);
        }
    }

    fn end_event(&mut self, no: NodeNo, end: &document::End) -> Option<(Kind, Exit)> {
        let scope = self.scope(no);
        let kind = match scope {
            None => Kind::Status(Ending {
                status: end.status,
                may_follow: false,
                ends_all: matches!(end.event, Some(EndEvent::Terminate)),
            }),
            Some(_) => Kind::Pass,
        };
        let over = match self.again.get(&no) {
            Some(listener) => *listener,
            None => self.over(scope),
        };
        Some(match &end.event {
            None => (kind, Exit::Always(over)),
            // Everything else in the scope is gone as well, so its listeners need no release.
            Some(EndEvent::Terminate) => (kind, Exit::Always(self.scope_end(scope))),
            Some(EndEvent::Error { code }) => match self.caught(no, code) {
                Some(to) => (Kind::Pass, Exit::Always(to)),
                None => (Kind::Fail(code.clone()), Exit::None),
            },
            Some(EndEvent::Send(throw)) => {
                let call = self.send(no, throw)?;
                let to = self.then_ends(no, kind, over);
                (call, Exit::Always(to))
            }
            Some(EndEvent::Escalation { code }) => match self.escalated(no, code) {
                Some(catcher) if catcher.interrupting => (Kind::Pass, Exit::Always(catcher.to)),
                Some(catcher) => {
                    let to = self.then_ends(no, kind, over);
                    (self.escalate(no, catcher.no)?, Exit::Always(to))
                }
                None => (kind, Exit::Always(over)),
            },
            Some(EndEvent::Compensation { activity }) => {
                let to = self.compensates(no, activity.as_deref(), over);
                (kind, Exit::Always(to))
            }
        })
    }

    /// An end that is a call leaves its status behind that.
    fn then_ends(&mut self, no: NodeNo, kind: Kind, over: NodeIndex) -> NodeIndex {
        match kind {
            Kind::Status(_) => self.imply(format!("{}:ended", self.id(no)), kind, Exit::Always(over)),
            _ => over,
        }
    }

    /// Tells a catcher that does not interrupt.
    fn escalate(&self, no: NodeNo, catcher: NodeNo) -> Option<Kind> {
        let what = Called::Escalation(self.escalation_to(catcher)?);
        Some(self.call(no, what, Retry::default(), Vec::new()))
    }

    fn throw(&mut self, no: NodeNo, thrown: &Thrown) -> Option<(Kind, Exit)> {
        if let Thrown::Escalation { code } = thrown
            && let Some(catcher) = self.escalated(no, code).filter(|one| !one.interrupting)
        {
            return Some((self.escalate(no, catcher.no)?, self.only_exit(no)?));
        }
        let exit = match thrown {
            Thrown::None => self.only_exit(no),
            Thrown::Compensation { activity } => {
                let Exit::Always(then) = self.only_exit(no)? else {
                    return None;
                };
                Some(Exit::Always(self.compensates(no, activity.as_deref(), then)))
            }
            Thrown::Link { name } => {
                let target = self.link(self.scope(no), name)?;
                Some(Exit::Always(self.enter(target)))
            }
            Thrown::Escalation { code } => match self.escalated(no, code) {
                Some(catcher) => Some(Exit::Always(catcher.to)),
                None => self.only_exit(no),
            },
        };
        Some((Kind::Pass, exit?))
    }

    /// Where a link of a scope leads.
    pub(super) fn link(&self, scope: Scope, name: &str) -> Option<NodeNo> {
        let mut nodes = self.graph.nodes();
        let target = nodes.find(|(_, node)| {
            node.parent == scope
                && matches!(&node.kind, document::Kind::Catch(Event::Link { name: one }) if one == name)
        });
        target.map(|(to, _)| to)
    }

    fn user(&mut self, no: NodeNo, node: &document::Node, task: &document::UserTask) -> Kind {
        let task = user_task(node, task);
        let may_write = task.fields.iter().filter(|(_, access)| **access == Access::Write);
        let writes = may_write
            .map(|(field, _)| field.clone())
            .filter(|field| self.carried.contains(field))
            .collect();
        Kind::Place(Box::new(Place {
            opens: Opens::User(task, writes),
            events: self.listened(no),
            catches: Vec::new(),
            is_listener: false,
            attached: None,
            is_hidden: false,
        }))
    }

    fn call(&self, no: NodeNo, what: Called, retry: Retry, writes: Vec<String>) -> Kind {
        Kind::Call(Box::new(Call {
            what,
            retry,
            writes,
            catches: self.catches(no),
        }))
    }

    fn send(&self, no: NodeNo, throw: &document::Throw) -> Option<Kind> {
        let data = throw.data.clone();
        let what = match &throw.what {
            Sent::Message { name, correlation } => Called::Message {
                name: name.clone(),
                correlation: correlation.clone(),
                data,
            },
            Sent::Signal { name } => Called::Signal {
                name: name.clone(),
                data,
            },
            Sent::Nothing => return None,
        };
        Some(self.call(no, what, Retry::default(), Vec::new()))
    }

    fn catch(&mut self, no: NodeNo, event: &Event) -> Option<(Kind, Exit)> {
        let Some(trigger) = trigger(event).filter(|_| !self.is_behind_event_gateway(no)) else {
            return Some((Kind::Pass, self.only_exit(no)?));
        };
        let Exit::Always(to) = self.leaving(no)? else {
            return None;
        };
        Some((self.waiting(no, trigger, to), Exit::None))
    }

    /// A place that waits for one event of its own.
    pub(super) fn waiting(&mut self, no: NodeNo, trigger: Trigger, to: NodeIndex) -> Kind {
        let opens = match trigger {
            Trigger::Timer(_) => Opens::Timer,
            _ => Opens::Receive,
        };
        let own = Listened {
            id: self.id(no),
            trigger,
            since: None,
            to,
        };
        let mut events = vec![own];
        events.extend(self.listened(no));
        Kind::Place(Box::new(Place {
            opens,
            events,
            catches: Vec::new(),
            is_listener: false,
            attached: None,
            is_hidden: false,
        }))
    }

    fn is_behind_event_gateway(&self, no: NodeNo) -> bool {
        self.graph.incoming(no).iter().any(|edge| {
            self.graph
                .node(edge.node)
                .is_some_and(|node| matches!(node.kind, document::Kind::EventBased))
        })
    }

    fn event_gateway(&mut self, no: NodeNo) -> Kind {
        let mut events = Vec::new();
        for edge in self.graph.outgoing(no) {
            let event = match self.graph.node(edge.node).map(|node| &node.kind) {
                Some(document::Kind::Catch(event)) => event,
                _ => continue,
            };
            if let Some(trigger) = trigger(event) {
                events.push(Listened {
                    id: self.id(edge.node),
                    trigger,
                    since: None,
                    to: NodeIndex(edge.node),
                });
            }
        }
        events.extend(self.listened(no));
        Kind::Place(Box::new(Place {
            opens: Opens::Receive,
            events,
            catches: Vec::new(),
            is_listener: false,
            attached: None,
            is_hidden: false,
        }))
    }

    /// A parallel or inclusive gateway: it joins, forks, or does both, one after the other.
    fn gateway(&mut self, no: NodeNo, inclusive: bool) -> Option<(Kind, Exit)> {
        let [_, _, ..] = self.graph.outgoing(no) else {
            return Some((Kind::Pass, self.only_exit(no)?));
        };
        let branches = match inclusive {
            true => self.guarded(no)?,
            false => self
                .graph
                .outgoing(no)
                .iter()
                .map(|edge| self.enter(edge.node))
                .collect(),
        };
        if self.graph.incoming(no).len() < 2 {
            return Some((
                Kind::Fork(Fork {
                    branches,
                    each: None,
                    is_unnested: false,
                }),
                Exit::None,
            ));
        }
        let kind = Kind::Fork(Fork {
            branches,
            each: None,
            is_unnested: false,
        });
        let fork = self.imply(format!("{}:fork", self.id(no)), kind, Exit::None);
        Some((Kind::Pass, Exit::Always(fork)))
    }

    /// Each branch of an inclusive fork opens with its guard; the join, where a branch goes that is not taken, is not
    /// known yet.
    fn guarded(&mut self, no: NodeNo) -> Option<Vec<NodeIndex>> {
        let edges = self.graph.outgoing(no).to_vec();
        let conditions = edges.iter().filter_map(|edge| edge.flow.when.clone());
        let conditions: Vec<Condition> = conditions.map(Condition::Data).collect();
        let mut branches = Vec::with_capacity(edges.len());
        for (i, edge) in edges.iter().enumerate() {
            let (skip, to) = (JOIN, self.enter(edge.node));
            let exit = match &edge.flow.when {
                Some(condition) => Exit::Conditions {
                    when: vec![(Condition::Data(condition.clone()), to)],
                    otherwise: skip,
                },
                None if edge.flow.default => Exit::Conditions {
                    when: conditions.iter().map(|one| (one.clone(), skip)).collect(),
                    otherwise: to,
                },
                None => return None,
            };
            branches.push(self.imply(format!("{}:{i}", self.id(no)), Kind::Gateway, exit));
        }
        Some(branches)
    }
}

fn script(assignments: &document::Assignments) -> Kind {
    Kind::Effect(Effect {
        expression: object(assignments),
        writes: assignments.iter().map(|(name, _)| name.clone()).collect(),
    })
}

/// An expression of an object with the values of others.
pub(crate) fn object(assignments: &document::Assignments) -> String {
    let members: Vec<String> = assignments
        .iter()
        .map(|(name, expression)| format!("{}: ({})", Value::from(name.as_str()), expression.trim()))
        .collect();
    format!("{{{}}}", members.join(", "))
}

/// The variables that a node sets; they travel whether anything reads them or not.
pub(super) fn variables(node: &document::Node) -> Vec<String> {
    use document::Kind as Written;
    let names = |list: &document::Assignments| list.iter().map(|(name, _)| name.clone()).collect();
    let written = |event: &Event| {
        trigger(event)
            .map(|one| one.writes().to_vec())
            .unwrap_or_default()
    };
    let mut variables: Vec<String> = match &node.kind {
        Written::Script(assignments) => names(assignments),
        Written::Rule(Some(table)) => table.outputs.iter().map(|output| output.name.clone()).collect(),
        Written::Service(task) => task.writes.clone(),
        Written::Catch(event) => written(event),
        Written::Boundary(boundary) => written(&boundary.event),
        Written::Start(Some(start)) => written(&start.event),
        Written::Call(call) => {
            let mut out: Vec<String> = names(&call.output);
            out.extend(call.status.clone());
            out
        }
        _ => Vec::new(),
    };
    if let Some(multi) = &node.multi_instance {
        variables.extend(multi.output.iter().map(|(name, _)| name.clone()));
        variables.extend(multi.element.clone());
    }
    variables
}

/// A task with its defaults filled in.
pub(crate) fn user_task(node: &document::Node, task: &document::UserTask) -> UserTask {
    UserTask {
        id: node.id.clone(),
        name: node.name.clone().unwrap_or_else(|| node.id.as_str().into()),
        assign: task.assign.clone().unwrap_or_default(),
        candidates: task.candidates.clone().unwrap_or_default(),
        vote: task.vote,
        outcomes: task.outcomes.clone(),
        fields: task.fields.iter().cloned().collect(),
        due: task.due.clone(),
        when_no_assignee: task.when_no_assignee,
        when_starter_is_assignee: task.when_starter_is_assignee,
    }
}
