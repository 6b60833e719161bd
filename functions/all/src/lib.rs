//! All services of the platform, for those who need the whole: the gateway, the template, the OpenAPI document, the
//! tests. A function's binary depends on its own service only.

use runtime::{Endpoint, Handler, Service};

pub fn services() -> Vec<Service> {
    vec![
        identity::service(),
        forms::service(),
        workflows::service(),
        tickets::service(),
        tasks::service(),
        events::service(),
        commerce::service(),
        system::service(),
    ]
}

pub fn endpoints() -> Vec<Endpoint> {
    services()
        .into_iter()
        .flat_map(|service| service.endpoints)
        .collect()
}

pub fn handlers() -> Vec<Handler> {
    services()
        .into_iter()
        .flat_map(|service| service.handlers)
        .collect()
}
