//! Following a table's stream: in order, and a batch that fails again and again, until it succeeds or is given up.

use std::collections::HashSet;
use std::time::Duration;

use serde_json::{Value, json};
use storage::rusqlite::params;
use uuid::Uuid;

use super::batch::Outcome;
use super::run::PAUSE;
use super::{Mapping, Source};
use crate::AwsError;
use crate::deliveries::{self, Policy};
use crate::dynamodb::Position;
use crate::lambda::Lambda;
use crate::server::{Stop, stopped};
use crate::service::set;

/// The longest pause before a batch is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Records that are to be done with together.
struct Batch {
    records: Vec<Value>,
    tries: i64,
}

impl Lambda {
    /// Until it is stopped; where it stands is noted after each batch.
    pub(super) async fn follow_stream(&self, mapping: &Mapping, table: &str, mut stop: Stop) {
        let mut position = mapping.position.unwrap_or_default();
        loop {
            let found = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                found = self.next_records(mapping, table, position) => found,
            };
            let handled = match found {
                Ok(records) => {
                    self.handle_records(mapping, records, &mut position, &mut stop)
                        .await
                }
                Err(error) => Err(error),
            };
            match handled {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(table, error = %error, "cannot follow the stream");
                    tokio::select! {
                        () = stopped(&mut stop) => return,
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
        }
    }

    async fn next_records(
        &self,
        mapping: &Mapping,
        table: &str,
        after: Position,
    ) -> Result<Vec<Value>, AwsError> {
        let most = mapping.batch_size();
        let mut found = self.dynamodb.follow(table, after, most).await?;
        if found.records.len() < most && mapping.window_seconds() > 0 {
            tokio::time::sleep(Duration::from_secs(mapping.window_seconds())).await;
            found = self.dynamodb.follow(table, after, most).await?;
        }
        let mut records = found.records;
        for record in &mut records {
            set(
                record,
                "eventSourceARN",
                mapping.configuration.event_source_arn.clone(),
            );
        }
        Ok(records)
    }

    /// Moves the position on with what is done, until all is, or it is stopped.
    async fn handle_records(
        &self,
        mapping: &Mapping,
        records: Vec<Value>,
        position: &mut Position,
        stop: &mut Stop,
    ) -> Result<(), AwsError> {
        // The next one is the last.
        let mut batches = vec![Batch { records, tries: 0 }];
        while let Some(batch) = batches.pop() {
            let Some(end) = batch.records.last().map(Position::behind) else {
                continue;
            };
            let Some(failed) = self.try_batch(mapping, &batch).await? else {
                self.advance(mapping, end).await?;
                *position = end;
                continue;
            };
            if let Some(done) = failed.done {
                self.advance(mapping, done).await?;
                *position = done;
            }
            let Batch { mut records, tries } = failed.again;
            if records.len() > 1 && mapping.bisects() {
                let second = records.split_off(records.len() / 2);
                batches.push(Batch {
                    records: second,
                    tries,
                });
                batches.push(Batch { records, tries });
                continue;
            }
            batches.push(Batch { records, tries });
            let pause = PAUSE.saturating_mul(u32::try_from(tries).unwrap_or(u32::MAX));
            tokio::select! {
                () = stopped(stop) => return Ok(()),
                () = tokio::time::sleep(pause.min(LONGEST_PAUSE)) => {}
            }
        }
        Ok(())
    }

    /// `None`: it is done with, or given up.
    async fn try_batch(&self, mapping: &Mapping, batch: &Batch) -> Result<Option<Failed>, AwsError> {
        let (old, fresh): (Vec<Value>, Vec<Value>) = batch
            .records
            .iter()
            .cloned()
            .partition(|record| self.is_too_old(mapping, record));
        if !old.is_empty() {
            self.give_up(mapping, &old, "RecordAgeExceeded", batch.tries)
                .await?;
        }
        let wanted: Vec<Value> = fresh
            .iter()
            .filter(|record| mapping.wants(record))
            .cloned()
            .collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let ids: HashSet<String> = wanted.iter().map(sequence_number).collect();
        let outcome = self.run_batch(mapping, wanted, &ids).await;
        // All that come before the first that failed are done.
        let done = match &outcome {
            Outcome::Done => return Ok(None),
            Outcome::Failed => 0,
            Outcome::Partly(failed) => {
                let first = fresh
                    .iter()
                    .position(|record| failed.contains(&sequence_number(record)));
                first.unwrap_or(0)
            }
        };
        let (before, again) = fresh.split_at(done.min(fresh.len()));
        let tries = batch.tries + 1;
        let most = mapping.configuration.maximum_retry_attempts.unwrap_or(-1);
        let bisects = mapping.bisects() && again.len() > 1;
        if most >= 0 && tries > most && !bisects {
            self.give_up(mapping, again, "RetryAttemptsExhausted", tries)
                .await?;
            return Ok(None);
        }
        Ok(Some(Failed {
            done: before.last().map(Position::behind),
            again: Batch {
                records: again.to_vec(),
                // Splitting does not count.
                tries: if bisects { batch.tries } else { tries },
            },
        }))
    }

    fn is_too_old(&self, mapping: &Mapping, record: &Value) -> bool {
        let most = mapping.configuration.maximum_record_age_in_seconds.unwrap_or(-1);
        most >= 0 && self.clock.now() / 1000 - created(record) > most
    }

    /// Tells the destination which records were not handled. It is told where they are, not what they are.
    async fn give_up(
        &self,
        mapping: &Mapping,
        records: &[Value],
        condition: &str,
        tries: i64,
    ) -> Result<(), AwsError> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(());
        };
        tracing::error!(
            function = mapping.function,
            records = records.len(),
            condition,
            "records were given up"
        );
        let Some(destination) = mapping.failure_destination() else {
            return Ok(());
        };
        let shard = match &mapping.source {
            Source::Stream(table) => dynoxide::streams::shard_id(table),
            Source::Queue(_) => String::new(),
        };
        let time = |seconds: i64| {
            jiff::Timestamp::from_second(seconds)
                .map(|time| time.to_string())
                .unwrap_or_default()
        };
        let told = json!({
            "requestContext": {
                "requestId": Uuid::new_v4().to_string(),
                "functionArn": self.arn(&mapping.function),
                "condition": condition,
                "approximateInvokeCount": tries,
            },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "version": "1.0",
            "timestamp": time(self.clock.now() / 1000),
            "DDBStreamBatchInfo": {
                "shardId": shard,
                "startSequenceNumber": sequence_number(first),
                "endSequenceNumber": sequence_number(last),
                "approximateArrivalOfFirstRecord": time(created(first)),
                "approximateArrivalOfLastRecord": time(created(last)),
                "batchSize": records.len(),
                "streamArn": mapping.configuration.event_source_arn,
            },
        });
        let prepared = deliveries::prepare(&self.sqs, destination, told.to_string(), None, Policy::events());
        self.deliveries.submit(&self.sqs, prepared).await
    }

    /// Notes where a mapping stands.
    async fn advance(&self, mapping: &Mapping, position: Position) -> Result<(), AwsError> {
        let id = mapping.id.clone();
        self.storage
            .write(move |connection| {
                connection
                    .prepare_cached("UPDATE event_source_mappings SET position = ?1 WHERE id = ?2")?
                    .execute(params![i64::from(position), id])
            })
            .await?;
        self.mappings.advance(&mapping.id, position);
        Ok(())
    }
}

/// What is left of a batch that failed.
struct Failed {
    /// Behind what was done.
    done: Option<Position>,
    again: Batch,
}

fn sequence_number(record: &Value) -> String {
    let number = record.pointer("/dynamodb/SequenceNumber");
    number.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Seconds since 1970.
fn created(record: &Value) -> i64 {
    let at = record.pointer("/dynamodb/ApproximateCreationDateTime");
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a date")]
    at.and_then(Value::as_f64).map_or(0, |seconds| seconds as i64)
}
