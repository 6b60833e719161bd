CREATE TABLE IF NOT EXISTS functions (
    name TEXT PRIMARY KEY,
    -- What CreateFunction was given, without the code.
    configuration TEXT NOT NULL,
    -- Statements of AddPermission, by their id.
    policy TEXT NOT NULL DEFAULT '{}',
    modified INTEGER NOT NULL
) STRICT;
