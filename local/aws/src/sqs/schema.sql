CREATE TABLE IF NOT EXISTS queues (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    attributes TEXT NOT NULL,
    tags TEXT NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    queue INTEGER NOT NULL REFERENCES queues (id),
    -- From when on it can be received.
    visible INTEGER NOT NULL,
    receives INTEGER NOT NULL DEFAULT 0,
    first_received INTEGER,
    sent INTEGER NOT NULL,
    id TEXT NOT NULL,
    -- Of a FIFO queue.
    grp TEXT,
    dedup TEXT,
    -- The queue that it was a dead letter of.
    source INTEGER,
    attributes TEXT,
    trace TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS messages_next ON messages (queue, visible, seq);
CREATE INDEX IF NOT EXISTS messages_order ON messages (queue, seq) WHERE grp IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_group ON messages (queue, grp, seq) WHERE grp IS NOT NULL;

-- What was sent to FIFO queues in the last minutes.
CREATE TABLE IF NOT EXISTS sent_before (
    queue INTEGER NOT NULL,
    dedup TEXT NOT NULL,
    sent INTEGER NOT NULL,
    message TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (queue, dedup)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS message_moves (
    handle TEXT PRIMARY KEY,
    source INTEGER NOT NULL,
    destination INTEGER,
    rate INTEGER,
    status TEXT NOT NULL,
    moved INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL,
    started INTEGER NOT NULL,
    failure TEXT
) STRICT;
