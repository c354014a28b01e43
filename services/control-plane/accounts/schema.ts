/** The tables of this part, oldest form first. Times are milliseconds since 1970; secrets are kept as hashes only. */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE account (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    password TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    last_login INTEGER
  ) STRICT;

  CREATE TABLE authorization (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    used_at INTEGER
  ) STRICT;
  CREATE INDEX authorization_account ON authorization (account);

  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX session_account ON session (account);

  CREATE TABLE app_owner (
    app TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE
  ) STRICT;
  CREATE TABLE collaborator (
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app, account)
  ) STRICT;

  CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    invited_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE failed_login (
    kind TEXT NOT NULL,
    who BLOB NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX failed_login_who ON failed_login (kind, who, at);

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    account TEXT,
    email TEXT,
    via TEXT,
    authorization TEXT,
    source TEXT,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    app TEXT,
    status INTEGER NOT NULL,
    request TEXT,
    dry_run INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX audit_app ON audit (app, id);
  `,
  `
  CREATE TABLE favorite (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    app TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, app)
  ) STRICT;
  `,
];
