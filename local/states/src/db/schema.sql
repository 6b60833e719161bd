CREATE TABLE IF NOT EXISTS settings (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- Each text once; never changed, so that executions keep the one that they began with.
CREATE TABLE IF NOT EXISTS definitions (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  text TEXT NOT NULL
);

-- The row of a deleted machine stays, because executions are found by its name.
CREATE TABLE IF NOT EXISTS machines (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  deleted INTEGER NOT NULL,
  express INTEGER NOT NULL,
  definition INTEGER NOT NULL,
  role TEXT NOT NULL,
  revision TEXT,
  -- Logging, tracing and encryption, as they were given.
  configuration TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  last_version INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS versions (
  machine INTEGER NOT NULL,
  number INTEGER NOT NULL,
  definition INTEGER NOT NULL,
  role TEXT NOT NULL,
  revision TEXT,
  configuration TEXT NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  PRIMARY KEY (machine, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS aliases (
  machine INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  routing TEXT NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  PRIMARY KEY (machine, name)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS tags (
  arn TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (arn, name)
) WITHOUT ROWID;

-- Ids rise with the time of the start. Instants are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS executions (
  id INTEGER PRIMARY KEY,
  machine INTEGER NOT NULL,
  name TEXT NOT NULL,
  definition INTEGER NOT NULL,
  status INTEGER NOT NULL,
  started INTEGER NOT NULL,
  stopped INTEGER,
  -- When something is due.
  wake_at INTEGER,
  -- Tasks whose call has not been answered: their numbers, with commas.
  calls TEXT,
  -- The task that started it, an execution and the number of its task; whether it waits for the end (1), and with
  -- its output as JSON (2).
  parent INTEGER,
  parent_task INTEGER,
  waited_for INTEGER NOT NULL DEFAULT 0,
  version INTEGER,
  alias TEXT,
  trace TEXT,
  redrives INTEGER NOT NULL DEFAULT 0,
  redriven INTEGER,
  input TEXT NOT NULL,
  output TEXT,
  error TEXT,
  cause TEXT,
  -- The interpreter's.
  state BLOB
);
CREATE UNIQUE INDEX IF NOT EXISTS executions_named ON executions (machine, name);
CREATE INDEX IF NOT EXISTS executions_listed ON executions (machine, status, id);
CREATE INDEX IF NOT EXISTS executions_due ON executions (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS executions_calling ON executions (id) WHERE calls IS NOT NULL;
CREATE INDEX IF NOT EXISTS executions_ended ON executions (stopped) WHERE stopped IS NOT NULL;
CREATE INDEX IF NOT EXISTS executions_of_parent ON executions (parent) WHERE parent IS NOT NULL;

-- Each row the events of one burst of progress: a JSON array, in the shape of GetExecutionHistory.
CREATE TABLE IF NOT EXISTS history (
  execution INTEGER NOT NULL,
  first INTEGER NOT NULL,
  events TEXT NOT NULL,
  PRIMARY KEY (execution, first)
) WITHOUT ROWID;

-- What has to be told: a status to the bus, or (-1) the end to the parent.
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  execution INTEGER NOT NULL,
  kind INTEGER NOT NULL
);

-- Distributed Maps under way: the interpreter's command.
CREATE TABLE IF NOT EXISTS map_runs (
  execution INTEGER NOT NULL,
  task INTEGER NOT NULL,
  command TEXT NOT NULL,
  PRIMARY KEY (execution, task)
) WITHOUT ROWID;

-- Children of distributed Maps under way that have ended: the output, or nothing where they failed.
CREATE TABLE IF NOT EXISTS map_items (
  execution INTEGER NOT NULL,
  task INTEGER NOT NULL,
  item INTEGER NOT NULL,
  output TEXT,
  PRIMARY KEY (execution, task, item)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS activities (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL
);

-- Tasks that no worker took yet.
CREATE TABLE IF NOT EXISTS activity_tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  activity TEXT NOT NULL,
  execution INTEGER NOT NULL,
  task INTEGER NOT NULL,
  input TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS activity_tasks_offered ON activity_tasks (activity, id);
