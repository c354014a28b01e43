/** `pulumi config …`: reads and edits a stack's settings file. */
import { rename } from "node:fs/promises";
import {
  type ConfigValue,
  cipherOf,
  decryptAll,
  decryptValue,
  fullKey,
  hasSecure,
  plainValue,
  prettyKey,
  type RawConfigValue,
} from "../state/config-values.ts";
import { UserError } from "../state/errors.ts";
import { readFileIfAny } from "../state/files.ts";
import type { StackConfig } from "../state/stack-config.ts";
import { qualified, type StackName } from "../state/stack-name.ts";
import { type PropertyPath, parsePath } from "../values/paths.ts";
import type { Session } from "./session.ts";
import { printJson, readStandardInput, table } from "./terminal.ts";

interface ConfigJson {
  value?: string;
  objectValue?: unknown;
  secret: boolean;
}

export async function configList(session: Session): Promise<void> {
  const name = await session.stack();
  const file = await session.config(name);
  const { config } = file;
  const show = session.flags.isOn("show-secrets");
  const values = show ? await decryptAll(config, managerOf(session, file)) : undefined;
  const keys = Object.keys(config).sort();
  if (session.flags.isOn("json")) {
    const entries = keys.map((key) => [key, toJson(config[key], values?.[key] ?? plainValue(config[key]))]);
    printJson(session.terminal, Object.fromEntries(entries));
    return;
  }
  const project = (await session.project()).name;
  const rows = keys.map((key) => {
    const value = values?.[key] ?? plainValue(config[key]);
    return [prettyKey(key, project), value?.value ?? "[secret]"];
  });
  session.terminal.out(table(["KEY", "VALUE"], rows));
}

function toJson(raw: RawConfigValue, value: ConfigValue | undefined): ConfigJson {
  if (value === undefined) return { secret: true };
  return {
    value: value.value,
    ...(value.object === undefined ? {} : { objectValue: value.object }),
    secret: hasSecure(raw),
  };
}

export async function configGet(session: Session): Promise<void> {
  const name = await session.stack();
  const file = await session.config(name);
  const key = session.args[0] ?? "";
  const raw = file.get(await keyPath(session, key));
  if (raw === undefined) {
    const { name: project } = await session.project();
    throw new UserError(
      `configuration key '${prettyKey(fullKey(key, project), project)}' not found for stack '${name.stack}'`,
    );
  }
  const value = decryptValue(raw, hasSecure(raw) ? await managerOf(session, file)?.crypter() : undefined);
  if (session.flags.isOn("json")) printJson(session.terminal, toJson(raw, value));
  else session.terminal.line(value.value);
}

export async function configSet(session: Session): Promise<void> {
  const name = await session.stack();
  const file = await session.config(name);
  const [key = "", given] = session.args;
  if (session.flags.isOn("secret") && session.flags.isOn("plaintext")) {
    throw new UserError("only one of --secret and --plaintext may be used");
  }
  const secret = session.flags.isOn("secret");
  const value = given ?? (await askValue(session, secret));
  await setOne(session, name, file, key, value, secret);
  await file.save();
}

async function askValue(session: Session, secret: boolean): Promise<string> {
  if (!session.terminal.interactive) return readStandardInput();
  return secret ? session.terminal.askSecret("value: ") : session.terminal.ask("value: ");
}

async function setOne(
  session: Session,
  name: StackName,
  file: StackConfig,
  key: string,
  value: string,
  secret: boolean,
): Promise<void> {
  const path = await keyPath(session, key);
  if (secret) file.set(path, { secure: await encrypt(session, name, file, value) });
  else file.set(path, path.length > 1 ? typed(value, session.flags.text("type")) : value);
}

/** Inside of structures Pulumi writes booleans and whole numbers as such. */
function typed(text: string, type: string | undefined): RawConfigValue {
  if (type === "string") return text;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  const whole = /^-?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(number);
  return whole || (type === "float" && Number.isFinite(number)) ? number : text;
}

async function encrypt(session: Session, name: StackName, file: StackConfig, plaintext: string): Promise<string> {
  const manager = await session.ensureManager(file, await session.deployment(name));
  return (await manager.crypter()).encrypt(plaintext);
}

export async function configSetAll(session: Session): Promise<void> {
  const name = await session.stack();
  const file = await session.config(name);
  const json = session.flags.text("json");
  for (const [flag, secret] of [
    ["plaintext", false],
    ["secret", true],
  ] as const) {
    for (const pair of session.flags.list(flag)) {
      if (json !== undefined) {
        throw new UserError("the --json option cannot be used with the --plaintext, --secret or --path options");
      }
      const equals = pair.indexOf("=");
      if (equals < 1) throw new UserError(`invalid argument "${pair}": key and value are separated by '='`);
      await setOne(session, name, file, pair.slice(0, equals), pair.slice(equals + 1), secret);
    }
  }
  if (json !== undefined) await setFromJson(session, name, file, json);
  await file.save();
}

