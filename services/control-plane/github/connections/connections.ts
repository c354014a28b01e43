import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../../lib/errors.ts";
import type { ForgeKind } from "../../../../model/github/settings.ts";
import type { Token } from "../../accounts/token.ts";
import type { Clock } from "../../types.ts";
import { forgeLabel } from "../forge/addresses.ts";
import type { Connection, Credential, OpenForge } from "../ports.ts";
import { type DeviceFlow, DeviceFlows, type DeviceFlowsOptions } from "./device.ts";
import { type AppManifest, appManifest } from "./manifest.ts";
import { anonymous, pageOf, refusal, unreachable } from "./octokit.ts";
import { newState, readState } from "./state.ts";
import { type Connected, ConnectionStore } from "./store.ts";

export interface ConnectionsOptions {
  /** With the tables of accounts. */
  readonly db: DatabaseSync;
  /** The platform's, from which the key that seals credentials follows. */
  readonly key: Pick<Token, "key" | "sign" | "verify">;
  /** The platform's name. */
  readonly platform: string;
  /** @default "github" */
  readonly forge?: ForgeKind | undefined;
  /** Of the forge's pages, e.g. `https://github.com`. */
  readonly baseUrl: string;
  /** @see DeviceFlowsOptions */
  readonly clientId: string | undefined;
  readonly open: OpenForge;
  readonly clock: Clock;
  readonly wait?: DeviceFlowsOptions["wait"];
}

/** What a browser takes to GitHub to have an App made there. */
interface AppOrder {
  /** Where the form goes. */
  readonly action: string;
  /** Its only field. */
  readonly manifest: AppManifest;
}

/** The accounts of GitHub's that users have connected. Methods name users by the ids of their accounts here. */
export class Connections implements Disposable {
  readonly #options: ConnectionsOptions;
  readonly #store: ConnectionStore;
  readonly #flows: DeviceFlows;

