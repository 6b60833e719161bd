//! `pflow keys`, `pflow administrator`: what a deployment to an AWS account needs beside its template.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use local::administrator;
use local::secrets::Secrets;
use runtime::clients::{http_client, sdk_config};
use runtime::config::{Aws, SecretText};
use store::Store;

#[derive(Debug, clap::Args)]
pub(crate) struct Keys {
    /// File to write, for its owner only: the template's parameters, as YAML
    file: PathBuf,
    /// Data folder of a home whose keys are to be taken instead of new ones, so that its tokens and submissions stay valid
    #[arg(long, value_name = "DIR")]
    of: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Administrator {
    /// Leads the names of the tables
    #[arg(long, env = "PFLOW_PREFIX", default_value = "pflow-")]
    prefix: String,
    #[arg(long, env = "AWS_REGION")]
    region: String,
    #[arg(long, env = "AWS_ACCESS_KEY_ID")]
    access_key_id: String,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true)]
    session_token: Option<String>,
    /// Another endpoint than AWS's own
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL")]
    endpoint: Option<String>,
    /// The password; made and printed once where it is not given
    #[arg(long, env = "PFLOW_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
}

pub(crate) fn keys(arguments: &Keys) -> Result<ExitCode> {
    let secrets = match &arguments.of {
        Some(folder) => Secrets::there(folder)?,
        None => Secrets::generate()?,
    };
    secrets.write_parameters(&arguments.file)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn administrator(arguments: Administrator) -> Result<ExitCode> {
    let aws = Aws {
        region: arguments.region,
        access_key_id: arguments.access_key_id,
        secret_access_key: SecretText(arguments.secret_access_key),
        session_token: arguments.session_token.map(SecretText),
        // An empty variable is how one unsets it in many places.
        endpoint_url: arguments.endpoint.filter(|url| !url.is_empty()),
        ca_bundle: None,
    };
    let client = Client::new(&sdk_config(&aws, http_client()));
    let store = Store::new(client, arguments.prefix);
    let given = arguments.admin_password.filter(|password| !password.is_empty());
    let made = administrator::create(&store, given.as_deref(), |password| {
        println!("The administrator is created. Shown this once: user admin, password {password}");
        Ok(())
    });
    if !made.await? {
        println!("There is an administrator already.");
    }
    Ok(ExitCode::SUCCESS)
}
