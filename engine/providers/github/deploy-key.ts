import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, string } from "../bridge/index.ts";
import type { Client } from "./client.ts";
import { unlessGone } from "./webhook.ts";

const forceNew = true;

interface Key {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  readonly read_only: boolean;
}

/** `github:index/repositoryDeployKey:RepositoryDeployKey`. Its id is `<repository>:<number>`. */
export const deployKey: BridgedResource<Client> = {
  properties: {
    etag: string({ output: true }),
    // GitHub leaves the comment out.
    key: string({ required: true, forceNew, same: (left, right) => withoutComment(left) === withoutComment(right) }),
    readOnly: bool({ forceNew, default: true }),
    repository: string({ required: true, forceNew }),
    title: string({ required: true, forceNew }),
  },

  async create(inputs, { client }) {
    const { body } = await client.request<Key>("POST", keys(client, String(inputs.repository)), {
      title: inputs.title,
      key: inputs.key,
      read_only: inputs.readOnly !== false,
    });
    return `${inputs.repository}:${body.id}`;
  },

  async read(id, known, { client }): Promise<PropertyMap | undefined> {
    const [repository, number] = parts(id);
    const found = await client.find<Key>(`${keys(client, repository)}/${number}`, String(known.etag ?? ""));
    if (found === undefined) return undefined;
    if (found === "unchanged") return {};
    const { key, title, read_only } = found.body;
    return { etag: found.etag, key, readOnly: read_only, repository, title };
  },

  async delete({ id }, { client }) {
    const [repository, number] = parts(id);
    await unlessGone(client.request("DELETE", `${keys(client, repository)}/${number}`));
  },

  async recover(inputs: PropertyMap, { client }) {
    const repository = String(inputs.repository);
    const { body } = await client.request<readonly Key[]>("GET", `${keys(client, repository)}?per_page=100`);
    const found = body.find(({ key }) => withoutComment(key) === withoutComment(String(inputs.key)));
    return found && `${repository}:${found.id}`;
  },
};

function parts(id: string): [repository: string, number: string] {
  const [repository = "", number] = id.split(":");
  if (number === undefined) throw new Error(`"${id}" names no deploy key: use <repository>:<id>, e.g. hello:1234`);
  return [repository, number];
}

function keys({ owner }: Client, repository: string): string {
  return `repos/${owner}/${repository}/keys`;
}

function withoutComment(key: string): string {
  return key.trim().split(/\s+/).slice(0, 2).join(" ");
}
