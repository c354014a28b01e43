import { askGitea, findGitea, removeGitea } from "../../lib/gitea.ts";
import { anyText, list, type ResourceDefinition, text } from "../kit/index.ts";
import { address, place } from "./inputs.ts";

type Inputs = {
  baseUrl: string;
  token: string;
  repository: string;
  url: string;
  secret: string;
  events: string[];
};

interface Hook {
  readonly id: number;
  readonly config: { readonly url?: string };
}

/**
 * A webhook of a repository at a Gitea or Forgejo. Another secret makes another one, since no call changes it; both are
 * there for a moment, so that no push goes untold.
 */
export const giteaWebhook: ResourceDefinition<Inputs, Inputs> = {
  inputs: { ...address, url: text(), secret: anyText(), events: list(text()) },
  computed: [],
  replaceOn: ["baseUrl", "repository", "url", "secret", "events"],
  async create(inputs, { signal }) {
    const { url, secret, events } = inputs;
    const { id } = await askGitea<Hook>(
      inputs,
      "POST",
      hooks(inputs),
      { type: "gitea", active: true, events, config: { url, content_type: "json", secret } },
      signal,
    );
    return { id: String(id), outputs: inputs };
  },
  async read({ id, inputs, outputs }, { signal }) {
    return (await findGitea<Hook>(inputs, `${hooks(inputs)}/${id}`, signal)) && outputs;
  },
  /** Another token is only another way in. */
  update: async (_state, news) => news,
  delete: ({ id, inputs }, { signal }) => removeGitea(inputs, `${hooks(inputs)}/${id}`, signal),
  async recover(inputs, { signal }) {
    const all = (await findGitea<readonly Hook[]>(inputs, `${hooks(inputs)}?limit=50`, signal)) ?? [];
    const found = all.find(({ config }) => config.url === inputs.url);
    return found && { id: String(found.id), outputs: inputs };
  },
};

function hooks({ repository }: Inputs): string {
  return `${place(repository)}/hooks`;
}
