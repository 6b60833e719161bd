//! The functions that machines call.

use asl::Event;
use serde_json::{Map, Value, json};

use super::{Host, Row};
use crate::tests::game::{Answer, Place};

fn place(payload: &Value) -> Place {
    Place {
        node: payload["node"].as_str().unwrap().to_owned(),
        visit: payload["visit"].as_u64().unwrap(),
        iteration: payload["iteration"].as_str().unwrap_or_default().to_owned(),
    }
}

impl Host<'_> {
    pub(super) fn call(&mut self, function: &str, token: &str, payload: &Value, waits: bool) -> Vec<Event> {
        self.flush(&payload["path"]);
        let token = token.to_owned();
        if waits {
            assert!(function.starts_with("open_"), "{function}");
            assert_eq!(payload["token"], token.as_str());
            let output = json!({"Payload": null, "StatusCode": 200});
            let mut events = vec![Event::TaskSubmitted {
                token: token.clone(),
                output,
            }];
            events.extend(self.open_place(&token, payload));
            return events;
        }
        if function == "close_scope" {
            let (mut answer, mut events) = self.close_scope(payload);
            if payload["services"].is_array() {
                // Who comes a second time, in another execution, hears what the first one heard.
                let key = payload["idempotency_key"].as_str().unwrap().to_owned();
                answer = self.closings.entry(key).or_insert(answer).clone();
            }
            events.insert(0, succeeded(token, answer));
            return events;
        }
        if function == "arrive_at_join" {
            let answer = self.arrive(payload);
            return vec![succeeded(token, answer)];
        }
        self.enter(place(payload));
        let key = format!("i-1/{}", place(payload).key());
        assert_eq!(payload["idempotency_key"], key.as_str());
        let is_new = !self.ledger.contains_key(&place(payload).key());
        let mut events = vec![match self.served(payload) {
            Ok(data) => succeeded(token, json!({ "data": data })),
            Err(error) => Event::TaskFailed {
                token,
                error: Some(error),
                cause: None,
            },
        }];
        let name = payload["message"]["name"].as_str().unwrap_or_default();
        if is_new && name.starts_with("escalation:") {
            events.extend(self.escalate(&payload["message"]));
        }
        events
    }

    /// Gives an escalation to the hidden place that waits for it, or keeps it.
    fn escalate(&mut self, message: &Value) -> Option<Event> {
        let mut rows = self.rows.values_mut();
        let waiting = rows.find(|row| row.is_open() && row.payload["events"][0]["message"] == *message);
        let Some(row) = waiting else {
            self.kept.push(message.clone());
            return None;
        };
        let answer = json!({"event": row.payload["events"][0]["node"], "data": {}});
        row.decided = Some(answer.clone());
        Some(answered(&row.token, answer))
    }

    /// An escalation that was there before the place.
    fn take_kept(&mut self, payload: &Value) -> Option<Value> {
        let event = &payload["events"][0];
        let at = self.kept.iter().position(|kept| *kept == event["message"])?;
        self.kept.remove(at);
        Some(json!({"event": event["node"], "data": {}}))
    }

    fn enter(&mut self, place: Place) {
        if self.entered.insert(place.clone()) {
            self.walk.push(place.node);
        }
    }

    pub(in crate::tests) fn flush(&mut self, path: &Value) {
        for entry in path.as_array().unwrap() {
            self.enter(place(entry));
        }
    }

    /// By its key a service does its work once.
    fn served(&mut self, payload: &Value) -> Result<Map<String, Value>, String> {
        let place = place(payload);
        if let Some(answer) = self.ledger.get(&place.key()) {
            return answer.clone();
        }
        *self.effects.entry(place.key()).or_default() += 1;
        let answer = (self.services)(&place.key(), &place.node);
        self.ledger.insert(place.key(), answer.clone());
        answer
    }

    fn open_place(&mut self, token: &str, payload: &Value) -> Vec<Event> {
        let place = place(payload);
        let is_over = attached(payload)
            .is_some_and(|activity| self.is_left(&activity) || self.is_used_up(&place, payload));
        let is_known = self.rows.contains_key(&place);
        // A listener is entered with its activity, however soon that is left; later only while it is not.
        let is_first = self
            .rows
            .iter()
            .all(|(other, row)| other.node != place.node || attached(&row.payload) != attached(payload));
        let is_hidden = payload["hidden"] == true;
        let kept = if is_known { None } else { self.take_kept(payload) };
        if !is_known && !is_first && is_over && kept.is_none() {
            return vec![answered(token, json!({ "event": null, "entered": false }))];
        }
        if !is_hidden {
            self.enter(place.clone());
        }
        let row = self.rows.entry(place).or_insert_with(|| Row {
            token: String::new(),
            payload: payload.clone(),
            decided: None,
            is_closed: false,
        });
        row.token = token.to_owned();
        if kept.is_some() {
            row.decided = kept;
        }
        if is_over && row.decided.is_none() {
            row.decided = Some(json!({ "event": null }));
        }
        let answer = row.decided.clone();
        answer.map(|answer| answered(token, answer)).into_iter().collect()
    }

    /// Whether a visit of an activity or scope is over.
    fn is_left(&self, activity: &Place) -> bool {
        let row = self.rows.get(activity);
        let is_decided = row.is_some_and(|row| row.decided.is_some() || row.is_closed);
        self.released.contains(activity) || is_decided
    }

    /// Whether a cycle has occurred as often as it says.
    fn is_used_up(&self, place: &Place, payload: &Value) -> bool {
        let own = payload["events"].as_array().into_iter().flatten();
        let mut own = own.filter(|event| event["node"] == place.node.as_str());
        let cycle = own.next().and_then(|event| event["timer"]["timeCycle"].as_str());
        let times = cycle.and_then(|cycle| cycle.strip_prefix('R')?.split('/').next()?.parse().ok());
        let before = self.rows.iter().filter(|(other, row)| {
            other.node == place.node
                && other.visit < place.visit
                && attached(&row.payload) == attached(payload)
        });
        times.is_some_and(|times: usize| before.count() >= times)
    }

    pub(super) fn decide(&mut self, place: &Place, answer: &Answer) -> Vec<Event> {
        let row = self.rows.get_mut(place).unwrap();
        assert!(row.decided.is_none() && !row.is_closed);
        let value = match answer {
            Answer::Outcome { outcome, data } => json!({"outcome": outcome, "data": data}),
            Answer::Event { node, data } => json!({"event": node, "data": data}),
            Answer::Called { status, data } => json!({"event": place.node, "status": status, "data": data}),
            Answer::CallFailed => json!({"error": "CALL_TERMINATED"}),
        };
        row.decided = Some(value.clone());
        let mut events = vec![answered(&row.token, value)];
        events.extend(self.over());
        events
    }

    /// Answers the listeners whose activity or scope was left.
    fn over(&mut self) -> Vec<Event> {
        let over: Vec<Place> = self
            .rows
            .iter()
            .filter(|(_, row)| row.decided.is_none() && !row.is_closed)
            .filter(|(_, row)| attached(&row.payload).is_some_and(|activity| self.is_left(&activity)))
            .map(|(place, _)| place.clone())
            .collect();
        let mut events = Vec::new();
        for place in over {
            let row = self.rows.get_mut(&place).unwrap();
            row.decided = Some(json!({ "event": null }));
            events.push(answered(&row.token, json!({ "event": null })));
        }
        events
    }

    /// Each arrival counts once, and knows of those before it.
    fn arrive(&mut self, payload: &Value) -> Value {
        let arrivals = self.joins.entry(payload["join"].to_string()).or_default();
        let arrival = payload["arrival"].as_str().unwrap();
        let at = arrivals.iter().position(|(other, _)| other == arrival);
        let at = at.unwrap_or_else(|| {
            arrivals.push((arrival.to_owned(), payload["value"].clone()));
            arrivals.len() - 1
        });
        let arrived: Map<String, Value> = arrivals[..=at].iter().cloned().collect();
        json!({"count": at + 1, "arrived": arrived})
    }

    fn close_scope(&mut self, payload: &Value) -> (Value, Vec<Event>) {
        let mut answer = json!({"seq": payload["seq"], "visits": {}, "data": {}});
        if let Some(places) = payload["places"].as_object() {
            self.close_places(places, payload, &mut answer);
        }
        if let Some(node) = payload["release"]["node"].as_str() {
            let visit = payload["release"]["visit"].as_u64().unwrap();
            self.released.insert(Place {
                node: node.to_owned(),
                visit,
                ..place(payload)
            });
        }
        let events = self.over();
        (answer, events)
    }

    fn close_places(&mut self, places: &Map<String, Value>, payload: &Value, answer: &mut Value) {
        let since = payload["since"].as_u64().unwrap();
        let around = place(payload).iteration;
        let mut rows: Vec<(&Place, &mut Row)> = self
            .rows
            .iter_mut()
            .filter(|(place, row)| {
                places.contains_key(&place.node)
                    && row.payload["seq"].as_u64().unwrap() > since
                    && is_within(&place.iteration, &around)
            })
            .collect();
        rows.sort_by_key(|(_, row)| row.payload["seq"].as_u64());
        for node in payload["services"].as_array().into_iter().flatten() {
            let calls = self.entered.iter().filter(|call| node == call.node.as_str());
            let calls = calls.filter(|call| is_within(&call.iteration, &around));
            let highest = calls.map(|call| call.visit).max();
            if let (Some(node), Some(visit)) = (node.as_str(), highest) {
                answer["visits"][node] = json!(visit);
            }
        }
        for (place, row) in rows {
            row.is_closed |= row.decided.is_none();
            let seq = answer["seq"].as_u64().max(row.payload["seq"].as_u64());
            answer["seq"] = json!(seq);
            let visits = row.payload["state"]["visits"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            for (node, visit) in visits
                .into_iter()
                .chain([(place.node.clone(), json!(place.visit))])
            {
                let known = answer["visits"][&node].as_u64().max(visit.as_u64());
                answer["visits"][&node] = json!(known);
            }
            for field in places[&place.node].as_array().unwrap() {
                let field = field.as_str().unwrap();
                if let Some(value) = row.payload["state"]["data"].get(field) {
                    answer["data"][field] = value.clone();
                }
            }
        }
    }
}

/// The visit that a listener is attached to.
fn attached(payload: &Value) -> Option<Place> {
    let attached = payload.get("attached")?;
    Some(Place {
        node: attached["node"].as_str()?.to_owned(),
        visit: attached["visit"].as_u64()?,
        ..place(payload)
    })
}

fn is_within(iteration: &str, around: &str) -> bool {
    around.is_empty() || iteration == around || iteration.starts_with(&format!("{around}."))
}

fn succeeded(token: String, payload: Value) -> Event {
    let output = json!({"Payload": payload, "StatusCode": 200});
    Event::TaskSucceeded { token, output }
}

fn answered(token: &str, answer: Value) -> Event {
    let token = token.to_owned();
    match answer["error"].as_str() {
        Some(error) => Event::TaskFailed {
            token,
            error: Some(error.to_owned()),
            cause: None,
        },
        None => Event::TaskSucceeded {
            token,
            output: answer,
        },
    }
}
