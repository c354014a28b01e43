import type Docker from "dockerode";
import { ATTACHED, detach, execute, stillRuns } from "../../../lib/docker/execution.ts";
import { dockerStatus, isNotFound, UserError } from "../../../lib/errors.ts";

/** In the image: how whole databases are copied. */
const TRANSFER = "/usr/lib/dynoform/transfer";

/** In the image: who comes in by the server's socket. */
const OPERATOR = "operator";

/** What Postgres says of a database. */
export interface DatabaseStatus {
  /** Bytes. */
  readonly size: number;
  /** Sessions that are open. */
  readonly connections: number;
  /** Of the server: `17.6`. */
  readonly version: string;
  /** What it sorts by: `en_US.UTF-8`. */
  readonly collation: string;
  /** Whether indexes may be out of order: they were made by another version of the C library. */
  readonly outdated: boolean;
}

/** The platform's Postgres, which the control plane asks in its container: no password is needed, or could be seen. */
export interface Server {
  /** Undefined: there is none of this name. */
  status(database: string): Promise<DatabaseStatus | undefined>;
  /** Ends all sessions of a database. */
  disconnect(database: string): Promise<void>;
  /** Ends the sessions of one role. */
  dismiss(role: string): Promise<void>;
  /** Starts a transfer that outlives this process. @returns what `isRunning` finds it by */
  start(...args: readonly string[]): Promise<string>;
  isRunning(execution: string): Promise<boolean>;
  /** A short one, to its end. @throws UserError with what it said */
  transfer(...args: readonly string[]): Promise<void>;
}

export class PostgresContainer implements Server {
  readonly #docker: Docker;
  readonly #name: string;

  /** @param platform its name */
  constructor(docker: Docker, platform: string) {
    this.#docker = docker;
    this.#name = `${platform}-postgres`;
  }

  async status(database: string): Promise<DatabaseStatus | undefined> {
    const text = await this.#sql(
      `SELECT json_build_object('size', pg_database_size(d.oid), 'version', split_part(version(), ' ', 2),
         'collation', datcollate,
         'outdated', coalesce(datcollversion <> pg_database_collation_actual_version(d.oid), false),
         'connections', (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid))
       FROM pg_database d WHERE datname = :'database'`,
      { database },
    );
    return text === "" ? undefined : JSON.parse(text);
  }

  async disconnect(database: string): Promise<void> {
    const sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :'database'";
    await this.#sql(sql, { database });
  }

  async dismiss(role: string): Promise<void> {
    await this.#sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = :'role'", { role });
  }

  async start(...args: readonly string[]): Promise<string> {
    const exec = await this.#exec([TRANSFER, ...args], {});
    await detach(exec);
    return exec.id;
  }

  async isRunning(execution: string): Promise<boolean> {
    return stillRuns(async () => (await this.#docker.getExec(execution).inspect()).Running);
  }

  async transfer(...args: readonly string[]): Promise<void> {
    await this.#run([TRANSFER, ...args], "");
  }

  /** In the database `postgres`; `:'name'` stands for a variable as a literal. */
  #sql(text: string, variables: Readonly<Record<string, string>>): Promise<string> {
    const set = Object.entries(variables).map(([name, value]) => `--set=${name}=${value}`);
    const options = ["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1"];
    return this.#run(["psql", ...options, ...set, "--dbname=postgres"], text);
  }

  async #run(argv: readonly string[], input: string): Promise<string> {
    const { exitCode, stdout, stderr } = await execute(await this.#exec(argv, ATTACHED), input);
    if (exitCode !== 0) throw new UserError(stderr.trim() || `${argv[0]} ended with ${exitCode}`);
    return stdout.trim();
  }

  async #exec(argv: readonly string[], options: Docker.ExecCreateOptions): Promise<Docker.Exec> {
    try {
      return await this.#docker.getContainer(this.#name).exec({ Cmd: [...argv], User: OPERATOR, ...options });
    } catch (error) {
      if (!isNotFound(error) && dockerStatus(error) !== 409) throw error;
      throw new UserError(`Postgres (${this.#name}) does not run. \`npm run up\` starts it.`);
    }
  }
}
