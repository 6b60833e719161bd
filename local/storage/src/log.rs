//! The write-ahead log beside a database, looked at before SQLite does. SQLite takes what is whole of it and says nothing
//! of the rest: after a crash that is right, since the rest was not synced and nobody was told. Damage is something else.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Without its last bit, which says in which order the words of sums are read.
const MAGIC: u32 = 0x377f_0682;

/// What was found in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// Commits that are whole.
    pub commits: u64,
    /// Commits behind the first frame that is not: SQLite takes none of them.
    pub lost: u64,
}

/// The log's file, of a database.
pub(crate) fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// Reads a log. `None`: its head is damaged, and nobody can tell what was in it.
///
/// # Errors
///
/// The file cannot be read; one that is not there is an empty one.
pub fn examine(log: &Path) -> io::Result<Option<Log>> {
    let file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(Log::default())),
        Err(error) => return Err(error),
    };
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    // Made and never written to: nobody was told of anything.
    if !filled(&mut file, &mut header)? || header == [0; HEADER] {
        return Ok(Some(Log::default()));
    }
    let Some((mut sums, page, salts)) = head(&header) else {
        return Ok(None);
    };
    let mut frame = vec![0; FRAME_HEADER + page];
    let (mut found, mut whole) = (Log::default(), true);
    while filled(&mut file, &mut frame)? {
        let (head, content) = frame.split_at(FRAME_HEADER);
        let is_commit = word(head, 1, false) != 0;
        // Frames of an earlier round are behind those of this one.
        if [word(head, 2, false), word(head, 3, false)] != salts {
            whole = false;
            continue;
        }
        if whole {
            let after = sums.over(head.get(..8).unwrap_or_default()).over(content);
            whole = [word(head, 4, false), word(head, 5, false)] == after.values;
            sums = after;
        }
        match (is_commit, whole) {
            (true, true) => found.commits += 1,
            (true, false) => found.lost += 1,
            (false, _) => {}
        }
    }
    Ok(Some(found))
}

/// Sums, size of pages and salts, if the head is whole.
fn head(header: &[u8; HEADER]) -> Option<(Sums, usize, [u32; 2])> {
    let at = |index| word(header, index, false);
    let sums = Sums {
        values: [0, 0],
        little: at(0) & 1 == 0,
    };
    let sums = sums.over(header.get(..24)?);
    let page = usize::try_from(at(2)).ok()?;
    let whole = at(0) & !1 == MAGIC
        && [at(6), at(7)] == sums.values
        && page.is_power_of_two()
        && (512..=65536).contains(&page);
    whole.then_some((sums, page, [at(4), at(5)]))
}

/// SQLite's running sums over the frames.
#[derive(Clone, Copy)]
struct Sums {
    values: [u32; 2],
    little: bool,
}

impl Sums {
    fn over(mut self, bytes: &[u8]) -> Self {
        let [mut one, mut two] = self.values;
        for pair in bytes.chunks_exact(8) {
            one = one.wrapping_add(word(pair, 0, self.little)).wrapping_add(two);
            two = two.wrapping_add(word(pair, 1, self.little)).wrapping_add(one);
        }
        self.values = [one, two];
        self
    }
}

/// The word at an index, counted in words.
fn word(bytes: &[u8], index: usize, little: bool) -> u32 {
    let bytes = bytes.get(index * 4..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| match little {
        true => u32::from_le_bytes(*bytes),
        false => u32::from_be_bytes(*bytes),
    })
}

/// Whether there were enough bytes.
fn filled(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
