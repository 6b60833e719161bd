//! What follows the sources of all mappings, as they come and go.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Mapping, Source};
use crate::lambda::Lambda;

/// After something failed, before it is tried again.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// Batches of a queue that are handled side by side, where the mapping does not say.
const SIDE_BY_SIDE: i64 = 5;

/// A mapping that is followed, as it was when that began.
struct Followed {
    mapping: Arc<Mapping>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Lambda {
    /// Follows the sources, for ever.
    pub(crate) async fn run_mappings(self: &Arc<Self>) {
        let mut followed: HashMap<String, Followed> = HashMap::new();
        loop {
            let wanted: HashMap<String, Arc<Mapping>> = self
                .mappings
                .all()
                .into_iter()
                .filter(|mapping| mapping.is_enabled())
                .map(|mapping| (mapping.id.clone(), mapping))
                .collect();
            // What has changed is stopped first, and begun anew when it has ended.
            let stays = |one: &Followed| {
                wanted
                    .get(&one.mapping.id)
                    .is_some_and(|mapping| mapping.configuration == one.mapping.configuration)
            };
            let gone: Vec<String> = followed
                .iter()
                .filter(|(_, one)| !stays(one))
                .map(|(id, _)| id.clone())
                .collect();
            for id in gone {
                if let Some(mut one) = followed.remove(&id) {
                    let _ = one.stop.send(true);
                    while one.tasks.join_next().await.is_some() {}
                }
            }
            for (id, mapping) in wanted {
                // As it stands by now.
                let mapping = self.mappings.get(&id).unwrap_or(mapping);
                followed.entry(id).or_insert_with(|| self.follow(mapping));
            }
            self.mappings.changed.notified().await;
        }
    }

    fn follow(self: &Arc<Self>, mapping: Arc<Mapping>) -> Followed {
        let stop = watch::Sender::new(false);
        let mut tasks = JoinSet::new();
        match mapping.source.clone() {
            Source::Queue(arn) => {
                let most = mapping
                    .configuration
                    .scaling_config
                    .and_then(|scaling| scaling.maximum_concurrency);
                for _ in 0..most.unwrap_or(SIDE_BY_SIDE) {
                    let (lambda, mapping, arn) = (Arc::clone(self), Arc::clone(&mapping), arn.clone());
                    let stop = stop.subscribe();
                    tasks.spawn(async move { lambda.follow_queue(&mapping, &arn, stop).await });
                }
            }
            Source::Stream(table) => {
                let (lambda, mapping, stop) = (Arc::clone(self), Arc::clone(&mapping), stop.subscribe());
                tasks.spawn(async move { lambda.follow_stream(&mapping, &table, stop).await });
            }
        }
        Followed { mapping, stop, tasks }
    }
}
