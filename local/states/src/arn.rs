//! ARNs of this region and account: made and read here only.

use crate::AwsError;

/// Whose resources they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    prefix: String,
    pub(crate) region: String,
    pub(crate) account: String,
}

/// A state machine by name, with the version or alias that the ARN names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineArn<'a> {
    pub(crate) name: &'a str,
    pub(crate) qualifier: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExecutionArn<'a> {
    pub(crate) machine: &'a str,
    pub(crate) name: &'a str,
}

impl Partition {
    pub(crate) fn new(region: &str, account: &str) -> Self {
        Self {
            prefix: format!("arn:aws:states:{region}:{account}"),
            region: region.to_owned(),
            account: account.to_owned(),
        }
    }

    pub(crate) fn machine(&self, name: &str) -> String {
        format!("{}:stateMachine:{name}", self.prefix)
    }

    pub(crate) fn execution(&self, machine: &str, name: &str) -> String {
        format!("{}:execution:{machine}:{name}", self.prefix)
    }

    pub(crate) fn express(&self, machine: &str, name: &str, id: &str) -> String {
        format!("{}:express:{machine}:{name}:{id}", self.prefix)
    }

    pub(crate) fn activity(&self, name: &str) -> String {
        format!("{}:activity:{name}", self.prefix)
    }

    pub(crate) fn map_run(&self, machine: &str, state: &str, id: &str) -> String {
        format!("{}:mapRun:{machine}/{state}:{id}", self.prefix)
    }

    /// What follows the resource's type. `None`: of another region or account, where nothing is known.
    fn resource<'a>(&self, arn: &'a str, kind: &str) -> Result<Option<&'a str>, AwsError> {
        let invalid = |why: String| AwsError::new("InvalidArn", format!("Invalid Arn: '{why}'"));
        let mut parts = arn.splitn(7, ':');
        let (arn_, partition, service) = (parts.next(), parts.next(), parts.next());
        if (arn_, partition, service) != (Some("arn"), Some("aws"), Some("states")) {
            return Err(invalid(format!("Invalid ARN prefix: {arn}")));
        }
        let (region, account, found) = (parts.next(), parts.next(), parts.next().unwrap_or_default());
        if found != kind {
            return Err(invalid(format!(
                "Resource type not valid in this context: {found}"
            )));
        }
        let Some(rest) = parts.next().filter(|rest| !rest.is_empty()) else {
            return Err(invalid(format!("Invalid ARN: {arn}")));
        };
        let ours = (region, account) == (Some(self.region.as_str()), Some(self.account.as_str()));
        Ok(ours.then_some(rest))
    }

    pub(crate) fn read_machine<'a>(&self, arn: &'a str) -> Result<Option<MachineArn<'a>>, AwsError> {
        let resource = self.resource(arn, "stateMachine")?;
        Ok(resource.map(|resource| match resource.split_once(':') {
            Some((name, qualifier)) => MachineArn {
                name,
                qualifier: Some(qualifier),
            },
            None => MachineArn {
                name: resource,
                qualifier: None,
            },
        }))
    }

    pub(crate) fn read_execution<'a>(&self, arn: &'a str) -> Result<Option<ExecutionArn<'a>>, AwsError> {
        if arn.contains(":express:") {
            return Err(AwsError::new(
                "InvalidArn",
                "Invalid Arn: 'Resource type not valid in this context: express'",
            ));
        }
        let resource = self.resource(arn, "execution")?;
        let Some(resource) = resource else { return Ok(None) };
        let (machine, name) = resource
            .split_once(':')
            .ok_or_else(|| AwsError::new("InvalidArn", format!("Invalid Arn: 'Invalid ARN: {arn}'")))?;
        Ok(Some(ExecutionArn { machine, name }))
    }

    pub(crate) fn read_activity<'a>(&self, arn: &'a str) -> Result<Option<&'a str>, AwsError> {
        self.resource(arn, "activity")
    }
}

/// Names of machines, executions, activities: 1 to 80 characters, without those that AWS forbids.
pub(crate) fn check_name(name: &str) -> Result<(), AwsError> {
    let forbidden = |c: char| {
        c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c) || c == '\u{10ffff}'
    };
    let length = name.chars().count();
    if length == 0 || length > 80 {
        let limit = if length == 0 {
            "Member must have length greater than or equal to 1"
        } else {
            "Member must have length less than or equal to 80"
        };
        return Err(AwsError::constraint("name", &format!("'{name}'"), limit));
    }
    if name.contains(forbidden) {
        return Err(AwsError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_read_as_they_are_made() {
        let ours = Partition::new("us-east-1", "000000000000");
        let execution = ours.execution("m", "e");
        assert_eq!(execution, "arn:aws:states:us-east-1:000000000000:execution:m:e");
        let read = ours.read_execution(&execution).unwrap().unwrap();
        assert_eq!((read.machine, read.name), ("m", "e"));
        let machine = ours.read_machine("arn:aws:states:us-east-1:000000000000:stateMachine:m:3");
        let machine = machine.unwrap().unwrap();
        assert_eq!((machine.name, machine.qualifier), ("m", Some("3")));
        let elsewhere = Partition::new("eu-west-1", "000000000000");
        assert_eq!(elsewhere.read_machine(&ours.machine("m")), Ok(None));
        for wrong in [
            "m",
            "arn:aws:states:us-east-1:000000000000:stateMachine:m",
            "arn:aws:sqs:us-east-1:000000000000:q",
            "arn:aws:states:us-east-1:000000000000:execution:m",
            "arn:aws:states:us-east-1:000000000000:express:m:e:1",
        ] {
            let error = ours.read_execution(wrong).unwrap_err();
            assert_eq!(error.code, "InvalidArn", "{wrong}");
        }
    }

    #[test]
    fn names_are_those_that_aws_takes() {
        for (name, taken) in [
            ("order-1_2.3", true),
            ("审批", true),
            ("", false),
            ("a b", false),
            ("a:b", false),
            ("a/b", false),
        ] {
            assert_eq!(check_name(name).is_ok(), taken, "{name}");
        }
        assert!(check_name(&"n".repeat(80)).is_ok() && check_name(&"n".repeat(81)).is_err());
    }
}
