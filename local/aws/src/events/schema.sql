CREATE TABLE IF NOT EXISTS buses (
    name TEXT PRIMARY KEY,
    created INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS rules (
    bus TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What PutRule was given.
    rule TEXT NOT NULL,
    targets TEXT NOT NULL,
    PRIMARY KEY (bus, name)
) STRICT;
