import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import type Docker from "dockerode";
import type {
  CallContext,
  CheckFailure,
  CheckRequest,
  CheckResult,
  DiffRequest,
  DiffResult,
  ReadRequest,
  ReadResult,
} from "../../../src/plugin/contract.ts";
import { diffProperties } from "../../../src/plugin/diff.ts";
import { parsePath, within } from "../../../src/values/paths.ts";
import { containsUnknowns } from "../../../src/values/secrets.ts";
import { type PropertyMap, Secret, Unknown } from "../../../src/values/values.ts";
import { checkProperties } from "../../bridge/check.ts";
import { bool, list, map, object, oneOf, type Properties, string } from "../../bridge/index.ts";
import { unlessMissing } from "../client.ts";
import { properties, stringMap, strings, text } from "../values.ts";
import { contextDigest, packContext, relativeDockerfile } from "./context.ts";
import { followStream } from "./stream.ts";

export const IMAGE = "docker:index/image:Image";

/** Lines of a failed build that are shown for good. */
const TAIL = 20;

/** This resource is no bridged one in the real provider either: its state has no `__defaults`. */
const inputProperties: Properties = {
  imageName: string({ required: true }),
  skipPush: bool(),
  buildOnPreview: bool(),
  build: object({
    context: string(),
    dockerfile: string(),
    args: map(),
    target: string(),
    platform: string(),
    builderVersion: string({ check: oneOf("BuilderBuildKit", "BuilderV1") }),
    addHosts: list(),
    network: string(),
    cacheFrom: object({}, { unsupported: true }),
    contextDigest: string(),
  }),
  registry: object({}, { unsupported: true }),
};

/** Inputs with the defaults of the real provider and the digest of what would be built. */
export async function checkImage(request: CheckRequest): Promise<CheckResult> {
  const failures: CheckFailure[] = [];
  const checked = withoutDefaults(checkProperties(inputProperties, request.news, [], failures));
  if (checked.skipPush !== true) {
    const reason = "this provider pushes no images; set skipPush to true";
    failures.push({ property: "skipPush", reason: `skipPush: ${reason}` });
  }
  if (failures.length > 0) return { inputs: request.news, failures };
  const inputs: PropertyMap = { ...checked, buildOnPreview: checked.buildOnPreview ?? false };
  if (inputs.build instanceof Unknown) return { inputs };
  const build: PropertyMap = { ...properties(inputs.build) };
  build.context ??= ".";
  // Without any "build" the real provider looks for the Dockerfile in the working directory.
  if (!(build.context instanceof Unknown)) build.dockerfile ??= posix.join(text(build.context), "Dockerfile");
  if (typeof build.context === "string" && typeof build.dockerfile === "string") {
    const mistake = misplaced(build.context, build.dockerfile);
    if (mistake) return { inputs: request.news, failures: [{ property: "build", reason: `build: ${mistake}` }] };
    build.contextDigest = await contextDigest(build.context, build.dockerfile);
  }
  if (build.platform === undefined) {
    build.platform = `linux/${process.arch === "x64" ? "amd64" : process.arch}`;
    request.log("info", `The image is built for ${build.platform}; set build.platform to say so.`);
  }
  return { inputs: { ...inputs, build } };
}

function misplaced(context: string, dockerfile: string): string | undefined {
  if (!existsSync(context)) return `there is no folder "${context}" (context)`;
  if (existsSync(dockerfile)) return undefined;
  const inContext = join(context, dockerfile);
  const advice = existsSync(inContext) ? `; set dockerfile to "${inContext}"` : "";
  return `there is no Dockerfile at "${dockerfile}"${advice}`;
}

function withoutDefaults(inputs: PropertyMap): PropertyMap {
  const entries = Object.entries(inputs)
    .filter(([key]) => key !== "__defaults")
    .map(([key, value]) => [
      key,
      key === "build" && !(value instanceof Unknown) ? withoutDefaults(properties(value)) : value,
    ]);
  return Object.fromEntries(entries);
}

/** Never a replacement: a changed context is built again under the same name. */
export function diffImage({ oldInputs, news, ignoreChanges }: DiffRequest): DiffResult {
  const ignored = ignoreChanges.map(parsePath);
  const differences = Object.entries(diffProperties(oldInputs, news)).filter(
    ([path]) => !ignored.some((pattern) => within(pattern, parsePath(path))),
  );
  return { changes: differences.length > 0, replaces: [], detailedDiff: Object.fromEntries(differences) };
}

/** What a preview says: everything but the id of the image that would be built. */
export function previewImage(inputs: PropertyMap): PropertyMap {
  return { ...outputsOf(inputs, ""), repoDigest: Unknown.value };
}

/** Builds the image; its outputs. The log lines appear next to the resource as they come. */
export async function buildImage(inputs: PropertyMap, call: CallContext, docker: Docker): Promise<PropertyMap> {
  const build = properties(inputs.build);
  const name = text(inputs.imageName);
  const { tar, dockerfile } = await packContext(text(build.context), text(build.dockerfile));
  const stream = await docker.buildImage(tar, {
    t: name,
    dockerfile,
    version: build.builderVersion === "BuilderV1" ? "1" : "2",
    // How to reach the outside differs by place, so it is no input; Docker keeps these out of image and cache.
    buildargs: { ...proxyArguments(), ...stringMap(build.args) },
    platform: text(build.platform),
    target: text(build.target),
    // BuildKit takes an empty list for a host without a name.
    ...(strings(build.addHosts).length > 0 ? { extrahosts: strings(build.addHosts).join(",") } : {}),
    networkmode: text(build.network),
    // The first builder's containers of a failed step would stay.
    forcerm: true,
    abortSignal: call.signal,
  });
  const last: string[] = [];
  const built = await followStream(stream, (line) => {
    call.log("status", line);
    last.push(line);
    if (last.length > TAIL) last.shift();
  }).catch((error) => {
    // Status lines vanish: what led to a failure must stay.
    for (const line of last) call.log("info", line);
    throw error;
  });
  if (!built) throw new Error("the build ended without an image");
  return outputsOf(inputs, (await docker.getImage(name).inspect()).Id);
}

/** The state as it stands; an image that is no longer there is built again. */
export async function readImage(request: ReadRequest, docker: Docker): Promise<ReadResult | undefined> {
  const { id, inputs, outputs } = request;
  if (!(await unlessMissing(docker.getImage(text(outputs.repoDigest) || id).inspect()))) return undefined;
  return { id, inputs, outputs };
}

function outputsOf(inputs: PropertyMap, image: string): PropertyMap {
  const build = properties(inputs.build);
  const name = inputs.imageName ?? "";
  const located = !containsUnknowns([build.context ?? "", build.dockerfile ?? ""]);
  return {
    __inputs: new Secret(inputs),
    baseImageName: name,
    context: build.context ?? Unknown.value,
    dockerfile: located ? relativeDockerfile(text(build.context), text(build.dockerfile)) : Unknown.value,
    imageName: name,
    platform: build.platform ?? Unknown.value,
    registryServer: "",
    repoDigest: image,
  };
}

function proxyArguments(): Record<string, string> {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "FTP_PROXY", "ALL_PROXY"];
  return Object.fromEntries(
    names
      .flatMap((name) => [name, name.toLowerCase()])
      .map((name) => [name, process.env[name] ?? ""])
      .filter(([, value]) => value),
  );
}
