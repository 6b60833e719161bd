CREATE TABLE IF NOT EXISTS functions (
    name TEXT PRIMARY KEY,
    -- What CreateFunction was given, without the code.
    configuration TEXT NOT NULL,
    -- Statements of AddPermission, by their id.
    policy TEXT NOT NULL DEFAULT '{}',
    modified INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS event_source_mappings (
    id TEXT PRIMARY KEY,
    -- What CreateEventSourceMapping was given, and changed since.
    configuration TEXT NOT NULL,
    modified INTEGER NOT NULL,
    -- Of a stream: behind the last record that was done with.
    position INTEGER
) STRICT;
