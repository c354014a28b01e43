import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { messageOf, UserError } from "../../../../lib/errors.ts";
import type { Clock } from "../../types.ts";
import { anonymous, oauthMethods, pageOf, refusal, unreachable } from "./octokit.ts";

/** How a user lets the platform in by typing a code at GitHub's. */
export interface DeviceFlow {
  readonly id: string;
  /** What the user types, e.g. `WDJB-MJHT`. */
  readonly code: string;
  /** Where. */
  readonly page: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly end:
    | { readonly result: "connected"; readonly login: string }
    | { readonly result: "failed"; readonly message: string }
    | undefined;
}

export interface DeviceFlowsOptions {
  readonly baseUrl: string;
  /** Of an OAuth App in which the device flow is switched on; undefined: there is none. */
  readonly clientId: string | undefined;
  readonly clock: Clock;
  /** Waits so many milliseconds. @default setTimeout of node:timers/promises */
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Keeps the token of whoever was let in. @returns as what GitHub knows them */
  connect(account: string, token: string): Promise<string>;
}

/** By which webhooks, statuses and deployments of private repositories can be written, too: GitHub has no narrower one. */
const SCOPES = ["repo"];
/** Seconds that are added when GitHub is asked too often; it says the new interval itself. */
const SLOWER_SECONDS = 5;

/** The device flows that go on, one for each account. */
export class DeviceFlows implements Disposable {
  readonly #options: DeviceFlowsOptions;
  readonly #flows = new Map<string, DeviceFlow>();
  readonly #running = new Map<string, AbortController>();

  constructor(options: DeviceFlowsOptions) {
    this.#options = options;
  }

  get offered(): boolean {
    return this.#options.clientId !== undefined;
  }

  /** Asks GitHub for a code, and then whether it was typed until it says so. @throws UserError */
  async begin(account: string): Promise<DeviceFlow> {
    const { baseUrl, clientId, clock } = this.#options;
    if (clientId === undefined) {
      throw new UserError(
        "To connect by a code, set dynoform:platform.github.clientId to the client id of an OAuth App.",
      );
    }
    const data = await askForCode(baseUrl, clientId);
    this.#running.get(account)?.abort();
    const flow: DeviceFlow = {
      id: randomBytes(12).toString("base64url"),
      code: data.user_code,
      page: pageOf(data.verification_uri),
      expiresAt: clock() + data.expires_in * 1000,
      end: undefined,
    };
    this.#flows.set(account, flow);
    const running = new AbortController();
    this.#running.set(account, running);
    void this.#follow(
      account,
      clientId,
      flow,
      { code: data.device_code, interval: data.interval },
      running.signal,
    ).then(
      (end) => this.#end(account, flow, end),
      (error: unknown) => this.#end(account, flow, { result: "failed", message: messageOf(error) }),
    );
    return flow;
  }

  /** Undefined: it is another account's, or there is a newer one. */
  find(account: string, id: string): DeviceFlow | undefined {
    const flow = this.#flows.get(account);
    return flow?.id === id ? flow : undefined;
  }

  [Symbol.dispose](): void {
    for (const running of this.#running.values()) running.abort();
  }

  #end(account: string, { id }: DeviceFlow, end: DeviceFlow["end"]): void {
    const flow = this.find(account, id);
    if (flow !== undefined) this.#flows.set(account, { ...flow, end });
  }

  /** @param interval seconds between two questions */
  async #follow(
    account: string,
    clientId: string,
    { expiresAt }: DeviceFlow,
    { code, interval }: { readonly code: string; readonly interval: number },
    signal: AbortSignal,
  ): Promise<DeviceFlow["end"]> {
    const { baseUrl, clock, connect, wait = pause } = this.#options;
    for (let seconds = interval; ; ) {
      await wait(seconds * 1000, signal);
      signal.throwIfAborted();
      if (clock() > expiresAt) throw ended("expired_token");
      try {
        const token = await exchange(baseUrl, clientId, code);
        signal.throwIfAborted();
        return { result: "connected", login: await connect(account, token) };
      } catch (error) {
        const { code: word, interval: wanted } = refusal(error);
        if (word === "slow_down") seconds = typeof wanted === "number" ? wanted : seconds + SLOWER_SECONDS;
        // GitHub away for a moment is no end: the code stays good for a quarter of an hour.
        else if (error instanceof UserError || (word !== undefined && word !== "authorization_pending")) {
          throw ended(word, error);
        }
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  return setTimeout(milliseconds, undefined, { signal, ref: false });
}

async function askForCode(baseUrl: string, clientId: string) {
  const [{ createDeviceCode }, request] = await Promise.all([oauthMethods(), anonymous(baseUrl)]);
  try {
    const { data } = await createDeviceCode({ clientType: "oauth-app", clientId, scopes: SCOPES, request });
    return data;
  } catch (error) {
    throw begun(baseUrl, error);
  }
}

/** @returns the token @throws what GitHub refuses, also that the code was not typed yet */
async function exchange(baseUrl: string, clientId: string, code: string): Promise<string> {
  const [{ exchangeDeviceCode }, request] = await Promise.all([oauthMethods(), anonymous(baseUrl)]);
  const { authentication } = await exchangeDeviceCode({ clientType: "oauth-app", clientId, code, request });
  return authentication.token;
}

function begun(baseUrl: string, error: unknown): UserError {
  const { code, status } = refusal(error);
  if (code === "device_flow_disabled")
    return new UserError(
      "Switch the device flow on in the OAuth App at GitHub, whose client id is dynoform:platform.github.clientId.",
    );
  if (status === 0 || status >= 500) return unreachable(baseUrl);
  return new UserError(
    "GitHub does not know the OAuth App of dynoform:platform.github.clientId. Look the client id up there.",
  );
}

function ended(word: unknown, error?: unknown): UserError {
  if (word === "expired_token") return new UserError("The code was not typed in time. Ask for another one.");
  if (word === "access_denied") return new UserError("You refused at GitHub, and nothing is connected.");
  return new UserError(
    error instanceof UserError
      ? error.message
      : `GitHub does not take the code any more (${String(word ?? messageOf(error))}). Ask for another one.`,
  );
}
