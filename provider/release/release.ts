import { userInfo } from "node:os";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { Secret } from "../../engine/src/values/values.ts";
import { type Configs, type LedgerEntry, namedConfigs, newest } from "../../model/app/ledger.ts";
import { removeCheckOuts } from "../../sources/git/checkout.ts";
import { Repository, repositoryPath } from "../../sources/git/repository.ts";
import { removeUnreferenced } from "../build/images.ts";
import { dockerClient } from "../docker/client.ts";
import {
  anyText,
  boolean,
  either,
  integer,
  list,
  map,
  type ResourceDefinition,
  text,
  withDefault,
} from "../kit/index.ts";
import { describeChanges } from "./changes.ts";

type Inputs = {
  platform: string;
  /** The platform's runtime directory. */
  directory: string;
  app: string;
  /** What names the app's repository. */
  appId: string;
  /** How many releases are kept, with their images and commits. */
  keep: number;
  /** Empty: the app has no source. So are the next three. */
  slug: string;
  digest: string;
  /** 40 hexadecimal digits. */
  commit: string;
  image: string;
  /** Whether the image was taken from another app. */
  promoted: boolean;
  processes: { [type: string]: string };
  /** Follows from `config`, without telling it. */
  configHash: string;
  config: { [name: string]: string };
  /** By attachment: the generation of its credentials, with the database where another name stands for it. */
  addons: { [attachment: string]: number | string };
  /** What of Heroku's labs the app has, sorted. */
  labs: string[];
};

type Outputs = Inputs & {
  version: number;
  ledger: LedgerEntry[];
  configs: Secret;
};

/**
 * An app's releases: a number for every change of what runs, given only after it runs, and a ledger of the last ones.
 * Who and why come from the environment and when from the clock, so that they never make a release by themselves. All
 * that matters is in the state, and what an update does besides may be done twice.
 */
export const release: ResourceDefinition<Inputs, Outputs> = {
  inputs: {
    platform: text(),
    directory: text(),
    app: text(),
    appId: text(),
    keep: integer({ min: 1 }),
    slug: anyText(),
    digest: anyText(),
    commit: anyText(),
    image: anyText(),
    promoted: withDefault(boolean(), false),
    processes: map(text()),
    configHash: text(),
    config: map(anyText()),
    addons: map(either(integer({ min: 1 }), text())),
    labs: withDefault(list(text()), []),
  },
  computed: ["version", "ledger", "configs"],
  replaceOn: [],
  sentence({ inputs, outputs }, news) {
    const changes = describeChanges(inputs, news, outputs.ledger);
    return changes && `v${outputs.version + 1}: ${changes}`;
  },
  async create(inputs, call) {
    const description = describeChanges(undefined, inputs) ?? "";
    const entry = await entryOf(1, description, inputs);
    const ledger = [entry];
    const outputs = await finish(inputs, ledger, { [inputs.configHash]: inputs.config }, call);
    return { id: inputs.app, outputs };
  },
  async update({ inputs: olds, outputs: { version, ledger, configs } }, news, call) {
    const description = describeChanges(olds, news, ledger);
    const last = ledger.at(-1);
    const all = { ...(configs as unknown as Configs), [news.configHash]: news.config };
    if (description === undefined && last !== undefined) {
      // The same in another image, or a version of a config var that was only called otherwise: what ran is the same.
      const { image, processes, configHash } = news;
      return finish(news, [...ledger.slice(0, -1), { ...last, image, processes, configHash }], all, call);
    }
    return finish(news, [...ledger, await entryOf(version + 1, description ?? "", news)], all, call);
  },
  async delete({ inputs: { directory, appId } }, call) {
    await quietly(call, "the commits of the releases", () =>
      new Repository(repositoryPath(directory, appId)).keepOnly([]),
    );
    await quietly(call, "the files of commits", () => removeCheckOuts(directory, appId));
  },
};

async function entryOf(version: number, description: string, inputs: Inputs): Promise<LedgerEntry> {
  const { directory, appId, commit, image, promoted, slug, digest, configHash, processes, addons, labs } = inputs;
  const pinned = commit !== "" && (await new Repository(repositoryPath(directory, appId)).pin(version, commit));
  return {
    version,
    commit: pinned ? commit : "",
    image,
    slug,
    digest,
    description: process.env.DYNOFORM_DESCRIPTION || description,
    user: process.env.DYNOFORM_USER || ownName(),
    createdAt: new Date().toISOString(),
    configHash,
    processes,
    addons,
    ...(labs.length > 0 && { labs }),
    ...(promoted && { promoted }),
  };
}

/** Forgets what is too old. The release stands already, so nothing here makes it fail. */
async function finish(
  inputs: Inputs,
  entries: readonly LedgerEntry[],
  configs: Configs,
  call: CallContext,
): Promise<Outputs> {
  const { platform, directory, app, appId, keep, commit } = inputs;
  const ledger = newest(entries, keep);
  const versions = ledger.map(({ version }) => version);
  await quietly(call, "the commits of old releases", () =>
    new Repository(repositoryPath(directory, appId)).keepOnly(versions),
  );
  await quietly(call, "the files of other commits", () => removeCheckOuts(directory, appId, commit));
  const images = new Set(ledger.map(({ image }) => image));
  await quietly(call, "the images of old releases", () => removeUnreferenced(dockerClient(), platform, images, app));
  return {
    ...inputs,
    version: ledger.at(-1)?.version ?? 1,
    ledger,
    configs: new Secret(namedConfigs(ledger, configs)),
  };
}

async function quietly(call: CallContext, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    call.log("warning", `${what} could not be removed: ${(error as Error).message}`);
  }
}

/** Whoever runs this, by the name the machine knows; a container may know none. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}
