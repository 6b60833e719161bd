//! Files of the data folder are damaged after a kill: what was acknowledged is there, or the start says which file is
//! damaged and what helps. Nothing breaks off.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use storage::rusqlite::Connection;

use crate::pflow::{Folder, Pflow, command, run};
use crate::signed::{self, Aws, Service};

const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
/// What was acknowledged of each kind.
const OF_EACH: usize = 8;
const DATABASES: [&str; 3] = ["tables.db", "services.db", "states.db"];

/// A data folder as a kill left it.
async fn killed(folder: &Folder) -> PathBuf {
    let data = folder.path("killed");
    // The keys of the installation, too.
    let mut pflow = Pflow::start(&data);
    pflow.ready().await;
    let aws = Aws::new(pflow.aws_port);
    let mut calls = vec![
        (Service::DynamoDb, "CreateTable", signed::table()),
        (Service::States, "CreateStateMachine", signed::machine()),
    ];
    for n in 0..OF_EACH {
        let item = json!({ "pk": { "S": n.to_string() } });
        calls.push((
            Service::DynamoDb,
            "PutItem",
            json!({ "TableName": "tab", "Item": item }),
        ));
        calls.push((
            Service::Sqs,
            "CreateQueue",
            json!({ "QueueName": format!("q{n}") }),
        ));
        calls.push((
            Service::States,
            "StartExecution",
            json!({ "stateMachineArn": MACHINE, "name": format!("e{n}") }),
        ));
    }
    for (service, operation, body) in calls {
        assert_eq!(
            aws.json(service, operation, body).await.status(),
            200,
            "{operation}"
        );
    }
    assert_eq!(aws.rest("PUT", "s3", "/bucket", Vec::new()).await.status(), 200);
    let described = [("x-amz-meta-colour", "blue")];
    assert_eq!(
        aws.send("PUT", "s3", "/bucket/k", &described, b"object".to_vec())
            .await
            .status(),
        200
    );
    // What goes on in the background has come to rest.
    tokio::time::sleep(Duration::from_millis(500)).await;
    pflow.kill();
    data
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Whether the number-th thing in a database is there; `None`: it says so by an error.
async fn there(aws: &Aws, database: &str, n: usize) -> Option<bool> {
    let (service, operation, body, missing) = match database {
        "tables.db" => {
            let key = json!({ "TableName": "tab", "Key": { "pk": { "S": n.to_string() } } });
            (Service::DynamoDb, "GetItem", key, 400)
        }
        "services.db" => (
            Service::Sqs,
            "GetQueueUrl",
            json!({ "QueueName": format!("q{n}") }),
            400,
        ),
        _ => {
            let arn = format!("arn:aws:states:us-east-1:000000000000:execution:m:e{n}");
            (
                Service::States,
                "DescribeExecution",
                json!({ "executionArn": arn }),
                400,
            )
        }
    };
    let answer = aws.json(service, operation, body).await;
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    match status {
        200 => Some(database != "tables.db" || text.contains("Item")),
        status if status == missing => Some(false),
        _ => {
            assert!(
                status >= 500 && text.contains("__type"),
                "{database}: {status} {text}"
            );
            None
        }
    }
}

/// What a start made of a damaged folder.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// So many of each database are there, the first ones; `None`: it answers with errors.
    Serves([Option<usize>; 3]),
    /// It says that this is damaged.
    Refused(String),
}

async fn start(data: &Path, arguments: &[&str]) -> Outcome {
    let log = data.with_extension("log");
    let _ = std::fs::remove_file(&log);
    let mut pflow = Pflow::start_command(command(arguments, data), data);
    let serves = pflow.serves().await;
    let mut found = [Some(0); 3];
    if serves {
        let aws = Aws::new(pflow.aws_port);
        for (found, database) in found.iter_mut().zip(DATABASES) {
            let mut all = Vec::new();
            for n in 0..OF_EACH {
                all.push(there(&aws, database, n).await);
            }
            let whole: Option<Vec<bool>> = all.into_iter().collect();
            *found = whole.map(|all| {
                let first = all.iter().take_while(|there| **there).count();
                assert!(
                    all[first..].iter().all(|there| !there),
                    "{database} has a hole: {all:?}"
                );
                first
            });
        }
        let object = aws.rest("GET", "s3", "/bucket/k", Vec::new()).await;
        let status = object.status();
        let text = object.text().await.unwrap();
        assert!(status == 200 || text.contains("<Code>"), "{status} {text}");
    }
    drop(pflow);
    let told = std::fs::read_to_string(&log).unwrap();
    assert!(!told.contains("panicked"), "{told}");
    if serves {
        Outcome::Serves(found)
    } else {
        Outcome::Refused(told)
    }
}

struct Damage<'a> {
    killed: &'a Path,
    data: PathBuf,
}

impl Damage<'_> {
    /// Starts over a copy in which a file was changed.
    async fn of(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) -> Outcome {
        copy(self.killed, &self.data);
        let path = self.data.join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        start(&self.data, &["serve", "--no-gateway"]).await
    }
}