  constructor(options: ConnectionsOptions) {
    const { db, key, clock, baseUrl, clientId, wait } = options;
    this.#options = options;
    this.#store = new ConnectionStore(db, key, clock);
    this.#flows = new DeviceFlows({
      baseUrl,
      clientId,
      clock,
      ...(wait && { wait }),
      connect: (account, token) => this.#keep(account, "device", undefined, { token }),
    });
  }

  get baseUrl(): string {
    return this.#options.baseUrl;
  }

  get forge(): ForgeKind {
    return this.#options.forge ?? "github";
  }

  /** Whether one can be connected by an App: a Gitea has none. */
  get byApp(): boolean {
    return this.forge === "github";
  }

  /** Whether one can be connected by a code. */
  get byCode(): boolean {
    return this.byApp && this.#flows.offered;
  }

  /** Without its credential. */
  shown(account: string): Connected | undefined {
    return this.#store.get(account);
  }

  /** Undefined: there is none, or its App is not installed yet. @throws UserError when it cannot be opened */
  async of(account: string): Promise<Connection | undefined> {
    const shown = this.shown(account);
    if (shown?.login === undefined) return undefined;
    const { login, forge, baseUrl } = shown;
    return { login, forge, baseUrl, credential: await this.#credential(account) };
  }

  /** @throws UserError for a token that GitHub does not take */
  async byToken(account: string, token: string): Promise<void> {
    const text = token.trim();
    if (!/^[\w.-]{10,255}$/.test(text)) {
      const example = this.forge === "gitea" ? "40 digits and letters" : "e.g. github_pat_11AB…";
      throw new UserError(`That is no token of ${forgeLabel(this.forge)}'s: copy all of it, ${example}`);
    }
    await this.#keep(account, "token", undefined, { token: text });
  }

  /**
   * @param site where browsers find the dashboard
   * @param returnTo what `made` and `installed` give back
   * @param organization whose App it is to be; undefined: the user's own
   */
  async order(account: string, site: string, returnTo: string, organization?: string): Promise<AppOrder> {
    const { baseUrl, platform } = this.#options;
    if (!this.byApp) throw new UserError("A Gitea has no Apps. Connect by a token.");
    if (organization !== undefined && !/^[\w.-]{1,100}$/.test(organization)) {
      throw new UserError("That is no organisation's name at GitHub: take it from the address of its page.");
    }
    const whose = organization === undefined ? "" : `/organizations/${organization}`;
    const query = new URLSearchParams({ state: await newState(this.#options, account, returnTo) });
    return {
      action: `${baseUrl}${whose}/settings/apps/new?${query}`,
      manifest: appManifest(platform, randomBytes(3).toString("hex"), site),
    };
  }

  /**
   * Takes the App that was made at GitHub.
   *
   * @returns where it is installed on repositories
   * @throws UserError for what this user did not begin here, and for a code that GitHub does not take
   */
  async made(account: string, code: string, state: string): Promise<string> {
    const { baseUrl } = this.#options;
    const returnTo = await readState(this.#options, account, state);
    const data = await convert(baseUrl, code);
    const { id, pem, html_url: at } = (data ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof id !== "number" || typeof pem !== "string" || typeof at !== "string") throw unreachable(baseUrl);
    const page = pageOf(at);
    const credential: Credential = { app: { id: String(id), installation: "", pem } };
    await this.#store.put(account, { forge: this.forge, baseUrl, way: "app", login: undefined, page }, credential);
    return `${page}/installations/new?${new URLSearchParams({ state: await newState(this.#options, account, returnTo) })}`;
  }

  /**
   * Notes on which account the App was installed.
   *
   * @param state undefined where GitHub gives none back
   * @returns what `order` was given; undefined: nobody knows
   * @throws UserError for an installation that is none of this user's App
   */
  async installed(account: string, installation: string, state: string | undefined): Promise<string | undefined> {
    const shown = this.shown(account);
    if (shown?.way !== "app") throw new UserError("No GitHub App of yours is known here. Connect again.");
    if (!/^\d{1,20}$/.test(installation))
      throw new UserError("GitHub did not say what the App was installed on. Connect again.");
    const credential = await this.#credential(account);
    if (!("app" in credential)) throw new UserError("No GitHub App of yours is known here. Connect again.");
    const returnTo = state === undefined ? undefined : await readState(this.#options, account, state);
    await this.#keep(account, "app", shown.page, { app: { ...credential.app, installation } });
    return returnTo;
  }

  /** Begins the device flow. @throws UserError */
  async beginCode(account: string): Promise<DeviceFlow> {
    if (!this.byApp) throw new UserError("A Gitea has no codes to type. Connect by a token.");
    return this.#flows.begin(account);
  }

  code(account: string, id: string): DeviceFlow | undefined {
    return this.#flows.find(account, id);
  }

  /** Forgets the credential. Links that were made with it have their own. @returns whether there was one */
  remove(account: string): boolean {
    return this.#store.remove(account);
  }

  [Symbol.dispose](): void {
    this.#flows[Symbol.dispose]();
  }

  async #credential(account: string): Promise<Credential> {
    const credential = await this.#store.credential(account);
    if (credential !== undefined) return credential;
    throw new UserError("The platform's key has changed since your GitHub account was connected. Connect it again.");
  }

  /** @returns as what GitHub knows the account @throws UserError for a credential that GitHub does not take */
  async #keep(
    account: string,
    way: Connected["way"],
    page: string | undefined,
    credential: Credential,
  ): Promise<string> {
    const { baseUrl, open } = this.#options;
    const { forge } = this;
    const login = await open({ forge, baseUrl, credential }).login();
    await this.#store.put(account, { forge, baseUrl, way, login, page }, credential);
    return login;
  }
}

/** Gets an App for the code of its manifest. */
async function convert(baseUrl: string, code: string): Promise<unknown> {
  const request = await anonymous(baseUrl);
  try {
    return (await request("POST /app-manifests/{code}/conversions", { code })).data;
  } catch (error) {
    const { status } = refusal(error);
    if (status === 0 || status >= 500) throw unreachable(baseUrl);
    throw new UserError("GitHub does not take the code of the App any more. Connect again.");
  }
}
