import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type Docker from "dockerode";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { sourceOfPython } from "../../images/pythons.ts";
import { hasImage } from "../../lib/docker/images.ts";
import { messageOf } from "../../lib/errors.ts";
import { takeTurn } from "../../lib/turns.ts";
import { platformDirectory, queueDirectory } from "../../model/platform/directories.ts";
import { GitError } from "../../sources/git/git.ts";
import { Repository } from "../../sources/git/repository.ts";
import { readSource, type Source, SourceError } from "../../sources/index.ts";
import { dockerClient } from "../docker/client.ts";
import { anyText, map, type ResourceDefinition, text, withDefault } from "../kit/index.ts";
import { makeAppImage } from "./app-image.ts";
import type { BuildContext } from "./context.ts";
import { type BuiltImage, findImage, findTaken, keyOf, tagOf, takeImage } from "./images.ts";
import { LABELS } from "./labels.ts";
import { removeLeftovers } from "./leftovers.ts";
import { type OpenRecord, openRecord } from "./record.ts";
import { remarks } from "./remarks.ts";

type Inputs = {
  platform: string;
  app: string;
  /** Of the source, absolute or relative to the working directory. */
  directory: string;
  /** Of the source tree. */
  digest: string;
  /** The Python's id. */
  python: string;
  /** Recipe of the Python image, or of that with the package manager. */
  base: string;
  /** Version of what builds. */
  builder: string;
  /** The platform's runtime directory; empty: by its name. */
  runtime: string;
  /** The app's bare repository, where the source is stored as a commit; empty: it is not stored. */
  repository: string;
  /** Stands for the config vars that pip sees, of which it tells nothing; empty: there are none. */
  pip: string;
  /** The source's commit where each push is a build; else empty. */
  revision: string;
  /** The source's commit, which hooks are told. */
  commit: string;
  /** Docker's id of another app's image, which is taken instead; empty: there is none. */
  promoted: string;
  /** Config vars and what add-ons set, for what runs in a build. They decide no image, and changing them builds none. */
  environment: { [name: string]: string };
};

type Outputs = Inputs & {
  /** Docker's id of the image: `sha256:…`. */
  image: string;
  /** The id of the build's record. */
  record: string;
};

const HEX = /^[0-9a-f]{64}$/;

/**
 * An app's image, made of a source tree. Named by what it is made of, so what it is made of never changes; an image
 * that is there already is taken, and one that Docker has no longer is made again. Images go by reference count and not
 * with the resource, since an older release may name them.
 */
export const build: ResourceDefinition<Inputs, Outputs> = {
  inputs: {
    platform: text(),
    app: text(),
    directory: text(),
    digest: text({ pattern: HEX, allowed: "the SHA-256 of a source tree, 64 hexadecimal digits" }),
    python: text(),
    base: text(),
    builder: text(),
    runtime: withDefault(anyText(), ""),
    repository: withDefault(anyText(), ""),
    pip: withDefault(anyText(), ""),
    revision: withDefault(anyText(), ""),
    commit: withDefault(anyText(), ""),
    promoted: withDefault(anyText(), ""),
    environment: withDefault(map(anyText()), {}),
  },
  computed: ["image", "record"],
  replaceOn: "all",
  async changed({ outputs }, call) {
    if (await hasImage(dockerClient(), outputs.image)) return [];
    call.log("info", `the image of ${outputs.app} is gone from this host, so it is built again`);
    return ["digest"];
  },
  create: ensure,
  async update(_state, inputs, call) {
    return (await ensure(inputs, call)).outputs;
  },
  async read({ inputs }) {
    const image = await findBuilt(dockerClient(), inputs);
    return image && state(inputs, image).outputs;
  },
  async recover(inputs, call) {
    const image = await findBuilt(dockerClient(), inputs);
    if (image === undefined) return undefined;
    await keepSource(inputs, call);
    return state(inputs, image);
  },
};

async function ensure(inputs: Inputs, call: CallContext) {
  const docker = dockerClient();
  const image =
    (await findBuilt(docker, inputs)) ?? (await take(docker, inputs, call)) ?? (await make(docker, inputs, call));
  await keepSource(inputs, call);
  return state(inputs, image);
}

function state(inputs: Inputs, image: BuiltImage): { id: string; outputs: Outputs } {
  const record = image.labels[LABELS.record] ?? "";
  return { id: tagOf(repositoryOf(inputs), keyFor(inputs)), outputs: { ...inputs, image: image.id, record } };
}

async function findBuilt(docker: Docker, inputs: Inputs): Promise<BuiltImage | undefined> {
  const [repository, key] = [repositoryOf(inputs), keyFor(inputs)];
  const taken = inputs.promoted === "" ? undefined : await findTaken(docker, repository, key, inputs.promoted);
  return taken ?? findImage(docker, repository, key);
}

