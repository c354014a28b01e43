import { messageOf } from "../../../../lib/errors.ts";
import { isRecord } from "../../../../lib/validation/readers.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import type { DynoState, DynoTarget } from "../../dynos/ports.ts";
import type { OneOff } from "../../one-off/ports.ts";
import type { Answer, Call } from "../call.ts";
import { optionalText, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid, notFound } from "../errors.ts";
import { formationOf } from "../formation.ts";
import type { Route } from "../routes.ts";
import { readSize, shownSize } from "../sizes.ts";

/** Bytes: Linux takes 128 KiB in one argument. */
const LONGEST_COMMAND = 100_000;

export function dynoRoutes(desk: Desk): Route[] {
  const restart = (call: Call, target: DynoTarget) => act(desk, call, target, "Restart");
  const stop = (call: Call, target: DynoTarget) => act(desk, call, target, "Stop");
  return [
    ["GET", "/apps/:app/dynos", async (call) => ({ body: await listDynos(desk, await desk.app(call)) })],
    ["GET", "/apps/:app/dynos/:dyno", (call) => oneDyno(desk, call)],
    ["POST", "/apps/:app/dynos", (call) => run(desk, call)],
    ["POST", "/apps/:app/dynos/:dyno", (call) => runInside(desk, call)],
    ["DELETE", "/apps/:app/dynos", (call) => restart(call, {})],
    ["DELETE", "/apps/:app/dynos/:dyno", (call) => restart(call, { dyno: call.params.dyno })],
    ["DELETE", "/apps/:app/formations/:type", (call) => restart(call, { type: call.params.type })],
    ["POST", "/apps/:app/dynos/:dyno/actions/stop", (call) => stop(call, { dyno: call.params.dyno })],
    ["POST", "/apps/:app/formations/:type/actions/stop", (call) => stop(call, { type: call.params.type })],
  ];
}

async function listDynos(desk: Desk, app: DeclaredApp): Promise<Record<string, unknown>[]> {
  const [states, outputs] = await Promise.all([desk.ports.dynos.list(app.name), desk.outputs.of(app.stack)]);
  const oneOffs = desk.ports.oneOffs.list(app.name);
  const commands = new Map(formationOf(app, outputs).map(({ type, command }) => [type, command]));
  const show = (state: DynoState, command: string) => showDyno(desk, app, state, command, outputs.release);
  return [
    ...states
      .filter(({ dyno }) => !oneOffs.some((oneOff) => oneOff.dyno === dyno))
      .map((state) => show(state, state.command ?? commands.get(state.type) ?? "")),
    ...oneOffs.map((state) => show(state, state.command)),
  ];
}

async function oneDyno(desk: Desk, call: Call): Promise<Answer> {
  const dynos = await listDynos(desk, await desk.app(call));
  const found = dynos.find(({ name, id }) => name === call.params.dyno || id === call.params.dyno);
  if (found === undefined) throw notFound("dyno");
  return { body: found };
}

/** Answers at once, as Heroku does: a restart lasts as long as requests in flight. */
async function act(desk: Desk, call: Call, target: DynoTarget, verb: "Restart" | "Stop"): Promise<Answer> {
  const app = await desk.app(call);
  const { dyno, type } = target;
  const what = `${verb} of ${dyno ?? type ?? "all dynos"}`;
  if (dyno !== undefined && desk.ports.oneOffs.list(app.name).some((oneOff) => oneOff.dyno === dyno)) {
    await desk.act(call, app, what, async () => desk.ports.oneOffs.stop(app.name, dyno));
    return { status: 202, body: {} };
  }
  const states = await desk.ports.dynos.list(app.name);
  if (dyno !== undefined && !states.some((state) => state.dyno === dyno)) throw notFound("dyno");
  if (type !== undefined && !states.some((state) => state.type === type)) {
    const { formation } = await desk.outputs.of(app.stack);
    if (!formation.some((entry) => entry.type === type)) throw notFound("formation", `that process type (${type})`);
  }
  const says = `${what} by user ${call.caller.email}`;
  // What the formation declares starts again after a stop too.
  const work = desk.act(call, app, what, () => {
    desk.say(app, says);
    return desk.ports.dynos.restart(app.name, target);
  });
  if (call.dryRun) await work;
  work.catch((error: unknown) => desk.say(app, `${what} failed: ${messageOf(error).split("\n", 1)[0]}`));
  return { status: 202, body: {} };
}

