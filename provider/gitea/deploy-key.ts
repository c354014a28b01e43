import { askGitea, findGitea, removeGitea } from "../../lib/gitea.ts";
import { type ResourceDefinition, text } from "../kit/index.ts";
import { address, place } from "./inputs.ts";

type Inputs = {
  baseUrl: string;
  token: string;
  repository: string;
  title: string;
  key: string;
};

interface Key {
  readonly id: number;
  readonly key: string;
}

/** A key that may read a repository at a Gitea or Forgejo. */
export const giteaDeployKey: ResourceDefinition<Inputs, Inputs> = {
  inputs: { ...address, title: text(), key: text() },
  computed: [],
  replaceOn: ["baseUrl", "repository", "title", "key"],
  // It takes no key twice.
  deleteBeforeReplace: true,
  async create(inputs, { signal }) {
    const { title, key } = inputs;
    const made = await askGitea<Key>(inputs, "POST", keys(inputs), { title, key, read_only: true }, signal);
    return { id: String(made.id), outputs: inputs };
  },
  async read({ id, inputs, outputs }, { signal }) {
    return (await findGitea<Key>(inputs, `${keys(inputs)}/${id}`, signal)) && outputs;
  },
  /** Another token is only another way in. */
  update: async (_state, news) => news,
  delete: ({ id, inputs }, { signal }) => removeGitea(inputs, `${keys(inputs)}/${id}`, signal),
  async recover(inputs, { signal }) {
    const all = (await findGitea<readonly Key[]>(inputs, `${keys(inputs)}?limit=50`, signal)) ?? [];
    const found = all.find(({ key }) => withoutComment(key) === withoutComment(inputs.key));
    return found && { id: String(found.id), outputs: inputs };
  },
};

function keys({ repository }: Inputs): string {
  return `${place(repository)}/keys`;
}

function withoutComment(key: string): string {
  return key.trim().split(/\s+/).slice(0, 2).join(" ");
}
