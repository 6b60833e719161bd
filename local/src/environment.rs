//! The variables that tell a function of its deployment: what the template gives it on AWS, given to the gateway and to
//! functions in processes of their own.

use std::collections::BTreeMap;

use runtime::config;

use crate::platform::Options;
use crate::secrets::Secrets;

/// By name. All functions have the same; the template gives the key that signs tokens to those alone that issue them.
pub type Environment = BTreeMap<&'static str, String>;

pub(crate) fn of(
    options: &Options,
    secrets: &Secrets,
    endpoint_url: &str,
    submissions_queue_url: &str,
) -> Environment {
    let mut environment = Environment::from([
        (config::PREFIX, options.prefix.clone()),
        (config::SUBMISSIONS_QUEUE_URL, submissions_queue_url.to_owned()),
        (
            config::STATE_MACHINE_ROLE_ARN,
            "arn:aws:iam::000000000000:role/pflow-state-machines".to_owned(),
        ),
        (config::TOKEN_PUBLIC_KEY, secrets.token_public_key.clone()),
        (config::TOKEN_PRIVATE_KEY, secrets.token_private_key.clone()),
        (config::SUBMISSION_KEY, secrets.submission_key.clone()),
        ("AWS_REGION", options.region.clone()),
        ("AWS_ACCESS_KEY_ID", options.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", options.secret_access_key.clone()),
        ("AWS_ENDPOINT_URL", endpoint_url.to_owned()),
    ]);
    if let Some(time_zone) = &options.time_zone {
        environment.insert(config::TIME_ZONE, time_zone.clone());
    }
    environment
}
