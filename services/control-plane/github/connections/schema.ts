/** The tables of this part, oldest form first. Times are milliseconds since 1970; credentials are sealed. */
export const STEPS: readonly string[] = [
  `
  CREATE TABLE github_connection (
    account TEXT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    base_url TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('app', 'token', 'device')),
    login TEXT,
    page TEXT,
    credential BLOB NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  `,
  "ALTER TABLE github_connection ADD COLUMN forge TEXT NOT NULL DEFAULT 'github'",
];
