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
