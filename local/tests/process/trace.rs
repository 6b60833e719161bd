//! What a process wrote, synced and answered, as `strace -f -yy` tells it.

use std::collections::HashMap;

/// A call that began or came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Event {
    /// Something new is in a file, or a name in a folder; from here on it has to be synced.
    Written(String),
    SyncBegins(String),
    /// Of a file, or of a whole file system.
    SyncEnds(String),
    /// A success is on its way to the client.
    Answered,
}

/// What of a slice of a trace could be wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// So many files were written, and all of them synced before the answer.
    Durable(usize),
    NoAnswer,
    /// These were not on the disk when the answer left.
    Unsynced(Vec<String>),
}

/// Judges what happened up to the first answer from a port. `folder` is where the data is.
pub(crate) fn judge(trace: &str, folder: &str, port: u16) -> Verdict {
    // Of each file: whether what was written is still to be synced.
    let mut files: HashMap<String, bool> = HashMap::new();
    let mut syncing: HashMap<String, Vec<String>> = HashMap::new();
    for event in events(trace, folder, port) {
        match event {
            Event::Written(path) => {
                // A sync that has begun before may miss it.
                syncing
                    .values_mut()
                    .for_each(|covered| covered.retain(|one| *one != path));
                files.insert(path, true);
            }
            Event::SyncBegins(key) => {
                let (_, path) = key.split_once(' ').unwrap();
                let covers = |one: &&String| path == "*" || *one == path;
                let covered = files.keys().filter(covers).cloned().collect();
                syncing.insert(key, covered);
            }
            Event::SyncEnds(key) => {
                for path in syncing.remove(&key).unwrap_or_default() {
                    files.insert(path, false);
                }
            }
            Event::Answered => {
                let mut unsynced: Vec<String> = files
                    .iter()
                    .filter(|(_, is)| **is)
                    .map(|(path, _)| path.clone())
                    .collect();
                unsynced.sort();
                return match unsynced.is_empty() {
                    true => Verdict::Durable(files.len()),
                    false => Verdict::Unsynced(unsynced),
                };
            }
        }
    }
    Verdict::NoAnswer
}

fn events(trace: &str, folder: &str, port: u16) -> Vec<Event> {
    let mut under_way: HashMap<&str, String> = HashMap::new();
    let mut events = Vec::new();
    for line in trace.lines() {
        let Some((process, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let (begins, ends, call) = match (call.strip_suffix("<unfinished ...>"), call.starts_with("<... ")) {
            (Some(begun), _) => {
                under_way.insert(process, begun.to_owned());
                (true, false, begun.to_owned())
            }
            (None, true) => {
                let result = call.split_once("resumed>").map_or("", |(_, result)| result);
                let begun = under_way.remove(process).unwrap_or_default();
                (false, true, begun + result)
            }
            (None, false) => (true, true, call.to_owned()),
        };
        let Some((name, arguments)) = call.split_once('(') else {
            continue;
        };
        let failed = ends
            && call
                .rsplit_once(" = ")
                .is_some_and(|(_, result)| result.starts_with('-'));
        match name {
            "write" | "writev" | "sendto" | "sendmsg" if is_answer(arguments, port) && begins => {
                events.push(Event::Answered);
            }
            "write" | "writev" | "pwrite64" | "pwritev" if ends && !failed => {
                events.extend(path(arguments, folder).map(Event::Written));
            }
            "rename" | "renameat" | "renameat2" if ends && !failed => {
                let to = arguments.rsplit('"').nth(1).unwrap_or_default();
                if to.starts_with(folder) {
                    let parent = to.rsplit_once('/').map_or("", |(parent, _)| parent);
                    events.push(Event::Written(parent.to_owned()));
                }
            }
            "fsync" | "fdatasync" | "syncfs" => {
                let synced = match name {
                    "syncfs" => Some("*".to_owned()),
                    _ => path(arguments, folder),
                };
                let Some(synced) = synced else { continue };
                let key = format!("{process} {synced}");
                if begins {
                    events.push(Event::SyncBegins(key.clone()));
                }
                if ends && !failed {
                    events.push(Event::SyncEnds(key));
                }
            }
            _ => {}
        }
    }
    events
}

/// The file that the first argument stands for, if it holds data: `7</data/aws/tables.db-wal>`.
fn path(arguments: &str, folder: &str) -> Option<String> {
    let path = arguments.split_once('<')?.1.split_once('>')?.0;
    // The index of a log is made anew from the log.
    let is_data = path.starts_with(folder) && !path.ends_with("-shm");
    is_data.then(|| path.to_owned())
}

fn is_answer(arguments: &str, port: u16) -> bool {
    arguments.contains(&format!("<TCP:[127.0.0.1:{port}->")) && arguments.contains("\"HTTP/1.1 2")
}

#[test]
fn a_trace_is_judged() {
    let wal = "/data/aws/x.db-wal";
    let write = format!("7 pwrite64(9<{wal}>, \"..\"..., 4096, 32) = 4096\n");
    let sync = format!("7 fdatasync(9<{wal}>) = 0\n");
    let answer =
        "8 sendto(12<TCP:[127.0.0.1:4566->127.0.0.1:5]>, \"HTTP/1.1 200 OK\"..., 90, 0, NULL, 0) = 90\n";
    let other = answer.replace("4566", "8000");
    let begun = sync.replace(") = 0", " <unfinished ...>");
    let ended = "7 <... fdatasync resumed>) = 0\n";
    let failed = sync.replace("= 0", "= -1 EIO (Input/output error)");
    let elsewhere = sync.replace("x.db", "y.db");
    let written_beside = write.replacen('7', "6", 1);
    let whole = "7 syncfs(9</data/aws/objects>) = 0\n";
    let renamed = "7 rename(\"/data/aws/objects/t\", \"/data/aws/objects/b/k\") = 0\n";
    let unsynced = || Verdict::Unsynced(vec![wal.to_owned()]);
    let check = |lines: &[&str], expected: Verdict| {
        assert_eq!(judge(&lines.concat(), "/data/", 4566), expected, "{lines:?}");
    };
    check(&[&write, &sync, answer], Verdict::Durable(1));
    check(&[&write, &other, &sync, answer], Verdict::Durable(1));
    check(&[&write, &begun, ended, answer], Verdict::Durable(1));
    check(&[&write, whole, answer], Verdict::Durable(1));
    check(&[&write, &sync], Verdict::NoAnswer);
    check(&[&write, answer, &sync], unsynced());
    check(&[&sync, &write, answer], unsynced());
    check(&[&write, &failed, answer], unsynced());
    check(&[&write, &elsewhere, answer], unsynced());
    check(&[&write, &begun, answer, ended], unsynced());
    check(&[&write, &begun, &written_beside, ended, answer], unsynced());
    check(
        &[whole, renamed, answer],
        Verdict::Unsynced(vec!["/data/aws/objects/b".to_owned()]),
    );
    check(&[renamed, whole, answer], Verdict::Durable(1));
}
