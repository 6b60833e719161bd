//! State machines. Their names tell their content, and their definitions name functions without an account: each is made
//! again as it is.

use anyhow::{Context, Result};

use super::Sides;

pub(super) struct Machines {
    pub(super) count: usize,
    /// What an ARN of the account begins with, up to the name; none where no machine was made.
    place: Option<String>,
}

impl Machines {
    /// The ARN of the account's machine of the same name.
    pub(super) fn there(&self, arn: &str) -> String {
        match (&self.place, arn.rsplit_once(':')) {
            (Some(place), Some((_, name))) => format!("{place}:{name}"),
            _ => arn.to_owned(),
        }
    }
}

pub(super) async fn copy(sides: &Sides, role: &str) -> Result<Machines> {
    let mut pages = sides
        .here
        .sfn
        .list_state_machines()
        .into_paginator()
        .items()
        .send();
    let mut machines = Machines {
        count: 0,
        place: None,
    };
    while let Some(machine) = pages.next().await {
        let machine = machine?;
        if !machine.name.starts_with(&sides.prefix) {
            continue;
        }
        let arn = create(sides, role, &machine.name, &machine.state_machine_arn)
            .await
            .with_context(|| format!("cannot make the state machine {} in the account", machine.name))?;
        machines.count += 1;
        machines.place = arn.rsplit_once(':').map(|(place, _)| place.to_owned());
    }
    Ok(machines)
}

/// Makes one, unless it is there; gives its ARN.
async fn create(sides: &Sides, role: &str, name: &str, here: &str) -> Result<String> {
    let described = sides.here.sfn.describe_state_machine().state_machine_arn(here);
    let definition = described.send().await?.definition;
    let create = sides.there.sfn.create_state_machine().name(name);
    let created = create.definition(definition).role_arn(role).send().await?;
    Ok(created.state_machine_arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_the_same_name_in_the_account() {
        let mut machines = Machines {
            count: 1,
            place: Some("arn:aws:states:eu-west-1:123456789012:stateMachine".to_owned()),
        };
        let here = "arn:aws:states:us-east-1:000000000000:stateMachine:pflow-leave-0123456789ab";
        assert_eq!(
            machines.there(here),
            "arn:aws:states:eu-west-1:123456789012:stateMachine:pflow-leave-0123456789ab"
        );
        machines.place = None;
        assert_eq!(machines.there(here), here);
    }
}