/// It names the file, and a way out.
fn refuses(outcome: &Outcome, file: &str) {
    let Outcome::Refused(told) = outcome else {
        panic!("{file}: {outcome:?}");
    };
    assert!(told.contains(file) && told.contains("restore"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_is_taken_as_far_as_it_was_synced_or_refused() {
    let folder = Folder::new();
    let killed = killed(&folder).await;
    let damage = Damage {
        killed: &killed,
        data: folder.path("data"),
    };
    let all = || Outcome::Serves([Some(OF_EACH); 3]);
    for database in DATABASES {
        let log = format!("aws/{database}-wal");
        assert!(
            std::fs::metadata(killed.join(&log)).unwrap().len() > 10_000,
            "{log}"
        );
        // A record that was on its way to the disk.
        assert_eq!(
            damage.of(&log, |log| log.extend([7; 5_000])).await,
            all(),
            "{log}"
        );
        assert_eq!(
            damage.of(&log, |log| log.extend([0; 5_000])).await,
            all(),
            "{log}"
        );
        refuses(&damage.of(&log, |log| log[3] ^= 1).await, &log);
        refuses(&damage.of(&log, |log| log[17] ^= 1).await, &log);
        let cut = damage.of(&log, |log| log.truncate(log.len() - 100)).await;
        assert!(matches!(cut, Outcome::Serves(_)), "{log}: {cut:?}");
        let middle = damage
            .of(&log, |log| {
                let at = log.len() / 2;
                log[at] ^= 1
            })
            .await;
        // Commits to the tables are synced many at a time, so nobody can tell; the others are.
        if database == "tables.db" {
            assert!(
                matches!(middle, Outcome::Serves(_))
                    || matches!(&middle, Outcome::Refused(told) if told.contains(database))
            );
        } else {
            refuses(&middle, &log);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_refused_or_answers_with_errors() {
    let folder = Folder::new();
    let killed = killed(&folder).await;
    // All is in the databases, and the logs are empty.
    for database in DATABASES {
        let connection = Connection::open(killed.join("aws").join(database)).unwrap();
        connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
    }
    let damage = Damage {
        killed: &killed,
        data: folder.path("data"),
    };
    assert_eq!(
        damage.of("lock", |_| {}).await,
        Outcome::Serves([Some(OF_EACH); 3])
    );
    for database in DATABASES {
        let file = format!("aws/{database}");
        refuses(&damage.of(&file, |bytes| bytes[0] ^= 1).await, database);
        refuses(&damage.of(&file, |bytes| bytes.fill(7)).await, database);
        let half = damage.of(&file, |bytes| bytes.truncate(bytes.len() / 2)).await;
        if let Outcome::Refused(_) = &half {
            refuses(&half, database);
        }
        assert!(
            !run(&["doctor"], &damage.data).status.success(),
            "{file}: the doctor finds nothing"
        );
        let mut place = 4_099;
        for _ in 0..6 {
            let changed = damage.of(&file, |bytes| {
                for _ in 0..20 {
                    place = (place * 7_919 + 31) % bytes.len();
                    bytes[place] ^= 0x5a;
                }
            });
            if let outcome @ Outcome::Refused(_) = changed.await {
                refuses(&outcome, database);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_keys_are_refused_and_all_else_is_made_anew() {
    let folder = Folder::new();
    let killed = killed(&folder).await;
    let damage = Damage {
        killed: &killed,
        data: folder.path("data"),
    };
    for content in ["", "{", "{}", "\u{0}\u{0}"] {
        copy(&killed, &damage.data);
        std::fs::write(damage.data.join("secrets.json"), content).unwrap();
        refuses(&start(&damage.data, &["serve"]).await, "secrets.json");
        let doctor = run(&["doctor"], &damage.data);
        let told = String::from_utf8_lossy(&doctor.stdout);
        assert!(told.contains("TROUBLE keys of the installation"), "{told}");
    }
    // A key that is one, and not this one's.
    copy(&killed, &damage.data);
    let keys = damage.data.join("secrets.json");
    let text = std::fs::read_to_string(&keys).unwrap();
    let mut keys_of: serde_json::Value = serde_json::from_str(&text).unwrap();
    keys_of["token_public_key"] = keys_of["submission_key"].clone();
    std::fs::write(&keys, keys_of.to_string()).unwrap();
    refuses(&start(&damage.data, &["serve"]).await, "secrets.json");

    let all = || Outcome::Serves([Some(OF_EACH); 3]);
    for file in ["lock", "aws/clock"] {
        assert_eq!(damage.of(file, |bytes| bytes.fill(0xff)).await, all(), "{file}");
        assert_eq!(damage.of(file, Vec::clear).await, all(), "{file}");
    }
    let objects: Vec<String> = std::fs::read_dir(killed.join("aws/objects"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    assert!(!objects.is_empty());
    for name in objects {
        let file = format!("aws/objects/{name}");
        for change in [
            |bytes: &mut Vec<u8>| bytes.fill(0xff),
            |bytes: &mut Vec<u8>| bytes.truncate(3),
            Vec::clear,
        ] {
            assert_eq!(damage.of(&file, change).await, all(), "{file}");
            let doctor = run(&["doctor"], &damage.data);
            let told = String::from_utf8_lossy(&doctor.stdout);
            assert!(told.contains("TROUBLE objects") && told.contains(&name), "{told}");
        }
    }
}
