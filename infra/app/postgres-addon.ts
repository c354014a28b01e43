import * as postgresql from "@pulumi/postgresql";
import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { generation, POSTGRES_PLANS, type PostgresPlan, postgresPlan } from "../../model/app/postgres-plans.ts";
import { contentHash } from "../../model/content.ts";
import { anyAppName, attachmentName } from "../../model/names.ts";
import type { EnvironmentEntry } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { transformed } from "../transform.ts";
import { appKey } from "./key.ts";
import { createLogin, databaseUrl, type PostgresTransform, postgresServer, waitFor } from "./postgres-login.ts";

/** In the platform's image: what databases begin as, with what `pg:ps` and `pg:kill` need. */
const TEMPLATE = "template_app";

/** That of the template. It sorts as Heroku does. */
const LOCALE = "en_US.UTF-8";

export interface PostgresAddonArgs {
  readonly platform: PlatformConnection;
  /** The id of the app: with the add-on's it names the database, so it must not change when the app is renamed. */
  readonly app: string;
  /**
   * What the database is attached as: `DATABASE` gives `DATABASE_URL`.
   * @default "DATABASE"
   */
  readonly attachment?: string;
  /**
   * What names the database, with the app's id: keep it when you attach the database by another name.
   * @default the attachment
   */
  readonly id?: string;
  /** @default "mini" */
  readonly plan?: PostgresPlan;
  /**
   * Raise it to rotate the credentials: a new login role and password stand beside the old ones until no dyno uses
   * those any more.
   * @default 1
   */
  readonly generation?: number;
  /**
   * Keys the hash that names the database.
   * @default `dynoform:key` of the stack's configuration
   */
  readonly key?: string;
  /** Changes resources before they are registered. @default nothing is changed */
  readonly transform?: PostgresTransform;
}

/**
 * A database of the app's own in the platform's Postgres. A role that cannot log in owns it; the app logs in as a role
 * under that one (and becomes it at once, so that whatever it makes belongs to the owner); nobody else may connect.
 *
 * @example
 * const database = new PostgresAddon("shop-database", { platform, app: "shop" });
 * const environment = { [database.variable]: database.entry };
 * new Dyno("shop-web.1", { platform, app: "shop", type: "web", index: 1, command: "uwsgi uwsgi.ini", image, slug: "v1", environment });
 */
export class PostgresAddon extends pulumi.ComponentResource {
  /** The environment variable, e.g. `DATABASE_URL`. */
  readonly variable: string;
  /** The database's name. */
  readonly database: string;
  /** The login role. */
  readonly user: string;
  /** `postgres://…`, for dynos; a secret. */
  readonly url: pulumi.Output<string>;
  /** The variable's value with its version, for the environment of an `App` or a `Dyno`. */
  readonly entry: EnvironmentEntry;

  constructor(name: string, args: PostgresAddonArgs, opts?: pulumi.ComponentResourceOptions) {
    const { attachment, id, plan, version, key } = checkArgs(name, args);
    super("dynoform:index:PostgresAddon", name, {}, opts);
    const { platform, transform = {} } = args;
    this.variable = `${attachment}_URL`;
    this.database = `d${contentHash(key, { app: args.app, attachment: id })}`;
    this.user = `${this.database}_${version}`;

    const dependsOn = waitFor(opts?.dependsOn, platform.ready);
    const provider = postgresServer(name, platform, { parent: this, dependsOn }, transform);
    const child = { parent: this, provider };
    const holding: postgresql.RoleArgs = { name: this.database, login: false };
    const owner = new postgresql.Role(`${name}-owner`, ...transformed(transform.role, `${name}-owner`, holding, child));
    const { connections } = POSTGRES_PLANS[plan];
    const login = createLogin(
      name,
      { user: this.user, owner: owner.name, generation: version, connections, transform },
      child,
    );
    const sorted: postgresql.DatabaseArgs = {
      name: this.database,
      owner: owner.name,
      template: TEMPLATE,
      lcCollate: LOCALE,
      lcCtype: LOCALE,
    };
    const database = new postgresql.Database(
      name,
      // One that is there already sorts as it does: another locale would be another, empty database.
      ...transformed(transform.database, name, sorted, {
        ...child,
        ignoreChanges: ["template", "lcCollate", "lcCtype"],
      }),
    );
    const none: postgresql.GrantArgs = {
      database: database.name,
      objectType: "database",
      role: "public",
      privileges: [],
    };
    const closed = new postgresql.Grant(
      `${name}-public`,
      // A Grant that replaces another revokes what it granted itself, unless the old one goes first.
      ...transformed(transform.grant, `${name}-public`, none, { ...child, deleteBeforeReplace: true }),
    );

    // The URL waits for all of it, so that no dyno starts before its database is there and closed to others.
    this.url = pulumi.secret(
      pulumi
        .all([login.role.name, login.password, database.name, closed.id])
        .apply(([user, password, path]) => databaseUrl(user, password, path, platform)),
    );
    this.entry = { value: this.url, version: `postgresql ${this.database} ${version}` };
    this.registerOutputs({ variable: this.variable, database: this.database, user: this.user });
  }
}

function checkArgs(name: string, args: PostgresAddonArgs) {
  const problems = new Problems();
  const at = `PostgresAddon ${name}:`;
  const { attachment = "DATABASE", id = attachment, plan = "mini", generation: version = 1 } = args;
  anyAppName(args.app, `${at} app`, problems);
  attachmentName(attachment, `${at} attachment`, problems);
  if (args.id !== undefined) attachmentName(id, `${at} id`, problems);
  postgresPlan(plan, `${at} plan`, problems);
  generation(version, `${at} generation`, problems);
  const key = appKey(args.key, problems);
  problems.check();
  return { attachment, id, plan, version, key: key ?? "" };
}
