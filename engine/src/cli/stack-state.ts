/** `pulumi stack`, `stack output|export|import|history`: what a stack's state and records say. */
import { resolve } from "node:path";
import type { Backend, HistoryEntry } from "../state/backend.ts";
import { CheckpointCodec, checkVersion, type Deployment, parseCheckpoint, saltOf } from "../state/checkpoint.ts";
import { type ConfigValue, decryptAll, hasSecure, plainValue } from "../state/config-values.ts";
import { UserError } from "../state/errors.ts";
import { readFileIfAny, writeFileAtomic } from "../state/files.ts";
import { contradictionOf } from "../state/integrity.ts";
import { lockStack } from "../state/lock.ts";
import type { RawResource } from "../state/resource-json.ts";
import { mapSecrets, plainJson, type SealedSecret } from "../state/sealed-json.ts";
import { qualified } from "../state/stack-name.ts";
import { ago, roundDuration } from "./display/time.ts";
import { resourceTree } from "./display/tree.ts";
import type { Session } from "./session.ts";
import { printJson, readStandardInput, table } from "./terminal.ts";

export async function stackShow(session: Session): Promise<void> {
  const name = await session.stack();
  if (session.flags.isOn("show-name")) {
    session.terminal.line(name.stack);
    return;
  }
  const deployment = await session.deployment(name);
  const resources = deployment?.resources ?? [];
  const { terminal } = session;
  terminal.line(`Current stack is ${await session.shortName(name)}:`);
  terminal.line(`    State in ${(await session.backend()).shown}`);
  if (resources.length > 0 && deployment !== undefined) {
    const time = new Date(deployment.manifest.time);
    terminal.line(`    Last updated: ${ago(time)} (${time.toISOString()})`);
    if (deployment.manifest.version !== "") terminal.line(`    Pulumi version used: v${deployment.manifest.version}`);
  } else {
    terminal.line("    No updates yet; run `pulumi up`");
  }
  terminal.line(`Current stack resources (${resources.length}):`);
  if (resources.length === 0) terminal.line("    No resources currently in this stack");
  else
    terminal.out(
      resourceTree(resources, { urns: session.flags.isOn("show-urns"), ids: session.flags.isOn("show-ids") }),
    );
  terminal.line();
  printOutputs(session, await readOutputs(session, deployment));
}

function printOutputs(session: Session, outputs: Record<string, unknown>): void {
  const rows = Object.entries(outputs).map(([key, value]) => [key, outputText(value)]);
  session.terminal.line(`Current stack outputs (${rows.length}):`);
  if (rows.length === 0) session.terminal.line("    No output values currently in this stack");
  else session.terminal.out(table(["OUTPUT", "VALUE"], rows, "    "));
}

export async function stackOutput(session: Session): Promise<void> {
  const outputs = await readOutputs(session, await session.deployment(await session.stack()));
  const [wanted] = session.args;
  const [json, shell] = [session.flags.isOn("json"), session.flags.isOn("shell")];
  if (json && shell) throw new UserError("only one of --json and --shell may be set");
  if (wanted !== undefined && !(wanted in outputs)) {
    throw new UserError(`current stack does not have output property '${wanted}'`);
  }
  if (json) printJson(session.terminal, wanted === undefined ? outputs : outputs[wanted]);
  else if (shell) {
    const keys = wanted === undefined ? Object.keys(outputs) : [wanted];
    for (const key of keys) session.terminal.line(`${key}=${shellQuote(outputText(outputs[key]))}`);
  } else if (wanted !== undefined) session.terminal.line(outputText(outputs[wanted]));
  else printOutputs(session, outputs);
}