async function setFromJson(session: Session, name: StackName, file: StackConfig, text: string): Promise<void> {
  let values: Record<string, ConfigJson>;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new UserError(`could not parse --json argument: ${error instanceof Error ? error.message : error}`);
  }
  const { name: project } = await session.project();
  for (const [key, { value, objectValue, secret }] of Object.entries(values)) {
    if (value === undefined) throw new UserError(`value for --json object key "${key}" is nil`);
    const path = [fullKey(key, project)];
    if (secret) file.set(path, { secure: await encrypt(session, name, file, value) });
    else file.set(path, objectValue ?? value);
  }
}

export async function configRemove(session: Session): Promise<void> {
  const file = await session.config(await session.stack());
  for (const key of session.args) file.remove(await keyPath(session, key));
  await file.save();
}

/** Sets the file to what the last update used. */
export async function configRefresh(session: Session): Promise<void> {
  const name = await session.stack();
  const [latest] = await (await session.backend()).history(name, 1, 1);
  if (latest === undefined) throw new UserError("getting latest configuration: no previous deployment");
  const file = await session.config(name);
  const deployment = await session.deployment(name);
  const exists = (await readFileIfAny(file.path)) !== undefined;
  if (exists && !session.flags.isOn("force")) {
    let backup = `${file.path}.bak`;
    while ((await readFileIfAny(backup)) !== undefined) backup += ".bak";
    await rename(file.path, backup);
    session.terminal.line(`backed up existing configuration file to ${backup}`);
  }
  file.replaceAll(latest.config);
  const salt = session.managerOf(deployment)?.state;
  if (salt !== undefined && file.salt !== salt) file.salt = salt;
  await file.save();
  if (exists && !session.flags.isOn("force"))
    session.terminal.line(`refreshed configuration for stack '${name.stack}'`);
}

/** Copies values to another stack's file, secure ones encrypted anew. */
export async function configCopy(session: Session): Promise<void> {
  const name = await session.stack();
  const target = await session.existing(await session.stackName(session.flags.text("dest") ?? ""));
  if (qualified(target) === qualified(name)) throw new UserError("current stack and destination stack are the same");
  const [from, to] = [await session.config(name), await session.config(target)];
  const [wanted] = session.args;
  const paths = wanted === undefined ? Object.keys(from.config).map((key) => [key]) : [await keyPath(session, wanted)];
  for (const path of paths) {
    const raw = from.get(path);
    if (raw === undefined) throw new UserError(`copying config: configuration key '${wanted}' not found`);
    const crypter = hasSecure(raw) ? await managerOf(session, from)?.crypter() : undefined;
    to.set(path, await mapSecure(raw, async (cipher) => encrypt(session, target, to, crypter?.decrypt(cipher) ?? "")));
  }
  await to.save();
}

async function mapSecure(raw: RawConfigValue, change: (cipher: string) => Promise<string>): Promise<RawConfigValue> {
  const cipher = cipherOf(raw);
  if (cipher !== undefined) return { secure: await change(cipher) };
  if (typeof raw !== "object" || raw === null) return raw;
  if (Array.isArray(raw)) return Promise.all(raw.map((item) => mapSecure(item, change)));
  const entries = Object.entries(raw).map(async ([key, value]) => [key, await mapSecure(value, change)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

export async function configEnv(): Promise<never> {
  throw new UserError("environments (Pulumi ESC) are not supported by file backends; use plain configuration values");
}

/** The key in full and, with `--path`, the way into its value. */
async function keyPath(session: Session, key: string): Promise<PropertyPath> {
  const { name: project } = await session.project();
  if (!session.flags.isOn("path")) return [fullKey(key, project)];
  const colon = key.indexOf(":");
  const [namespace, rest] =
    colon < 0 || /["[.]/.test(key.slice(0, colon)) ? [project, key] : [key.slice(0, colon), key.slice(colon + 1)];
  try {
    const [first, ...others] = parsePath(rest);
    if (typeof first !== "string") throw new Error("config key paths must start with a name");
    return [fullKey(`${namespace}:${first}`, project), ...others];
  } catch (error) {
    throw new UserError(`invalid configuration key: ${error instanceof Error ? error.message : error}`);
  }
}

function managerOf(session: Session, file: StackConfig) {
  return file.salt === undefined ? undefined : session.manager(file.salt);
}
