import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../lib/errors.ts";
import type { Problems } from "../../lib/validation/problems.ts";
import { isRecord } from "../../lib/validation/readers.ts";
import type { AddonSettings, AppSettings } from "../../model/app/settings.ts";
import { APP } from "../../model/stack/keys.ts";
import type { Environment, EnvironmentEntry } from "../environment.ts";
import { type PlatformConnection, readStackOutputs } from "../platform/connection.ts";
import { PostgresAddon } from "./postgres-addon.ts";
import { PostgresAttachment } from "./postgres-attachment.ts";
import type { DatabaseOutput, PostgresTransform } from "./postgres-login.ts";

type Addons = NonNullable<AppSettings["addons"]>;

interface AddonsArgs {
  readonly platform: PlatformConnection;
  /** The app's id. */
  readonly app: string;
  readonly key: string;
  readonly addons: Addons;
  /** Those of other stacks, by attachment. */
  readonly databases: Readonly<Record<string, DatabaseOutput>>;
  readonly transform: PostgresTransform;
}

/** What an app's add-ons are made into. */
export interface CreatedAddons {
  readonly environment: Environment;
  /** What the app made itself, by the add-on's id. */
  readonly databases: Readonly<Record<string, DatabaseOutput>>;
  /** For each attachment, the value whose change makes a new release: its generation, or its database. */
  readonly released: Readonly<Record<string, number | string>>;
  /** What must be there before it counts as released. */
  readonly resources: readonly pulumi.Resource[];
}

/** The databases of an app and what is attached to it. */
export function createAddons(name: string, args: AddonsArgs, opts: pulumi.ComponentResourceOptions): CreatedAddons {
  const { platform, app, key, addons, databases, transform } = args;
  const entries: Record<string, EnvironmentEntry> = {};
  const released: Record<string, number | string> = {};
  const own = new Map<string, PostgresAddon>();
  const resources: pulumi.Resource[] = [];
  for (const [attachment, settings] of Object.entries(addons)) {
    if (settings.attach !== undefined) continue;
    const { id = attachment, plan, generation = 1 } = settings;
    const settled = { platform, app, attachment, id, plan, generation, key, transform };
    const addon = new PostgresAddon(`${name}.${id}`, settled, opts);
    own.set(id, addon);
    resources.push(addon);
    entries[addon.variable] = addon.entry;
    released[attachment] = id === attachment ? generation : `${addon.database} ${generation}`;
  }
  for (const [attachment, { attach, generation }] of Object.entries(addons)) {
    if (attach === undefined) continue;
    const database = databases[attachment];
    const attached =
      database === undefined
        ? own.get(attach.addon)
        : new PostgresAttachment(
            `${name}.${attachment}`,
            { platform, app, attachment, database, generation, key, transform },
            opts,
          );
    if (attached === undefined) continue;
    resources.push(attached);
    entries[`${attachment}_URL`] = attached.entry;
    released[attachment] = attached.entry.version;
  }
  const made = [...own].map(([id, { database }]) => [id, { database, server: platform.postgresName }] as const);
  return { environment: entries, databases: Object.fromEntries(made), released, resources };
}

/** What is wrong between add-ons, each of which is well written by itself. */
export function checkAddons(
  addons: Addons,
  databases: Readonly<Record<string, DatabaseOutput>>,
  path: string,
  problems: Problems,
): void {
  const ids = new Set<string>();
  for (const [attachment, { attach, id = attachment }] of Object.entries(addons)) {
    if (attach !== undefined) continue;
    if (ids.has(id)) problems.add(`${path}.${attachment}`, `has the id ${id} of another add-on; use another id`);
    ids.add(id);
  }
  for (const [attachment, { attach }] of Object.entries(addons)) {
    if (attach === undefined || databases[attachment] !== undefined) continue;
    if (attach.stack !== undefined) {
      problems.add(`${path}.${attachment}`, "is another stack's; give its database in `databases`");
    } else if (!ids.has(attach.addon)) {
      const known = ids.size === 0 ? "it has none" : `use ${[...ids].join(" or ")}`;
      problems.add(`${path}.${attachment}.attach.addon`, `${attach.addon} is no add-on of this app; ${known}`);
    }
  }
}

/**
 * The databases that add-ons attach from other stacks, by attachment.
 *
 * @throws UserError when such a stack is not up, or has no such add-on
 */
export async function connectDatabases(addons: Addons = {}): Promise<Record<string, DatabaseOutput>> {
  const foreign = Object.entries(addons).filter(([, { attach }]) => attach?.stack !== undefined);
  return Object.fromEntries(
    await Promise.all(
      foreign.map(async ([attachment, settings]) => [attachment, await connectDatabase(attachment, settings)] as const),
    ),
  );
}

async function connectDatabase(attachment: string, { attach }: AddonSettings): Promise<DatabaseOutput> {
  const { stack = "", addon = "" } = attach ?? {};
  const outputs = await readStackOutputs(stack).catch(() => ({}) as Record<string, unknown>);
  const found = isRecord(outputs.databases) ? outputs.databases[addon] : undefined;
  if (isRecord(found) && typeof found.database === "string" && typeof found.server === "string") {
    return { database: found.database, server: found.server };
  }
  throw new UserError([
    `${APP}.addons.${attachment}: the stack "${stack}" has no add-on ${addon} that is up; bring it up first, or detach it: pulumi config rm --path ${APP}.addons.${attachment} -s ${pulumi.getStack()}`,
  ]);
}
