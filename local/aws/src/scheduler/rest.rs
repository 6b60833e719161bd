//! Scheduler's paths.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};

use super::{DEFAULT_GROUP, Scheduler};
use crate::AwsError;
use crate::lambda::decode;
use crate::route::{failure, parse, reply};

/// The operations that have a path here.
pub const OPERATIONS: &[&str] = &[
    "CreateSchedule",
    "CreateScheduleGroup",
    "DeleteSchedule",
    "DeleteScheduleGroup",
    "GetSchedule",
    "GetScheduleGroup",
    "ListScheduleGroups",
    "ListSchedules",
    "UpdateSchedule",
];

/// What a request asks for behind its path.
pub(super) struct Asked(Vec<(String, String)>);

impl Asked {
    fn of(query: Option<&str>) -> Self {
        let pairs = query.unwrap_or_default().split('&').filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decode(name), decode(&value.replace('+', " "))))
        });
        Self(pairs.collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }
}

impl Scheduler {
    /// `None`: the path is none of Scheduler's.
    pub(crate) async fn answer(&self, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
        let path = parts.uri.path().trim_matches('/');
        let (what, name) = path.split_once('/').unwrap_or((path, ""));
        if !["schedules", "schedule-groups"].contains(&what) || name.contains('/') {
            return None;
        }
        let name = decode(name);
        let body = match parse(body) {
            Ok(body) => body,
            Err(error) => return Some(failure(&error, &parts.headers)),
        };
        let asked = Asked::of(parts.uri.query());
        let group = asked
            .text("groupName")
            .unwrap_or_else(|| DEFAULT_GROUP.to_owned());
        let answer = match (&parts.method, what, name.as_str()) {
            (&Method::GET, "schedules", "") => self.list_schedules(&asked).await,
            (&Method::GET, "schedules", name) => self.get_schedule(name, &group).await,
            (&Method::POST, "schedules", name) => self.create_schedule(name, &body).await,
            (&Method::PUT, "schedules", name) => self.update_schedule(name, &body).await,
            (&Method::DELETE, "schedules", name) => self.delete_schedule(name, &group).await,
            (&Method::GET, _, "") => self.list_schedule_groups().await,
            (&Method::GET, _, name) => self.get_schedule_group(name).await,
            (&Method::POST, _, name) => self.create_schedule_group(name).await,
            (&Method::DELETE, _, name) => self.delete_schedule_group(name).await,
            (method, ..) => Err(AwsError::unknown_operation(&format!("{method} /{path}")).with_status(404)),
        };
        Some(match answer {
            Ok(answer) => reply(200, answer.to_string().into(), &parts.headers),
            Err(error) => failure(&error, &parts.headers),
        })
    }
}
