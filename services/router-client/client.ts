import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** A dyno in the router's table; `dyno` (`web.1`) is what the router's log calls it. */
type RouterDyno = { name: string; port: number; dyno?: string };

/**
 * `napping`: its dynos are frozen; `asleep`: they are stopped; of either a request wakes the app. `quota`: its dynos stopped
 * until the first of the month, which a page says.
 */
type RouterMode = "awake" | "napping" | "asleep" | "quota";

/** What an app was asked for. */
interface RouterActivity {
  /** When it was last asked, deployed or woken, in seconds since 1970; the start of the router when it was not since. */
  readonly last: number;
  /** Requests that its dynos have now. */
  readonly inflight: number;
  /** Requests since the start of the router. */
  readonly requests: number;
}

/** What `PUT /apps/<app>` takes; times in seconds. The API is described in services/router/lua/router/admin.lua. */
export interface WantedEntry {
  readonly hosts: readonly string[];
  readonly dynos: readonly RouterDyno[];
  readonly check: { readonly type: string; readonly path: string; readonly timeout: number };
  readonly drain: number;
  /** Nothing was ever deployed to the app. */
  readonly welcome?: boolean;
  /** A page for every request, while the dynos run or sleep. */
  readonly maintenance?: boolean;
  /** Requests over HTTP are sent to HTTPS, where the host has a certificate. */
  readonly redirect?: boolean;
  /** Seconds for which browsers are to come by HTTPS alone; 0: nobody is told. */
  readonly hsts?: number;
}

/** A new dyno that was taken although it answers 500 or more, or listens and does not answer. */
export interface FailingDyno extends ProbeFailure {
  /** Its service. */
  readonly name: string;
}

/** What became of an entry that was put. */
export interface Switched {
  readonly revision: number;
  readonly failing?: readonly FailingDyno[];
}

/** An app's entry in the router's table. */
export interface RouterEntry extends WantedEntry {
  readonly app: string;
  readonly revision: number;
  readonly mode: RouterMode;
}

/** A certificate for some host names, PEM; the server's own stands first in the chain. */
export interface WantedCertificate {
  /** Those to serve it for: `www.shop.example`, or `*.shop.example`. */
  readonly hosts: readonly string[];
  readonly chain: string;
  readonly key: string;
}

/** A certificate that the router has, without its key. */
export interface RouterCertificate extends Omit<WantedCertificate, "key"> {
  readonly name: string;
}

/** Numbers that change when what they count does. */
export interface RouterRevision {
  readonly routes: number;
  readonly certificates: number;
}

/** What a restart beside tells of a dyno. `at`: a container's address on the platform's network. */
type BesideStep = { readonly state: "keep" | "move"; readonly at: string } | { readonly state: "drain" | "alone" };

/** Requests that had not ended when the time for that was over, by services: open WebSockets, say. */
type RequestsLeft = Readonly<Record<string, number>>;

/** The router refused. `dyno` and `probe` tell of a probe that failed. */
export class RouterError extends Error {
  readonly error: string;
  readonly dyno: string | undefined;
  readonly probe: ProbeFailure | undefined;
  constructor(body: { error: string; message: string; dyno?: string } & Partial<ProbeFailure>) {
    super(body.message);
    this.error = body.error;
    this.dyno = body.dyno;
    const { reason, status, answered } = body;
    this.probe = reason === undefined ? undefined : { reason, status, answered };
  }
}

/** Nobody answers at the socket. */
export class RouterUnreachable extends Error {}

/** Milliseconds that a router which is being started, or started again, is waited for. */
const ROUTER_TIMEOUT_MS = 15_000;
const RETRY_MS = 50;

/** The router's admin API on its Unix socket. */
export class RouterClient {
  readonly #socket: string;
  constructor(socket: string) {
    this.#socket = socket;
  }

