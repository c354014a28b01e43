import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedResource, bool, isEmpty, object, set, string } from "../bridge/index.ts";
import { type Client, RequestError } from "./client.ts";

/** What GitHub shows in place of a secret. */
const HIDDEN = "********";

interface Hook {
  readonly id: number;
  readonly url: string;
  readonly active: boolean;
  readonly events: readonly string[];
  readonly config: {
    readonly url?: string;
    readonly content_type?: string;
    readonly secret?: string;
    readonly insecure_ssl?: string | number;
  };
}

/** `github:index/repositoryWebhook:RepositoryWebhook`. Its id is the hook's number. */
export const webhook: BridgedResource<Client> = {
  schemaVersion: 1,
  properties: {
    active: bool({ default: true }),
    configuration: object({
      contentType: string(),
      insecureSsl: bool({ default: false }),
      secret: string({ sensitive: true }),
      url: string({ required: true, sensitive: true }),
    }),
    etag: string({ computed: true, same: () => true }),
    events: set("string", { required: true }),
    repository: string({ required: true, forceNew: true }),
    url: string({ output: true }),
  },

  async create(inputs, { client }) {
    const { body } = await client.request<Hook>("POST", hooks(client, inputs), { name: "web", ...bodyOf(inputs) });
    return String(body.id);
  },

  async read(id, known, { client }): Promise<PropertyMap | undefined> {
    const found = await client.find<Hook>(`${hooks(client, known)}/${id}`, String(known.etag ?? ""));
    if (found === undefined) return undefined;
    if (found === "unchanged") return {};
    const { url, active, events, config } = found.body;
    const { secret } = (known.configuration ?? {}) as PropertyMap;
    const hidden = config.secret === HIDDEN && typeof secret === "string" && secret !== "";
    return {
      active,
      configuration: {
        contentType: config.content_type ?? "",
        insecureSsl: String(config.insecure_ssl ?? "0") === "1",
        secret: hidden ? secret : (config.secret ?? ""),
        url: config.url ?? "",
      },
      etag: found.etag,
      events: [...events],
      url,
    };
  },

  async update({ id, inputs }, { client }) {
    await client.request("PATCH", `${hooks(client, inputs)}/${id}`, bodyOf(inputs));
  },

  async delete({ id, outputs }, { client }) {
    await unlessGone(client.request("DELETE", `${hooks(client, outputs)}/${id}`));
  },

  /** `<repository>/<id>`, as the real plugin has it. */
  importState(id) {
    const [repository = "", number] = id.split("/");
    if (number === undefined) throw new Error(`"${id}" names no webhook: use <repository>/<id>, e.g. hello/1234`);
    return { id: number, known: { repository } };
  },

  async recover(inputs, { client }) {
    const { url } = (inputs.configuration ?? {}) as PropertyMap;
    const { body } = await client.request<readonly Hook[]>("GET", `${hooks(client, inputs)}?per_page=100`);
    const found = body.find(({ config }) => config.url === url);
    return found && String(found.id);
  },
};

function hooks({ owner }: Client, { repository }: PropertyMap): string {
  return `repos/${owner}/${repository}/hooks`;
}

function bodyOf({ active, events, configuration }: PropertyMap): object {
  const { url, contentType, secret, insecureSsl } = (configuration ?? {}) as PropertyMap;
  return {
    active: active !== false,
    events,
    ...(configuration !== undefined && {
      config: {
        url,
        ...(!isEmpty(contentType) && { content_type: contentType }),
        ...(!isEmpty(secret) && { secret }),
        insecure_ssl: insecureSsl === true ? "1" : "0",
      },
    }),
  };
}

/** What is gone need not be removed, and in a repository that is archived nothing can be. */
export async function unlessGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    if (error.status !== 404 && !(error.status === 403 && /archived/i.test(error.message))) throw error;
  }
}
