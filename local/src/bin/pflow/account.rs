//! `pflow keys`, `pflow administrator`: what a deployment to an AWS account needs beside its template.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use aws_sdk_dynamodb::Client;
use local::administrator;
use local::secrets::Secrets;
use runtime::clients::{http_client_of, sdk_config};
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

/// Whose tables they are.
#[derive(Debug, clap::Args)]
pub(crate) struct Account {
    /// Leads the names of tables, queues and state machines
    #[arg(long, env = "PFLOW_PREFIX", default_value = "pflow-")]
    pub(crate) prefix: String,
    #[arg(long, env = "AWS_REGION")]
    region: String,
    #[arg(long, env = "AWS_ACCESS_KEY_ID")]
    access_key_id: String,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    secret_access_key: String,
    #[arg(long, env = "AWS_SESSION_TOKEN", hide_env_values = true)]
    session_token: Option<String>,
    /// Certificates that are trusted beside Amazon's
    #[arg(long, env = "AWS_CA_BUNDLE", value_name = "FILE")]
    ca_bundle: Option<String>,
}

impl Account {
    /// At another endpoint than AWS's own, where one is given.
    pub(crate) fn aws(self, endpoint_url: Option<String>) -> Aws {
        // An empty variable is how one unsets it in many places.
        let set = |text: &String| !text.is_empty();
        Aws {
            region: self.region,
            access_key_id: self.access_key_id,
            secret_access_key: SecretText(self.secret_access_key),
            session_token: self.session_token.filter(set).map(SecretText),
            endpoint_url: endpoint_url.filter(set),
            ca_bundle: self.ca_bundle.filter(set),
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Administrator {
    #[command(flatten)]
    account: Account,
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
    let prefix = arguments.account.prefix.clone();
    let aws = arguments.account.aws(arguments.endpoint);
    let client = Client::new(&sdk_config(&aws, http_client_of(&aws)?));
    let store = Store::new(client, prefix);
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
