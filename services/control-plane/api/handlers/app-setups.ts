import { isRecord } from "../../../../lib/validation/readers.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import type { AppSetup } from "../../setups/store.ts";
import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";
import { readArchiveUrl } from "./github-archives.ts";
import { connectionOf } from "./github-repositories.ts";
import { pipelineNamed } from "./pipelines/find.ts";
import { stageOf } from "./pipelines/stage.ts";

/** Apps that are made as their `app.json` says: what `heroku pipelines:setup` and "Deploy to Heroku" buttons use. */
export function appSetupRoutes(desk: Desk): Route[] {
  return [
    ["POST", "/app-setups", (call) => create(desk, call)],
    [
      "GET",
      "/app-setups/:setup",
      async (call) => {
        const setup = desk.ports.setups.get(call.params.setup ?? "");
        // One that failed has no app any more, and its id is known to who began it.
        const app = (await desk.apps(call)).some(({ id }) => id === setup?.app);
        const own = setup !== undefined && (app || setup.status === "failed");
        if (!own) throw notFound("app_setup");
        return { body: await show(desk, call, setup) };
      },
    ],
  ];
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const { app: wanted, source_blob: blob, overrides, pipeline_coupling: into } = call.body;
  if (!isRecord(blob) || typeof blob.url !== "string") throw invalid("source_blob", "source_blob.url is required.");
  const { url } = blob;
  const settings = isRecord(wanted) ? wanted : {};
  for (const field of ["organization", "team", "space"]) {
    if (settings[field] !== undefined && settings[field] !== null) throw invalid("app", `There is no ${field} here.`);
  }
  if (settings.name !== undefined && typeof settings.name !== "string")
    throw invalid("app", "app.name must be a text.");
  const config = readConfig(isRecord(overrides) ? overrides.env : undefined);
  const coupling = isRecord(into) ? into : undefined;
  const which = isRecord(coupling?.pipeline) ? coupling.pipeline.id : coupling?.pipeline;
  const pipeline = coupling && (await pipelineNamed(desk, call, typeof which === "string" ? which : "", "own"));
  const stage = coupling && stageOf(coupling.stage);
  const archive = readArchiveUrl(url, desk.ports.github.connections.baseUrl);
  const by = archive === undefined ? undefined : await connectionOf(desk, call);
  // A dry run ends here: what app.json says is not known before there is an app to read it for.
  const { app } = await desk.create(call, settings.name);
  const user = call.caller.email;
  if (pipeline !== undefined && stage !== undefined) {
    const description = `Add ${app.name} to the pipeline ${pipeline.name} as ${stage}`;
    await desk.ports.pipelines.couple(pipeline, app.stack, stage, { user, description });
  }
  const setup = desk.ports.setups.begin({
    app,
    config,
    user,
    source: () =>
      archive === undefined || by === undefined
        ? desk.ports.builds.keep(app, url, null)
        : desk.ports.github.fetch(app, by, archive.repository, archive.ref),
  });
  return { status: 201, body: await show(desk, call, setup) };
}

function readConfig(env: unknown): Record<string, string> {
  const config: Record<string, string> = {};
  for (const [name, value] of Object.entries(isRecord(env) ? env : {})) {
    if (typeof value !== "string") throw invalid("overrides", `overrides.env.${name} must be a text.`);
    config[name] = value;
  }
  return config;
}

async function show(desk: Desk, call: Call, setup: AppSetup) {
  const build = setup.build === null ? undefined : desk.ports.builds.get(setup.build);
  const app: Pick<DeclaredApp, "id" | "name"> = { id: setup.app, name: setup.name };
  return {
    id: setup.id,
    app: { id: desk.id("app", app.id), name: app.name },
    build: build
      ? { id: build.id, output_stream_url: await desk.buildOutput(call, build.id), status: build.status }
      : null,
    created_at: new Date(setup.createdAt).toISOString(),
    failure_message: setup.failure,
    manifest_errors: setup.problems,
    postdeploy: setup.exitCode === null ? null : { exit_code: setup.exitCode, output: "" },
    resolved_success_url: setup.successUrl,
    status: setup.status,
    updated_at: new Date(setup.updatedAt).toISOString(),
  };
}