/** The image of another app, as it is. One that is gone from this host is made again of its source. */
async function take(docker: Docker, inputs: Inputs, call: CallContext): Promise<BuiltImage | undefined> {
  const { platform, app, promoted } = inputs;
  if (promoted === "") return undefined;
  const target = { platform, repository: repositoryOf(inputs), key: keyFor(inputs) };
  const image = await takeImage(docker, target, promoted);
  if (image === undefined) {
    call.log("warning", `the image that ${app} was to take is gone from this host, so it is built of its source`);
  }
  return image;
}

function repositoryOf({ platform, app }: Inputs): string {
  return `${platform}/app-${app}`;
}

function keyFor({ digest, python, base, builder, pip, revision, promoted }: Inputs): string {
  if (promoted !== "") return keyOf("promoted", promoted);
  return keyOf(builder, python, base, digest, pip, revision);
}

/**
 * Stores the source as a commit, of which it can be built again when its image is gone. Without that the app runs all
 * the same: only a rollback to it is lost.
 */
async function keepSource(inputs: Inputs, call: CallContext): Promise<void> {
  if (inputs.repository === "") return;
  try {
    const source = readSource(resolve(inputs.directory), sourceOfPython(inputs.python));
    // An image that was there already is what was declared, even if the source has been edited since.
    if (source.digest !== inputs.digest) throw new GitError("its files have changed meanwhile");
    await new Repository(inputs.repository).store(source.tree, source.snapshot);
  } catch (error) {
    const reason = error instanceof GitError ? error.message : "its files have changed meanwhile";
    call.log("warning", `the source of ${inputs.app} is not kept, so there is no rolling back to it later: ${reason}`);
  }
}

/** Builds when it is our turn on this host, with a record from before the waiting on. */
async function make(docker: Docker, inputs: Inputs, call: CallContext): Promise<BuiltImage> {
  const { platform, app } = inputs;
  const source = readUnchanged(inputs);
  const runtime = inputs.runtime || platformDirectory(platform);
  const host = join(runtime, "host");
  if (!existsSync(join(host, "addresses.nft"))) {
    throw new Error(
      `${host}/addresses.nft is missing, so the build's network cannot be closed; run: npx dynoform setup`,
    );
  }
  const record = await openRecord(join(runtime, "builds"), app, inputs.digest);
  const say = (line: string) => {
    record.log(line);
    call.log("info", line);
  };
  try {
    await using _turn = await takeTurn(
      queueDirectory(),
      `app ${app} of ${platform}`,
      (line) => say(`-----> ${line}`),
      call.signal,
    );
    const image =
      (await findBuilt(docker, inputs)) ?? (await buildNow(docker, inputs, source, { record, host, say, call }));
    await record.close({ result: "succeeded", image: image.id });
    return image;
  } catch (error) {
    const reason = messageOf(error);
    const [first = reason] = reason.split("\n");
    await record.close({ result: call.signal.aborted ? "cancelled" : "failed", error: first });
    throw call.signal.aborted ? new Error(`the build of ${app} was cancelled`) : error;
  }
}

interface Build {
  readonly record: OpenRecord;
  readonly host: string;
  readonly say: (line: string) => void;
  readonly call: CallContext;
}

async function buildNow(docker: Docker, inputs: Inputs, source: Source, build: Build): Promise<BuiltImage> {
  const { platform, app } = inputs;
  const { record, host, say, call } = build;
  await removeLeftovers(docker, platform);
  const start = performance.now();
  say(`-----> Building ${app}: a Python app`);
  const context: BuildContext = {
    docker,
    platform,
    app,
    host,
    signal: call.signal,
    config: inputs.environment,
    pip: inputs.pip,
    commit: inputs.commit,
    heading: (line) => say(`-----> ${line}`),
    line: (line) => say(`       ${line}`),
  };
  for (const warning of source.warnings) say(`-----> Warning: ${warning}`);
  for (const remark of remarks(source.tree)) say(` !     ${remark}`);
  const image = await makeAppImage(context, source, {
    repository: repositoryOf(inputs),
    key: keyFor(inputs),
    digest: inputs.digest,
    record: record.id,
  });
  say("-----> Discovering process types");
  say(`       Procfile declares types -> ${Object.keys(source.processes).join(", ") || "(none)"}`);
  say(
    `-----> Built ${tagOf(repositoryOf(inputs), keyFor(inputs))} in ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
  return image;
}

/** The source as it was when the resource was declared; it may have been edited since. */
function readUnchanged({ directory, digest, python, app }: Inputs): Source {
  const changed = () =>
    new Error(`the source of ${app} in ${directory} has changed since this began; run the same command again`);
  let source: Source;
  try {
    source = readSource(resolve(directory), sourceOfPython(python));
  } catch (error) {
    throw error instanceof SourceError
      ? new Error(`the source of ${app} in ${directory} cannot be built: ${error.problems.join("; ")}`)
      : error;
  }
  if (source.digest !== digest || source.python.id !== python) throw changed();
  return source;
}
