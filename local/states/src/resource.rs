//! What a task's ARN asks for.

/// How a task ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// With the answer of the call.
    Response,
    /// With what the call began. The second form gives its output as JSON.
    Sync { json: bool },
    /// When its token is answered.
    Token,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A function by its ARN, with the arguments as they are.
    Lambda,
    Activity,
    /// `states:startExecution`, which the service does itself.
    StartExecution(Pattern),
    Service {
        service: String,
        action: String,
        pattern: Pattern,
    },
}

impl Resource {
    pub(crate) fn parse(arn: &str) -> Self {
        let mut parts = arn.splitn(6, ':').skip(2);
        let (service, region, rest) = (parts.next(), parts.next(), parts.nth(1).unwrap_or_default());
        match (service, region) {
            (Some("lambda"), _) => Self::Lambda,
            (Some("states"), Some("")) => Self::integration(rest),
            (Some("states"), _) if rest.starts_with("activity:") => Self::Activity,
            _ => Self::integration(rest),
        }
    }

    fn integration(name: &str) -> Self {
        let suffixes = [
            (".waitForTaskToken", Pattern::Token),
            (".sync:2", Pattern::Sync { json: true }),
            (".sync", Pattern::Sync { json: false }),
        ];
        let found = suffixes
            .iter()
            .find_map(|(suffix, pattern)| Some((name.strip_suffix(suffix)?, *pattern)));
        let (call, pattern) = found.unwrap_or((name, Pattern::Response));
        if call == "states:startExecution" {
            return Self::StartExecution(pattern);
        }
        // A host that cannot wait for what it begins must see that it should.
        let suffix = match pattern {
            Pattern::Sync { json: true } => ".sync:2",
            Pattern::Sync { json: false } => ".sync",
            Pattern::Response | Pattern::Token => "",
        };
        let (service, action) = call.rsplit_once(':').unwrap_or((call, ""));
        Self::Service {
            service: service.to_owned(),
            action: format!("{action}{suffix}"),
            pattern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_tasks() {
        let service = |service: &str, action: &str, pattern| Resource::Service {
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
        };
        for (arn, meant) in [
            ("arn:aws:lambda:us-east-1:1:function:f", Resource::Lambda),
            ("arn:aws:states:us-east-1:1:activity:a", Resource::Activity),
            (
                "arn:aws:states:::lambda:invoke",
                service("lambda", "invoke", Pattern::Response),
            ),
            (
                "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                service("sqs", "sendMessage", Pattern::Token),
            ),
            (
                "arn:aws:states:::aws-sdk:dynamodb:getItem",
                service("aws-sdk:dynamodb", "getItem", Pattern::Response),
            ),
            (
                "arn:aws:states:::ecs:runTask.sync",
                service("ecs", "runTask.sync", Pattern::Sync { json: false }),
            ),
            (
                "arn:aws:states:::states:startExecution.sync:2",
                Resource::StartExecution(Pattern::Sync { json: true }),
            ),
            (
                "arn:aws:states:::states:startExecution.sync",
                Resource::StartExecution(Pattern::Sync { json: false }),
            ),
            (
                "arn:aws:states:::states:startExecution",
                Resource::StartExecution(Pattern::Response),
            ),
        ] {
            assert_eq!(Resource::parse(arn), meant, "{arn}");
        }
    }
}
