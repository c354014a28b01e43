import { finished } from "node:stream/promises";
import { isRecord } from "../../../../lib/validation/readers.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import type { Build } from "../../deploys/store.ts";
import type { Answer, Call, OpenCall } from "../call.ts";
import { BUILD_OUTPUT, type Desk } from "../desk.ts";
import { DryRun } from "../dry-run.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import { page } from "../range.ts";
import type { OpenRoute, Route } from "../routes.ts";

/** Characters of what a sender calls a source. */
const LONGEST_VERSION = 1000;

export function buildRoutes(desk: Desk): Route[] {
  return [
    ["POST", "/sources", (call) => source(desk, call, undefined)],
    ["POST", "/apps/:app/sources", async (call) => source(desk, call, await desk.app(call))],
    ["GET", "/apps/:app/builds", (call) => list(desk, call)],
    ["POST", "/apps/:app/builds", (call) => create(desk, call)],
    [
      "GET",
      "/apps/:app/builds/:build",
      async (call) => {
        const app = await desk.app(call);
        return { body: await showBuild(desk, call, app, find(desk, call, app)) };
      },
    ],
    ["GET", "/apps/:app/builds/:build/result", (call) => result(desk, call)],
  ];
}

/** For whoever has the URL. */
export function openBuildRoutes(desk: Desk): OpenRoute[] {
  return [["GET", "/build-outputs/:build/:signature", (call) => output(desk, call)]];
}

/** @param app undefined: of one that is not there yet */
async function source(desk: Desk, call: Call, app: DeclaredApp | undefined): Promise<Answer> {
  if (call.dryRun) throw new DryRun(app?.name ?? "", "Make a place for a source archive");
  return { status: 201, body: { source_blob: await desk.ports.builds.source(app, call.origin) } };
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const builds = await Promise.all(desk.ports.builds.list(app.id).map((build) => showBuild(desk, call, app, build)));
  const { items, status, headers } = page(builds, call.headers.range, ["created_at", "id"]);
  return { status, body: items, headers };
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { builds, apps } = desk.ports;
  const { source_blob: blob, buildpacks } = call.body;
  if (!isRecord(blob) || typeof blob.url !== "string") throw invalid("source_blob", "source_blob.url is required.");
  if (Array.isArray(buildpacks) && buildpacks.length > 0) {
    throw invalid("buildpacks", "buildpacks cannot be chosen: an app is built by what its files say.");
  }
  const version = blob.version ?? null;
  if (version !== null && (typeof version !== "string" || version.length > LONGEST_VERSION || version.includes("\0"))) {
    throw invalid("source_blob", `source_blob.version must be a text of ${LONGEST_VERSION} characters at most.`);
  }
  const user = call.caller.email;
  if (call.dryRun) {
    const commit = await builds.keep(app, blob.url, version);
    const description = `Deploy ${commit.slice(0, 7)}`;
    throw new DryRun(
      app.name,
      description,
      await apps.plan(app.name, { user, description }, (file) => file.source({ commit })),
    );
  }
  return { status: 201, body: await showBuild(desk, call, app, await builds.create(app, blob.url, user, version)) };
}

async function result(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const build = find(desk, call, app);
  const shown = await showBuild(desk, call, app, build);
  const text = await desk.ports.builds.log(build.id);
  return {
    body: {
      build: { id: build.id, status: build.status, output_stream_url: shown.output_stream_url },
      exit_code: build.status === "failed" ? 1 : 0,
      lines: text.split(/(?<=\n)/).map((line) => ({ line, stream: "STDOUT" })),
    },
  };
}

/** What a build says, as it says it. */
async function output(desk: Desk, call: OpenCall): Promise<Answer> {
  const { build: id = "", signature = "" } = call.params;
  if (!(await desk.token.verify(BUILD_OUTPUT, id, signature)))
    throw new ApiError(403, "forbidden", "There is no such output.");
  return {
    stream(response) {
      response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
      response.flushHeaders();
      const gone = new AbortController();
      response.on("error", () => {}).on("close", () => gone.abort());
      void (async () => {
        for await (const text of desk.ports.builds.follow(id, gone.signal)) response.write(text);
        response.end();
        await finished(response);
      })().catch(() => response.destroy());
    },
  };
}

function find(desk: Desk, call: Call, app: DeclaredApp): Build {
  const build = desk.ports.builds.get(call.params.build ?? "");
  if (build?.app !== app.id) throw notFound("build");
  return build;
}

/** A build, as answers have it. */
export async function showBuild(desk: Desk, call: Call, app: DeclaredApp, build: Build) {
  return {
    id: build.id,
    app: { id: desk.appId(app) },
    buildpacks: null,
    created_at: new Date(build.createdAt).toISOString(),
    output_stream_url: await desk.buildOutput(call, build.id),
    release: build.release === null ? null : { id: desk.id("release", app.id, String(build.release)) },
    slug: null,
    source_blob: { checksum: null, url: "", version: build.version ?? build.revision, version_description: null },
    stack: "dynoform",
    status: build.status,
    updated_at: new Date(build.updatedAt).toISOString(),
    user: desk.user(build.user),
  };
}
