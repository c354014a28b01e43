import { Backend } from "./backend.ts";
import { UserError } from "./errors.ts";
import { FileBucket } from "./file-bucket.ts";
import { PostgresBucket } from "./postgres-bucket.ts";
import { readPostgresUrl, withoutPassword } from "./postgres-url.ts";

/**
 * The backend of a URL; nothing is asked of it yet.
 *
 * @param workingDirectory where relative paths start
 * @param options `patient`: waits for a database that goes away for a while, the default
 * @throws UserError when it is no URL of a folder (`file://`) or of a database (`postgres://`)
 */
export function openBackend(url: string, workingDirectory: string, { patient = true } = {}): Backend {
  if (url.startsWith("file://")) return new Backend(url, new FileBucket(url, workingDirectory));
  if (url.startsWith("postgres://")) return new Backend(url, new PostgresBucket(readPostgresUrl(url), patient));
  throw new UserError(
    `the embedded engine keeps states in folders and in Postgres: '${withoutPassword(url)}' is no file:// or postgres:// ` +
      "URL; set PULUMI_BACKEND_URL=file://… or install the real CLI for other backends",
  );
}
