import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { ensureDirectories } from "../../../cli/setup/directories.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { build } from "../../../provider/build/build.ts";
import { removeUnreferenced } from "../../../provider/build/images.ts";
import { type BuildRecord, listRecords } from "../../../provider/build/record.ts";
import { providerOf } from "../../../provider/kit/index.ts";
import { buildContent } from "../../../provider/sdk/build.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import { readSource } from "../../../sources/index.ts";
import { type TestGround, testGround } from "../../support/ground.ts";
import { ensureTestImages } from "../../support/images.ts";

const TYPE = "dyno:index:Build";

/** What a build gave. */
interface Built {
  readonly id: string;
  readonly image: string;
  readonly record: string;
}

/** What a build is told besides its source; by default nothing. */
interface Told {
  readonly environment?: Readonly<Record<string, string>>;
  readonly pip?: string;
  readonly commit?: string;
}

/** Builds apps of one platform as the engine does, without an engine. */
export interface BuildGround extends TestGround {
  /** Builds a source; its output goes to `lines`. */
  build(app: string, directory: string, signal?: AbortSignal, told?: Told): Promise<Built>;
  /** Builds as if the source had been declared with this digest. */
  buildDeclared(app: string, directory: string, digest: string): Promise<Built>;
  /** The image that a refresh finds. */
  read(app: string, directory: string): Promise<string | undefined>;
  /** Told by all builds. */
  readonly lines: string[];
  records(): Promise<BuildRecord[]>;
  log(record: string): Promise<string>;
  /** Names of the platform's containers, and tags of its apps' images. */
  containers(): Promise<string[]>;
  images(): Promise<string[]>;
  /** The runtime directory. */
  readonly runtime: string;
}

export async function buildGround(): Promise<BuildGround> {
  const ground = await testGround();
  const { docker, name: platform } = ground;
  await ensureTestImages(docker, () => {});
  const runtime = join(process.env.DYNOFORM_HOME ?? "", platform);
  await ensureDirectories(runtime, ground.directory);
  const provider = providerOf("dyno", "0", { [TYPE]: build });
  const lines: string[] = [];
  const call = (signal = new AbortController().signal) => ({
    urn: "urn:pulumi:test::test::dyno:index:Build::build",
    type: TYPE,
    name: "build",
    signal,
    log: (_severity: string, line: string) => void lines.push(line),
  });

  async function inputs(app: string, directory: string, digest?: string, told: Told = {}) {
    const content = buildContent(readSource(directory));
    const repository = repositoryPath(runtime, app);
    const declared = digest === undefined ? {} : { digest };
    const news = { platform, app, directory, repository, ...content, ...declared, ...told } as PropertyMap;
    const checked = await provider.check({ ...call(), olds: undefined, news, randomSeed: new Uint8Array(32) });
    if (checked.failures) throw new Error(JSON.stringify(checked.failures));
    return checked.inputs;
  }

  async function create(app: string, directory: string, digest?: string, signal?: AbortSignal, told?: Told) {
    const request = { ...call(signal), inputs: await inputs(app, directory, digest, told), timeout: 0, preview: false };
    const { id, outputs } = await provider.create(request);
    return { id, image: String(outputs.image), record: String(outputs.record) };
  }

  return {
    ...ground,
    build: (app, directory, signal, told) => create(app, directory, undefined, signal, told),
    buildDeclared: create,
    async read(app, directory) {
      const found = await provider.read({ ...call(), id: "x", inputs: await inputs(app, directory), outputs: {} });
      return found && String(found.outputs.image);
    },
    lines,
    records: () => listRecords(join(runtime, "builds")),
    log: (record) => readFile(join(runtime, "builds", record, "log"), "utf8"),
    async containers() {
      const filters = JSON.stringify({ label: [`dynoform.platform=${platform}`] });
      const found = await docker.listContainers({ all: true, filters });
      return found.map(({ Names }) => Names[0]?.slice(1) ?? "");
    },
    async images() {
      const filters = JSON.stringify({ reference: [`${platform}/app-*`, `${platform}/deps-*`] });
      const found = await docker.listImages({ filters });
      return found
        .flatMap(({ RepoTags }) => RepoTags ?? [])
        .filter((tag) => tag.startsWith(`${platform}/`))
        .sort();
    },
    runtime,
    async [Symbol.asyncDispose]() {
      // Only what takes a minute to compile is worth keeping for other tests.
      await removeUnreferenced(docker, platform, new Set(await idsOf(docker, `${platform}/deps-hello`)));
      await ground[Symbol.asyncDispose]();
    },
  };
}

async function idsOf(docker: Docker, repository: string): Promise<string[]> {
  const images = await docker.listImages({ filters: JSON.stringify({ reference: [repository] }) });
  return images.map(({ Id }) => Id);
}