  /**
   * Proves, switches, drains; an abort before the switch leaves everything as it was.
   *
   * @param replaced whether the dynos left out serve, where that is known; `fail`: new ones are taken whatever they answer
   * @throws RouterError `probe`, `overtaken`, `host`; `stopped` when those left out would have to be asked and sleep
   */
  async put(app: string, entry: WantedEntry, signal: AbortSignal, replaced?: "serve" | "fail"): Promise<Switched> {
    return (await this.#call("PUT", `/apps/${app}`, signal, { ...entry, replaced })) as Switched;
  }

  /** Whether one of these dynos of an app answers below 500; for `seconds` those that start are waited for. */
  async ask(
    app: string,
    question: { readonly dynos: readonly string[]; readonly path: string; readonly seconds: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    return ((await this.#call("POST", `/apps/${app}/ask`, signal, question)) as { serve: boolean }).serve;
  }

  /** Whether a dyno, also one that is being proven, was seen to listen on its port. */
  async bound(service: string, signal: AbortSignal): Promise<boolean> {
    return ((await this.#call("GET", `/dynos/${service}`, signal)) as { bound: boolean }).bound;
  }

  /** Undefined: no such app. */
  get(app: string, signal: AbortSignal, options: { patient?: boolean } = {}): Promise<RouterEntry | undefined> {
    return this.#find(`/apps/${app}`, signal, options) as Promise<RouterEntry | undefined>;
  }

  /** Removes an app's entry, if there is one, and waits until its requests have ended. */
  async remove(app: string, signal: AbortSignal): Promise<void> {
    await this.#patiently(signal, () => this.#send("DELETE", `/apps/${app}`, signal));
  }

  /** All entries, by the apps' names. */
  async list(signal: AbortSignal): Promise<RouterEntry[]> {
    return (await this.#call("GET", "/apps", signal)) as RouterEntry[];
  }

  /** By the apps' names. */
  async activity(signal: AbortSignal): Promise<Readonly<Record<string, RouterActivity>>> {
    return (await this.#call("GET", "/activity", signal)) as Record<string, RouterActivity>;
  }

  /**
   * Changes an app's mode and waits until its requests in flight have ended.
   *
   * @param ifIdle only after so many seconds without a request; else it is refused with `busy`
   * @throws RouterError `busy`, or `not_found`
   */
  async mode(
    app: string,
    mode: RouterMode,
    signal: AbortSignal,
    { ifIdle }: { ifIdle?: number } = {},
  ): Promise<RequestsLeft> {
    return ((await this.#call("POST", `/apps/${app}/mode`, signal, { mode, ifIdle })) as { left: RequestsLeft }).left;
  }

  /** Gives a dyno no more requests until `putIn`, or for 90 seconds, and waits until those it has ended. */
  async takeOut(app: string, service: string, signal: AbortSignal): Promise<RequestsLeft> {
    return (
      (await this.#call("POST", `/apps/${app}/dynos/${service}`, signal, { state: "out" })) as { left: RequestsLeft }
    ).left;
  }

  /**
   * Gives a dyno requests again, as soon as it answers; until it is gone from where it was taken out, nobody asks it.
   *
   * @throws RouterError `probe` when it did not answer in its check's time, `overtaken`, or `not_found`
   */
  async putIn(app: string, service: string, signal: AbortSignal): Promise<void> {
    await this.#call("POST", `/apps/${app}/dynos/${service}`, signal, { state: "in" });
  }

  /**
   * Says which of the containers of a dyno that is restarted its requests go to, by their addresses: `keep` one, `move`
   * to the new one when that answers; `drain`: the old one's end; `alone`: there is one again.
   *
   * @throws RouterError as {@link putIn}
   */
  async beside(app: string, service: string, step: BesideStep, signal: AbortSignal): Promise<RequestsLeft> {
    return ((await this.#call("POST", `/apps/${app}/dynos/${service}`, signal, step)) as { left: RequestsLeft }).left;
  }

  /** While an app's dynos have crashed, its requests are answered at once (H10) and wait for none of them. */
  async crashed(app: string, crashed: boolean, signal: AbortSignal): Promise<void> {
    await this.#call("POST", `/apps/${app}/crashed`, signal, { crashed });
  }

  /** Takes a certificate, or another in its place; connections that are open keep theirs. */
  async putCertificate(name: string, certificate: WantedCertificate, signal: AbortSignal): Promise<void> {
    await this.#call("PUT", `/certificates/${name}`, signal, certificate);
  }

  /** Removes a certificate, if there is one. */
  async removeCertificate(name: string, signal: AbortSignal): Promise<void> {
    await this.#call("DELETE", `/certificates/${name}`, signal);
  }

  /** Undefined: there is none of that name. */
  certificate(
    name: string,
    signal: AbortSignal,
    options: { patient?: boolean } = {},
  ): Promise<RouterCertificate | undefined> {
    return this.#find(`/certificates/${name}`, signal, options) as Promise<RouterCertificate | undefined>;
  }

  /** All certificates, whoever put them. */
  async certificates(signal: AbortSignal): Promise<RouterCertificate[]> {
    return (await this.#call("GET", "/certificates", signal)) as RouterCertificate[];
  }

  /**
   * Whether anything changed since the last time, at little cost.
   *
   * @param after is waited for to be no longer so, for up to 20 seconds
   */
  async revision(signal: AbortSignal, after?: RouterRevision): Promise<RouterRevision> {
    const known = after === undefined ? "" : `?after=${after.routes}.${after.certificates}`;
    return (await this.#call("GET", `/revision${known}`, signal)) as RouterRevision;
  }

  #find(path: string, signal: AbortSignal, options: { patient?: boolean }): Promise<unknown> {
    const ask = async () => {
      const { status, body } = await this.#send("GET", path, signal);
      return status === 200 ? body : undefined;
    };
    return options.patient === false ? ask() : this.#patiently(signal, ask);
  }

  #call(method: string, path: string, signal: AbortSignal, content?: unknown): Promise<unknown> {
    return this.#patiently(signal, async () => {
      const { status, body } = await this.#send(method, path, signal, content);
      if (status !== 200) throw new RouterError(body as ConstructorParameters<typeof RouterError>[0]);
      return body;
    });
  }

  /** Every call may be made twice, so one whose connection broke is made again. */
  async #patiently<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    const since = Date.now();
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof RouterUnreachable) || signal.aborted || Date.now() - since > ROUTER_TIMEOUT_MS)
          throw error;
        await sleep(RETRY_MS, undefined, { signal });
      }
    }
  }

  #send(
    method: string,
    path: string,
    signal: AbortSignal,
    content?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const text = content === undefined ? "" : JSON.stringify(content);
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
    const unreachable = (reason: string) => {
      const advice = "is the platform up? `npx pulumi up -s platform` starts it";
      reject(new RouterUnreachable(`the router does not answer at ${this.#socket} (${reason}): ${advice}`));
    };
    const fail = (error: Error) => (signal.aborted ? reject(error) : unreachable(error.message));
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const call = request({ socketPath: this.#socket, method, path, headers, signal, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
        } catch {
          unreachable(`HTTP ${response.statusCode} without JSON`);
        }
      });
    });
    call.on("error", fail);
    call.end(text);
    return promise;
  }
}

export interface ProbeFailure {
  readonly reason: ProbeReason;
  readonly status?: number;
  /** When the first answer came that was no good, in seconds since 1970. */
  readonly answered?: number;
}

/** Why the router did not take a dyno; `status` for `status`. The router's own words for it are in services/router. */
type ProbeReason = "no_name" | "refused" | "no_answer" | "status";
