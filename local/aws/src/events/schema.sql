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
-- When rules with a schedule are due next. Those that are disabled are not here.
CREATE TABLE IF NOT EXISTS rule_schedules (
    bus TEXT NOT NULL,
    name TEXT NOT NULL,
    expression TEXT NOT NULL,
    -- From when on a rate counts.
    begun INTEGER NOT NULL,
    next INTEGER NOT NULL,
    PRIMARY KEY (bus, name)
) STRICT;
