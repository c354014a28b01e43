import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { generation, POSTGRES_PLANS } from "../../model/app/postgres-plans.ts";
import { contentHash } from "../../model/content.ts";
import { anyAppName, attachmentName } from "../../model/names.ts";
import type { EnvironmentEntry } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { appKey } from "./key.ts";
import type { DatabaseOutput } from "./postgres-login.ts";
import { createLogin, databaseUrl, type PostgresTransform, postgresServer, waitFor } from "./postgres-login.ts";

export interface PostgresAttachmentArgs {
  readonly platform: PlatformConnection;
  /** The id of the app that it is attached to. */
  readonly app: string;
  /** What it is attached as: `ORDERS` gives `ORDERS_URL`. */
  readonly attachment: string;
  /** What the app that owns it made. */
  readonly database: DatabaseOutput;
  /**
   * Raise it to rotate this app's credentials.
   * @default 1
   */
  readonly generation?: number;
  /**
   * Keys the hash that names the role.
   * @default `dynoform:key` of the stack's configuration
   */
  readonly key?: string;
  /** Changes resources before they are registered. @default nothing is changed */
  readonly transform?: PostgresTransform;
}

/**
 * A database of another app. The app has a login role of its own under the owner's role, so it is attached, rotated
 * and detached without a change of the other app.
 *
 * @example
 * new PostgresAttachment("blog-orders", { platform, app: "blog", attachment: "ORDERS", database: shop.databases.DATABASE });
 */
export class PostgresAttachment extends pulumi.ComponentResource {
  /** The environment variable, e.g. `ORDERS_URL`. */
  readonly variable: string;
  /** The login role. */
  readonly user: string;
  /** The variable's value with its version, for the environment of an `App` or a `Dyno`. */
  readonly entry: EnvironmentEntry;

  constructor(name: string, args: PostgresAttachmentArgs, opts?: pulumi.ComponentResourceOptions) {
    const { key, version } = checkArgs(name, args);
    super("dynoform:index:PostgresAttachment", name, {}, opts);
    const { platform, app, attachment, transform } = args;
    const { database } = args.database;
    this.variable = `${attachment}_URL`;
    this.user = `${database}_${contentHash(key, { app, attachment })}_${version}`;

    const dependsOn = waitFor(opts?.dependsOn, platform.ready);
    const provider = postgresServer(name, platform, { parent: this, dependsOn }, transform);
    const { connections } = POSTGRES_PLANS.mini;
    const login = createLogin(
      name,
      { user: this.user, owner: database, generation: version, connections, transform },
      { parent: this, provider },
    );
    const url = pulumi
      .all([login.role.name, login.password])
      .apply(([user, password]) => databaseUrl(user, password, database, platform));
    this.entry = { value: pulumi.secret(url), version: `postgresql ${this.user}` };
    this.registerOutputs({ variable: this.variable, user: this.user });
  }
}

function checkArgs(name: string, args: PostgresAttachmentArgs) {
  const problems = new Problems();
  const at = `PostgresAttachment ${name}:`;
  const { platform, database, generation: version = 1 } = args;
  anyAppName(args.app, `${at} app`, problems);
  attachmentName(args.attachment, `${at} attachment`, problems);
  generation(version, `${at} generation`, problems);
  if (database.server !== platform.postgresName) {
    problems.add(`${at} database`, `is on ${database.server}, another platform's; attach one of ${platform.name}`);
  }
  const key = appKey(args.key, problems);
  problems.check();
  return { version, key: key ?? "" };
}
