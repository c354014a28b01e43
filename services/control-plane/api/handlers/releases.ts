import type { LedgerEntry } from "../../../../model/app/ledger.ts";
import { rollbackPlan } from "../../../../model/app/rollback.ts";
import type { AppOutputs } from "../../apps/outputs.ts";
import type { AppFile, DeclaredApp } from "../../apps/ports.ts";
import type { Answer, Call, OpenCall } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import { page } from "../range.ts";
import type { OpenRoute, Route } from "../routes.ts";
import { stack } from "./facts.ts";

const PURPOSE = "release-output";

export function releaseRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/apps/:app/releases", (call) => list(desk, call)],
    ["POST", "/apps/:app/releases", (call) => rollback(desk, call)],
    [
      "GET",
      "/apps/:app/releases/:release",
      async (call) => {
        const { app, outputs, entry } = await find(desk, call, call.params.release ?? "");
        return { body: await showRelease(desk, call, { app, outputs, entry }) };
      },
    ],
    ["GET", "/apps/:app/slugs/:slug", (call) => slug(desk, call)],
    [
      "GET",
      "/apps/:app/releases/:release/config-vars",
      async (call) => {
        const { outputs, entry } = await find(desk, call, call.params.release ?? "");
        return { body: outputs.configs[entry.configHash] ?? {} };
      },
    ],
  ];
}

/** For whoever has the URL. */
export function openReleaseRoutes(desk: Desk): OpenRoute[] {
  return [["GET", "/release-outputs/:record/:signature", (call) => output(desk, call)]];
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const outputs = await desk.outputs.of(app.stack);
  const ids = outputs.releases.map((entry) => ({ id: releaseId(desk, app, entry), version: entry.version, entry }));
  const { items, status, headers } = page(ids, call.headers.range, ["version", "id"]);
  const body = await Promise.all(items.map(({ entry }) => showRelease(desk, call, { app, outputs, entry })));
  return { status, body, headers };
}

async function rollback(desk: Desk, call: Call): Promise<Answer> {
  const { release: which } = call.body;
  if (typeof which !== "string" && typeof which !== "number") throw invalid("release", "release is required.");
  const { app, outputs, entry } = await find(desk, call, String(which));
  const plan = rollbackPlan(outputs.releases, outputs.configs, entry.version);
  if (!plan.eligible) throw new ApiError(422, "invalid_params", `Cannot roll back to v${entry.version}: ${plan.why}.`);
  const current = currentConfig(outputs);
  const made = await desk.change(call, app, plan.description, async (file) => {
    if (plan.source !== undefined) file.source(plan.source);
    await writeConfig(file, current, plan.config);
  });
  const now = await desk.outputs.of(app.stack);
  const last = now.releases.at(-1) ?? entry;
  const body = await showRelease(desk, call, { app, outputs: now, entry: last });
  return { status: 201, body, headers: warned(made) };
}

/** Writes only what differs: each written value is encrypted anew, and the file is read by people. */
async function writeConfig(
  file: AppFile,
  present: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of Object.keys(present)) if (!Object.hasOwn(wanted, name)) await file.setConfig(name, undefined);
  for (const [name, value] of Object.entries(wanted)) {
    if (present[name] !== value) await file.setConfig(name, value);
  }
}

/** The user's config vars of the current release, without what add-ons set. */
export function currentConfig(outputs: AppOutputs): Readonly<Record<string, string>> {
  return outputs.configs[outputs.releases.at(-1)?.configHash ?? ""] ?? {};
}

interface Found {
  readonly app: DeclaredApp;
  readonly outputs: AppOutputs;
  readonly entry: LedgerEntry;
}

/** @param which a version with or without `v`, or an id */
async function find(desk: Desk, call: Call, which: string): Promise<Found> {
  const app = await desk.app(call);
  const outputs = await desk.outputs.of(app.stack);
  const version = /^v?(\d{1,9})$/.exec(which)?.[1];
  const entry = outputs.releases.find((each) =>
    version === undefined ? releaseId(desk, app, each) === which : each.version === Number(version),
  );
  if (entry === undefined) throw notFound("release");
  return { app, outputs, entry };
}

export function releaseId(desk: Desk, app: DeclaredApp, { version }: LedgerEntry): string {
  return desk.id("release", app.id, String(version));
}

async function showRelease(desk: Desk, call: Call, { app, outputs, entry }: Found) {
  const time = new Date(entry.createdAt).toISOString();
  const user = entry.user === "" ? desk.ports.accounts.owner(app.id) : desk.user(entry.user);
  const current = entry.version === outputs.releases.at(-1)?.version;
  return {
    id: releaseId(desk, app, entry),
    addon_plan_names: [],
    app: { id: desk.appId(app), name: app.name },
    created_at: time,
    current,
    description: entry.description,
    // The current one counts too: without a number, clients take the second that is eligible.
    eligible_for_rollback: current || rollbackPlan(outputs.releases, outputs.configs, entry.version).eligible,
    output_stream_url: await outputUrl(desk, call, { app, outputs, entry }),
    slug: entry.slug === "" ? null : { id: slugId(desk, entry), commit: entry.commit || null },
    // Only what served gets a number.
    status: "succeeded",
    updated_at: time,
    user,
    version: entry.version,
  };
}

/** What ran in a release, as `heroku pipelines:diff` asks for it. Its archive is not to be had. */
async function slug(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { releases } = await desk.outputs.of(app.stack);
  const found = releases.findLast((entry) => entry.slug !== "" && slugId(desk, entry) === call.params.slug);
  if (found === undefined) throw notFound("slug");
  const { id, name } = stack(desk);
  const time = new Date(found.createdAt).toISOString();
  return {
    body: {
      id: slugId(desk, found),
      blob: { method: "get", url: "" },
      buildpack_provided_description: "Python",
      checksum: `SHA256:${found.digest}`,
      commit: found.commit || null,
      commit_description: null,
      created_at: time,
      process_types: found.processes,
      size: null,
      stack: { id, name },
      updated_at: time,
    },
  };
}

function slugId(desk: Desk, { slug }: Pick<LedgerEntry, "slug">): string {
  return desk.id("slug", slug);
}

/** Where is what its release command wrote; null: there was none, or it is not kept. */
async function outputUrl(desk: Desk, { origin }: Call, { app, outputs, entry }: Found): Promise<string | null> {
  if (entry.processes.release === undefined) return null;
  const before = outputs.releases.findLast(({ version }) => version < entry.version);
  const [after, made] = [before?.createdAt ?? 0, entry.createdAt].map((time) => new Date(time).getTime());
  const record = await desk.ports.builds.releaseCommand(app.name, after ?? 0, made ?? 0);
  if (record === undefined) return null;
  return `${origin}/release-outputs/${record}/${await desk.token.sign(PURPOSE, record)}`;
}

async function output(desk: Desk, call: OpenCall): Promise<Answer> {
  const { record = "", signature = "" } = call.params;
  const good = await desk.token.verify(PURPOSE, record, signature);
  if (!good) throw new ApiError(403, "forbidden", "There is no such output.");
  const text = ownWords(await desk.ports.builds.releaseOutput(record));
  return {
    stream(response) {
      response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" }).end(text);
    },
  };
}

/** What a release command wrote, out of the record of its run. */
function ownWords(record: string): string {
  return record
    .split("\n")
    .filter((line) => !line.startsWith("-----> "))
    .map((line) => line.replace(/^ {7}/, ""))
    .join("\n");
}
