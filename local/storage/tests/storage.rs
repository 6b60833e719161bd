//! What `Storage` promises, on a real file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use storage::rusqlite::{Connection, Error, params};
use storage::{Storage, StorageError};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS numbers (n INTEGER PRIMARY KEY, text TEXT NOT NULL)";
/// Where the writing process of the kill test keeps its database.
const CHILD: &str = "STORAGE_TEST_CHILD";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("storage-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn open(&self) -> Storage {
        Storage::open(&self.0.join("test.db"), SCHEMA).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn insert(n: i64) -> impl FnOnce(&Connection) -> Result<usize, Error> + Send + 'static {
    move |connection| {
        connection
            .prepare_cached("INSERT INTO numbers VALUES (?1, ?2)")?
            .execute(params![n, "x".repeat(100)])
    }
}

async fn numbers(storage: &Storage) -> Vec<i64> {
    let read = storage.read(|connection| {
        let mut statement = connection.prepare("SELECT n FROM numbers ORDER BY n")?;
        statement.query_map([], |row| row.get(0))?.collect()
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_wait_share_a_commit() {
    let folder = Folder::new();
    let storage = folder.open();
    let first = {
        let storage = storage.clone();
        tokio::spawn(async move {
            // Holds the writer while the others queue up.
            let slow = storage.write(|_| {
                std::thread::sleep(Duration::from_millis(300));
                Ok(())
            });
            slow.await
        })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    let writes: Vec<_> = (0..500)
        .map(|n| {
            let storage = storage.clone();
            tokio::spawn(async move { storage.write(insert(n)).await })
        })
        .collect();
    first.await.unwrap().unwrap();
    for write in writes {
        assert_eq!(write.await.unwrap().unwrap(), 1);
    }
    let counts = storage.counts();
    assert_eq!(counts.writes, 501);
    assert!(counts.commits <= 10, "{counts:?}");
    assert_eq!(numbers(&storage).await, (0..500).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_write_undoes_itself_alone() {
    let folder = Folder::new();
    let storage = folder.open();
    let hold = storage.write(|_| {
        std::thread::sleep(Duration::from_millis(100));
        Ok(())
    });
    let broken = storage.write(|connection| {
        insert(2)(connection)?;
        // The same key once more.
        insert(1)(connection)
    });
    let panics = storage.write(|connection| -> Result<(), Error> {
        insert(4)(connection)?;
        panic!("a mistake in a change")
    });
    let (_, one, broken, panics, three) = tokio::join!(
        hold,
        storage.write(insert(1)),
        broken,
        panics,
        storage.write(insert(3))
    );
    one.unwrap();
    three.unwrap();
    assert!(matches!(broken, Err(StorageError::Statement(_))), "{broken:?}");
    assert!(matches!(panics, Err(StorageError::Abandoned)), "{panics:?}");
    assert_eq!(numbers(&storage).await, [1, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_is_on_the_disk_and_a_copy_is_whole() {
    let folder = Folder::new();
    let storage = folder.open();
    for n in 0..10 {
        storage.write(insert(n)).await.unwrap();
    }
    let copy = folder.0.join("copy.db");
    storage.copy_to(&copy).await.unwrap();
    storage.write(insert(10)).await.unwrap();
    drop(storage);
    let copy = Storage::open(&copy, SCHEMA).unwrap();
    assert_eq!(numbers(&copy).await, (0..10).collect::<Vec<_>>());
    assert_eq!(numbers(&folder.open()).await, (0..11).collect::<Vec<_>>());
}

#[test]
fn readers_cannot_write() {
    let folder = Folder::new();
    let storage = folder.open();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let result = runtime.block_on(storage.read(|c| insert(1)(c)));
    assert!(matches!(result, Err(StorageError::ReadOnly(_))), "{result:?}");
    assert_eq!(storage.write_blocking(insert(1)).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_database_refuses_and_goes_on_when_there_is_room() {
    let folder = Folder::new();
    let storage = folder.open();
    let pages = |limit: u32| move |c: &Connection| c.pragma_update(None, "max_page_count", limit);
    storage.write(pages(20)).await.unwrap();
    let mut kept = Vec::new();
    let refused = loop {
        let n = i64::try_from(kept.len()).unwrap();
        match storage.write(insert(n)).await {
            Ok(_) => kept.push(n),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StorageError::Full(_)), "{refused:?}");
    assert_eq!(
        refused.to_string(),
        "the disk is full: free some space, then try again"
    );
    storage.write(pages(1_000_000)).await.unwrap();
    assert_eq!(numbers(&storage).await, kept);
    storage.write(insert(100_000)).await.unwrap();
}

#[test]
fn what_is_no_database_is_said_so() {
    let folder = Folder::new();
    let path = folder.0.join("test.db");
    std::fs::write(&path, "not a database, but longer than the header of one would be, which is a hundred bytes long; so there.")
        .unwrap();
    let error = Storage::open(&path, SCHEMA).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot open the database {}", path.display())
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "the database is damaged: restore it from a backup");
    let error = Storage::open(&folder.0.join("missing/test.db"), SCHEMA).unwrap_err();
    assert!(matches!(error, StorageError::Open { .. }), "{error:?}");
}

/// A process writes and says what was answered; it is killed; what it said must be there.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "tells the writing process from the test"
)]
fn what_was_answered_survives_a_kill() {
    if let Ok(folder) = std::env::var(CHILD) {
        return write_for_ever(Path::new(&folder));
    }
    let folder = Folder::new();
    let mut answered = Vec::new();
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_answered_survives_a_kill", "--nocapture"])
            .env(CHILD, &folder.0)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines
            .map_while(Result::ok)
            .filter_map(|line| line.trim().parse::<i64>().ok());
        let mut count = 0;
        for n in said {
            answered.push(n);
            count += 1;
            if count == 100 + round * 37 {
                child.kill().unwrap();
            }
        }
        assert!(!child.wait().unwrap().success());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let found = runtime.block_on(numbers(&folder.open()));
    let lost: Vec<_> = answered
        .iter()
        .filter(|n| found.binary_search(n).is_err())
        .collect();
    assert!(answered.len() > 500 && lost.is_empty(), "lost {lost:?}");
}

fn write_for_ever(folder: &Path) {
    use std::io::Write;
    let storage = Storage::open(&folder.join("test.db"), SCHEMA).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let begun = runtime.block_on(numbers(&storage)).last().map_or(0, |n| n + 1);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let storage = storage.clone();
            runtime.spawn(async move {
                for n in (begun + writer..).step_by(8) {
                    storage.write(insert(n)).await.unwrap();
                    // One write call, so that lines are whole.
                    std::io::stdout().write_all(format!("{n}\n").as_bytes()).unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        runtime.block_on(writer).unwrap();
    }
}

/// A database as a crash leaves it: ten numbers were acknowledged, all of them are in the log alone.
struct Crashed(Folder);

impl Crashed {
    fn new() -> Self {
        let (alive, folder) = (Folder::new(), Folder::new());
        let storage = alive.open();
        for n in 0..10 {
            storage.write_blocking(insert(n)).unwrap();
        }
        for file in ["test.db", "test.db-wal"] {
            std::fs::copy(alive.0.join(file), folder.0.join(file)).unwrap();
        }
        Self(folder)
    }

    fn database(&self) -> PathBuf {
        self.0.0.join("test.db")
    }

    /// Changes the log, and tells what is found then.
    fn with_log(&self, change: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<i64>, StorageError> {
        let path = self.0.0.join("test.db-wal");
        let mut log = std::fs::read(&path).unwrap();
        change(&mut log);
        std::fs::write(&path, log).unwrap();
        let storage = Storage::open(&self.database(), SCHEMA)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        Ok(runtime.block_on(numbers(&storage)))
    }
}

#[test]
fn a_log_that_ends_too_early_is_taken_as_far_as_it_was_synced() {
    let all: Vec<i64> = (0..10).collect();
    assert_eq!(Crashed::new().with_log(|_| {}).unwrap(), all);
    // What was on its way to the disk, and nobody was told of.
    assert_eq!(Crashed::new().with_log(|log| log.extend([7; 1000])).unwrap(), all);
    assert_eq!(Crashed::new().with_log(|log| log.extend([0; 9000])).unwrap(), all);
    let torn = |log: &mut Vec<u8>| {
        let last = log.get(log.len() - 4120..).unwrap().to_vec();
        log.extend(&last[..3000]);
    };
    assert_eq!(Crashed::new().with_log(torn).unwrap(), all);
    let whole_and_wrong = |log: &mut Vec<u8>| log.extend(log.get(log.len() - 4120..).unwrap().to_vec());
    assert_eq!(Crashed::new().with_log(whole_and_wrong).unwrap(), all);
    // Nobody can tell whether the last one was synced.
    let cut = Crashed::new()
        .with_log(|log| log.truncate(log.len() - 1))
        .unwrap();
    assert_eq!(cut, all[..9]);
}

#[test]
fn a_damaged_log_is_said_so_and_nothing_is_dropped_silently() {
    let damaged = |at: fn(usize) -> usize| {
        let crashed = Crashed::new();
        let found = crashed.with_log(|log| {
            let at = at(log.len());
            log[at] ^= 0x10;
        });
        let error = found.unwrap_err();
        assert!(
            matches!(&error, StorageError::Log { path } if path.ends_with("test.db-wal")),
            "{error:?}"
        );
        assert!(error.to_string().contains("restore the database from a backup"));
    };
    damaged(|_| 0);
    damaged(|_| 9);
    damaged(|_| 20);
    damaged(|_| 31);
    damaged(|length| length / 2);
    damaged(|length| length - 3 * 4120 + 100);
}

#[test]
fn no_damage_of_a_log_breaks_off_and_what_is_found_is_what_was_there_once() {
    let mut dice: u64 = 11;
    let mut roll = move |limit: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(dice >> 33).unwrap() % limit
    };
    for _ in 0..60 {
        let found = Crashed::new().with_log(|log| {
            for _ in 0..=roll(3) {
                let at = roll(log.len());
                log[at] = u8::try_from(roll(256)).unwrap();
            }
            if roll(3) == 0 {
                log.truncate(roll(log.len()));
            }
        });
        if let Ok(found) = found {
            let whole: Vec<i64> = (0..i64::try_from(found.len()).unwrap()).collect();
            assert_eq!(found, whole);
        }
    }
}
