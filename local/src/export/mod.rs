//! `pflow export-to-aws`: what is in this home into an account, where the template has made tables and queues. What was open
//! here goes on there: the account's sweeper finds that the executions are missing, and starts them where they stand.

mod machines;
mod messages;
mod objects;
mod tables;

use std::path::Path;

use anyhow::{Context, Result, ensure};
use aws_types::SdkConfig;
use runtime::clients::{http_client_of, sdk_config};
use runtime::config::{Aws, SecretText};

use crate::clients::GatewayClients;
use crate::data::DataFolder;
use crate::home::OwnHome;

/// Those of the process alone: nobody else can ask it.
const OWN_CREDENTIALS: (&str, &str) = ("export", "export");

/// The account.
#[derive(Debug)]
pub struct Target {
    pub aws: Aws,
    /// What the account's state machines run as.
    pub state_machine_role: String,
}

#[derive(Debug)]
pub struct What<'a> {
    pub data: &'a Path,
    /// Leads the names, here and there.
    pub prefix: &'a str,
    /// Also over what is there already.
    pub over: bool,
}

/// Both sides of the copy.
struct Sides {
    here: GatewayClients,
    there: GatewayClients,
    prefix: String,
}

/// Copies everything; the home stays as it is. Nothing must run on the data folder meanwhile.
pub async fn run(what: What<'_>, target: Target, tell: impl Fn(&str)) -> Result<()> {
    let data = what.data;
    ensure!(
        data.join("secrets.json").exists(),
        "there is no data in {}",
        data.display()
    );
    let folder = DataFolder::take(data)?;
    let own = OwnHome::open(folder.path(), &target.aws.region, OWN_CREDENTIALS, None).await?;
    own.functions.complete();
    let here = here(&own, &target.aws.region);
    let there = sdk_config(&target.aws, http_client_of(&target.aws)?);
    let sides = Sides {
        here: GatewayClients::new(&here),
        there: GatewayClients::new(&there),
        prefix: what.prefix.to_owned(),
    };
    tables::check(&sides, what.over).await?;
    // What rows name is there before the rows are.
    let machines = machines::copy(&sides, &target.state_machine_role).await?;
    tell(&format!("{} state machines", machines.count));
    for (name, count) in objects::copy(&here, &there, target.aws.endpoint_url.is_some()).await? {
        tell(&format!("{name}: {count} objects"));
    }
    tables::copy(&sides, &machines, &tell).await?;
    messages::copy(&sides, &own.home, &tell).await?;
    go_on(&sides, &tell).await
}

fn here(own: &OwnHome, region: &str) -> SdkConfig {
    let aws = Aws {
        region: region.to_owned(),
        access_key_id: OWN_CREDENTIALS.0.to_owned(),
        secret_access_key: SecretText(OWN_CREDENTIALS.1.to_owned()),
        session_token: None,
        endpoint_url: Some("http://127.0.0.1".to_owned()),
        ca_bundle: None,
    };
    sdk_config(&aws, own.home.http_client())
}

/// Lets the account's sweeper look at everything at once, and not when it is time for each.
async fn go_on(sides: &Sides, tell: &impl Fn(&str)) -> Result<()> {
    use aws_sdk_lambda::error::ProvideErrorMetadata;
    use aws_sdk_lambda::primitives::Blob;
    let name = format!("{}sweep", sides.prefix);
    let sweep = sides.there.lambda.invoke().function_name(&name);
    match sweep.payload(Blob::new(r#"{"all":true}"#)).send().await {
        Ok(_) => tell("what was open goes on"),
        Err(error) if error.code() == Some("ResourceNotFoundException") => tell(&format!(
            "there is no function {name}: what was open goes on when the platform starts"
        )),
        Err(error) => {
            return Err(error).with_context(|| format!("everything is copied, but {name} cannot be called"));
        }
    }
    Ok(())
}