/** The root stack's outputs as plain JSON, keys sorted; secrets in clear with `--show-secrets` only. */
async function readOutputs(session: Session, deployment: Deployment | undefined): Promise<Record<string, unknown>> {
  const outputs = rootStack(deployment)?.outputs ?? {};
  const open = session.flags.isOn("show-secrets") ? await opener(session, deployment, outputs) : undefined;
  const entries = Object.entries(outputs).map(([key, value]) => [key, plainJson(value, open)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function rootStack(deployment: Deployment | undefined): RawResource | undefined {
  return deployment?.resources?.find(({ type, parent }) => type === "pulumi:pulumi:Stack" && !parent);
}

/** What gives a secret's JSON text; the key is derived only if there is a secret in `json`. */
async function opener(
  session: Session,
  deployment: Deployment | undefined,
  json: unknown,
): Promise<(secret: SealedSecret) => string> {
  let found = false;
  mapSecrets(json, (secret) => {
    found = true;
    return secret;
  });
  const crypter = found ? await session.managerOf(deployment)?.crypter() : undefined;
  return ({ plaintext, ciphertext }) => plaintext ?? crypter?.decrypt(ciphertext ?? "") ?? "null";
}

function outputText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export async function stackExport(session: Session): Promise<void> {
  const name = await session.stack();
  const text = (await (await session.backend()).read(name)) ?? "";
  const { version, features, deployment } = parseCheckpoint(text);
  const target = session.flags.text("file");
  const open = session.flags.isOn("show-secrets") ? await opener(session, deployment, deployment) : undefined;
  const shown = open === undefined ? deployment : mapSecrets(deployment, (secret) => ({ plaintext: open(secret) }));
  const exported = {
    version: Math.max(version, 3),
    ...(features.length === 0 ? {} : { features }),
    deployment: shown ?? null,
  };
  const json = `${JSON.stringify(exported, null, 4)}\n`;
  if (target === undefined) session.terminal.out(json);
  else await writeFileAtomic(resolve(session.directory, target), json);
}

export async function stackImport(session: Session): Promise<void> {
  const name = await session.stack();
  const backend = await session.backend();
  const source = session.flags.text("file");
  const text = source === undefined ? await readStandardInput() : await readImport(session, backend, source);
  const { version, features = [], deployment } = parseImport(text);
  if (deployment === undefined || deployment === null) throw new UserError("the file holds no deployment");
  checkVersion({ version, features, deployment });
  const force = session.flags.isOn("force");
  if (!force) checkStack(deployment, name.stack, name.project);
  const lock = await lockStack(backend, name, (line) => session.terminal.error(line));
  try {
    const config = await session.config(name);
    // What it replaces may make no sense: to import is the way out of that.
    const manager = await session.ensureManager(config, await session.deploymentAsIs(name));
    const salt = saltOf(deployment);
    const reader = salt === undefined ? manager : session.manager(salt);
    const codec = new CheckpointCodec(qualified(name), manager);
    const snapshot = await codec.decode(deployment, reader);
    const checkpoint = await codec.encode(snapshot);
    const imported = parseCheckpoint(checkpoint).deployment;
    const contradiction = imported === undefined || force ? undefined : contradictionOf(imported);
    if (contradiction !== undefined && session.verifies) {
      throw new UserError(`the file holds a state that makes no sense: ${contradiction}; --force imports it anyway`);
    }
    await backend.write(name, checkpoint);
  } finally {
    await lock.release();
  }
  session.terminal.line("Import complete.");
}

/** A file, or a copy among the backend's backups. */
async function readImport(session: Session, backend: Backend, source: string): Promise<string> {
  const path = resolve(session.directory, source);
  const text = await readFileIfAny(path).catch(() => undefined);
  const found = text ?? (await backend.backup(source));
  if (found === undefined) throw new UserError(`could not open file: ${path} cannot be read`);
  return found;
}

/** Reads what `stack export` writes, or a state's own file. */
function parseImport(text: string): { version: number; features?: string[]; deployment?: Deployment | null } {
  try {
    const { checkpoint, ...exported } = JSON.parse(text);
    return checkpoint === undefined ? exported : { ...exported, deployment: checkpoint.latest };
  } catch {
    throw new UserError("the file is no JSON");
  }
}

/** Catches the import of another stack's state. */
function checkStack(deployment: Deployment, stack: string, project: string): void {
  for (const { urn } of deployment.resources ?? []) {
    const [, , ofStack, , ofProject] = urn.split(":");
    if (ofStack === stack && ofProject === project) continue;
    throw new UserError(
      `resource '${urn}' is from a different stack (${ofStack} != ${stack}); use --force to import it anyway`,
    );
  }
}

export async function stackHistory(session: Session): Promise<void> {
  const name = await session.stack();
  const page = session.flags.number("page") ?? 1;
  const entries = await (await session.backend()).history(name, session.flags.number("page-size") ?? 10, page);
  if (!session.flags.isOn("json")) {
    printHistory(session, entries, page);
    return;
  }
  const show = session.flags.isOn("show-secrets") && entries.some(({ config }) => hasSecure(config));
  const config = show ? await session.config(name) : undefined;
  const manager = config?.salt === undefined ? undefined : session.manager(config.salt);
  const listed = entries.map(async (entry) => ({
    version: entry.version,
    kind: entry.kind,
    startTime: formatTime(entry.startTime),
    message: entry.message,
    environment: entry.environment,
    config: configJson(entry, show ? await decryptLeniently(entry, manager) : undefined),
    result: entry.result,
    endTime: formatTime(entry.endTime),
    resourceChanges: entry.resourceChanges ?? {},
  }));
  printJson(session.terminal, await Promise.all(listed));
}

/** History outlives keys: what cannot be opened is said to be so, and the rest is shown. */
async function decryptLeniently(
  entry: HistoryEntry,
  manager: Parameters<typeof decryptAll>[1],
): Promise<Record<string, ConfigValue>> {
  const one = async ([key, raw]: [string, unknown]): Promise<[string, ConfigValue]> => {
    try {
      const { [key]: value } = await decryptAll({ [key]: raw }, manager);
      if (value !== undefined) return [key, value];
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
    return [key, { value: "ERROR_UNABLE_TO_DECRYPT", secret: true }];
  };
  return Object.fromEntries(await Promise.all(Object.entries(entry.config).map(one)));
}

function configJson(entry: HistoryEntry, decrypted: Record<string, ConfigValue> | undefined): object {
  const values = Object.keys(entry.config)
    .sort()
    .map((key) => {
      const value = decrypted?.[key] ?? plainValue(entry.config[key]);
      if (value === undefined) return [key, { secret: true }];
      const object = value.object === undefined ? {} : { objectValue: value.object };
      return [key, { value: value.value, ...object, secret: value.secret }];
    });
  return Object.fromEntries(values);
}

function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function printHistory(session: Session, entries: readonly HistoryEntry[], page: number): void {
  const { terminal } = session;
  if (entries.length === 0) {
    terminal.line(page > 1 ? `No stack updates found on page '${page}'` : "Stack has never been updated");
  }
  for (const entry of entries) {
    const count = (op: string) => entry.resourceChanges?.[op] ?? 0;
    terminal.line(`Version: ${entry.version}`);
    terminal.line(`UpdateKind: ${entry.kind}`);
    terminal.line(terminal.style(entry.result === "succeeded" ? "green" : "red", `Status: ${entry.result}`));
    terminal.line(`Message: ${entry.message}`);
    const changes = `+${count("create")}-${count("delete")}~${count("update")} ${count("same")}`;
    const took = roundDuration((entry.endTime - entry.startTime) * 1000);
    terminal.line(`${changes} Updated ${ago(new Date(entry.startTime * 1000))} took ${took}`);
    for (const key of Object.keys(entry.environment).sort()) {
      if (entry.environment[key]?.trim()) terminal.line(`    ${key}: ${entry.environment[key]}`);
    }
    terminal.line();
  }
}
