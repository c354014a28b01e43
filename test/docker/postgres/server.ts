import { randomBytes } from "node:crypto";
import { join } from "node:path";
import Docker from "dockerode";
import pg from "pg";
import { buildImage, readContext } from "../../../images/build.ts";
import { POSTGRES_CAPABILITIES } from "../../../infra/platform/postgres.ts";
import { ATTACHED, execute } from "../../../lib/docker/execution.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { baseImage, IMAGES_OWNER } from "../../support/images.ts";
import { until } from "../../support/until.ts";

interface Passwords {
  readonly superuser: string;
  readonly provisioner: string;
}

export function randomPasswords(): Passwords {
  return { superuser: randomBytes(16).toString("hex"), provisioner: randomBytes(16).toString("hex") };
}

/** The platform's Postgres in a container as `Platform` declares it, with a volume that outlives containers. */
export class PostgresServer implements AsyncDisposable {
  readonly docker = new Docker();
  /** What would be the platform's name. */
  readonly platform = `postgres-test-${randomBytes(4).toString("hex")}`;
  readonly #name = `${this.platform}-postgres`;
  /** Where backups go; empty: nowhere. */
  #backups = "";
  #container: Docker.Container | undefined;
  #port = 0;
  #passwords: Passwords = { superuser: "", provisioner: "" };

  /** @param backups the folder for them */
  static async start(passwords = randomPasswords(), backups = ""): Promise<PostgresServer> {
    const server = new PostgresServer();
    server.#backups = backups;
    try {
      await server.begin(passwords);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get container(): Docker.Container {
    if (this.#container === undefined) throw new Error("the server has no container");
    return this.#container;
  }

  get port(): number {
    return this.#port;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: "127.0.0.1", port: this.#port };
  }

  get passwords(): Passwords {
    return this.#passwords;
  }

  /** A new container on the volume; the one before is removed. */
  async begin(passwords: Passwords, env: readonly string[] = []): Promise<void> {
    await this.#container?.remove({ force: true });
    this.#passwords = passwords;
    const { superuser, provisioner } = passwords;
    this.#container = await this.docker.createContainer({
      name: this.#name,
      Image: await postgresImage(this.docker),
      Env: [`POSTGRES_PASSWORD=${superuser}`, `PROVISIONER_PASSWORD=${provisioner}`, ...env],
      ExposedPorts: { "5432/tcp": {} },
      HostConfig: {
        CapDrop: ["ALL"],
        CapAdd: [...POSTGRES_CAPABILITIES],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: 256 << 20,
        Binds: [
          `${this.#name}:/var/lib/postgresql`,
          ...(this.#backups === "" ? [] : [`${this.#backups}:/var/lib/backups`]),
        ],
        PortBindings: { "5432/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      },
    });
    await this.#container.start();
    await this.ready();
  }

  /** Waits until it takes connections; the port changes with each start. */
  async ready(): Promise<void> {
    await until("Postgres answers", async () => {
      const { State, NetworkSettings } = await this.container.inspect();
      if (!State.Running) throw new Error(`Postgres ended: ${await this.log()}`);
      this.#port = Number(NetworkSettings.Ports["5432/tcp"]?.[0]?.HostPort ?? 0);
      return this.query("postgres", "SELECT 1").then(
        () => true,
        () => false,
      );
    });
  }

  /** Runs SQL as a role, by default the superuser. */
  async query(database: string, sql: string, user = "postgres", password?: string): Promise<pg.QueryResult> {
    const own = user === "provisioner" ? this.#passwords.provisioner : this.#passwords.superuser;
    const client = new pg.Client({ host: "127.0.0.1", port: this.#port, database, user, password: password ?? own });
    // A server that ends under us is what some tests are about.
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end().catch(() => {});
    }
  }

  /** A database as the provisioner makes an app's: an owner that cannot log in, and a login that becomes it. */
  async addDatabase(name: string, { template = "template_app", locale = "en_US.UTF-8" } = {}): Promise<void> {
    for (const sql of [
      `CREATE ROLE ${name} NOLOGIN`,
      `CREATE ROLE ${name}_1 LOGIN PASSWORD 'secret' IN ROLE ${name}`,
      `ALTER ROLE ${name}_1 SET role TO ${name}`,
      `CREATE DATABASE ${name} OWNER ${name} TEMPLATE ${template} LC_COLLATE '${locale}' LC_CTYPE '${locale}'`,
      `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`,
    ]) {
      await this.query("postgres", sql, "provisioner");
    }
  }

  /** Runs SQL as an app does. */
  app(database: string, sql: string): Promise<pg.QueryResult> {
    return this.query(database, sql, `${database}_1`, "secret");
  }

  /** Runs a command in the container. */
  async run(argv: readonly string[], { input = "", user = "operator", env = [] as readonly string[] } = {}) {
    return execute(await this.container.exec({ Cmd: [...argv], User: user, Env: [...env], ...ATTACHED }), input);
  }

  /** All it said since the container was made. */
  async log(): Promise<string> {
    return (await this.container.logs({ stdout: true, stderr: true, follow: false })).toString("latin1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container?.remove({ force: true });
    await this.docker
      .getVolume(this.#name)
      .remove()
      .catch(() => {});
  }
}

/** Built on the tests' base image; Docker's cache makes it in a moment while its folder stays the same. */
async function postgresImage(docker: Docker): Promise<string> {
  const tag = `${IMAGES_OWNER}/postgres:test`;
  const files = await readContext(join(packageRoot(), "images/postgres"));
  await buildImage(docker, { tag, files, args: { BASE: await baseImage(docker) } });
  return tag;
}