async function run(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const attach = call.body.attach === true;
  if (attach && call.origin.startsWith("https:")) {
    throw invalid("attach", "A terminal needs `npx dynoform connect`, or a port of the platform's own machine.");
  }
  const size = optionalText(call, "size");
  const command = requiredText(call, "command");
  if (command.includes("\0") || Buffer.byteLength(command) > LONGEST_COMMAND) {
    throw invalid("command", `command must have ${LONGEST_COMMAND} bytes at most, and no zero byte.`);
  }
  // It runs whether they can be read or not.
  const outputs = await desk.outputs.of(app.stack).catch(() => undefined);
  const request = {
    app: app.name,
    command: resolve(command, outputs?.releases.at(-1)?.processes),
    size: size === undefined ? undefined : readSize(size),
    env: readEnvironment(call.body.env),
    attach,
    tty: attach && call.body.force_no_tty !== true,
    ...(app.labs.includes("runtime-dyno-metadata") && { id: (dyno: string) => desk.id("dyno", app.id, dyno) }),
  };
  const oneOff = await desk.act(call, app, `Run ${command}`, () => desk.ports.oneOffs.create(request));
  desk.say(app, `Starting process with command \`${command}\` by user ${call.caller.email}`);
  const body = showDyno(desk, app, oneOff, request.command, outputs?.release);
  return {
    status: 201,
    body: { ...body, attach_url: oneOff.secret === undefined ? null : attachUrl(call, oneOff.secret) },
  };
}

/** A first word that is a process type stands for what the Procfile says of it: `heroku run worker`, `heroku console`. */
function resolve(command: string, processes: Readonly<Record<string, string>> = {}): string {
  const [, type = "", rest = ""] = /^(\S+)(.*)$/s.exec(command) ?? [];
  return Object.hasOwn(processes, type) ? `${processes[type]}${rest}` : command;
}

/** Where a client's terminal is connected: on the API's own port, over TLS. */
function attachUrl({ origin }: Call, secret: string): string {
  const { hostname, port } = new URL(origin);
  return `rendezvous://${hostname}:${port || 80}/${secret}`;
}

/** A dyno that serves has nothing in it that somebody could type into. */
async function runInside(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  throw new ApiError(
    422,
    "not_supported",
    `Nothing can be run inside of a dyno that is up. \`heroku run\` starts a dyno of the same release for it: heroku run -a ${app.name} COMMAND.`,
  );
}

function readEnvironment(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw invalid("env", "env must be a map of texts.");
  const variables: Record<string, string> = {};
  for (const [name, text] of Object.entries(value)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw invalid("env", `${JSON.stringify(name)} is no name of a variable.`);
    if (typeof text !== "string" && typeof text !== "number") throw invalid("env", `env.${name} must be a text.`);
    if (String(text).includes("\0")) throw invalid("env", `env.${name} has a zero byte.`);
    variables[name] = String(text);
  }
  return variables;
}

function showDyno(
  desk: Desk,
  app: DeclaredApp,
  state: DynoState | OneOff,
  command: string,
  release: number | undefined,
): Record<string, unknown> {
  const time = new Date(state.since).toISOString();
  return {
    id: desk.id("dyno", app.id, state.dyno),
    app: { id: desk.appId(app), name: app.name },
    attach_url: null,
    command,
    created_at: time,
    name: state.dyno,
    release: release === undefined ? null : { id: desk.id("release", app.id, String(release)), version: release },
    size: shownSize(state.size),
    state: state.detail === undefined ? state.state : `${state.state} (${state.detail})`,
    type: state.type,
    updated_at: time,
  };
}
