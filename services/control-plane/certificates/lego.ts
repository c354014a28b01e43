import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../../lib/errors.ts";
import { chainProblem, readChain } from "../../../model/app/certificate-chain.ts";
import type { AcmeSettings } from "../../../model/platform/https.ts";
import { retryAfter } from "./attempts.ts";
import type { WantedName } from "./names.ts";

/** A certificate that an authority signed, with its key, PEM. */
export interface Issued {
  readonly chain: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

/** An order came to nothing. The message says why, in the authority's words where it has said something. */
export class OrderFailed extends Error {
  /** False: the authority was not reached, or could not do it, and so has counted nothing. */
  readonly counted: boolean;
  /** When the authority's limit is over, in milliseconds since 1970. */
  readonly notBefore: number | undefined;
  constructor(message: string, { counted, notBefore }: { counted: boolean; notBefore?: number | undefined }) {
    super(message);
    this.counted = counted;
    this.notBefore = notBefore;
  }
}

export interface LegoOptions {
  readonly settings: AcmeSettings & { readonly server: string };
  /** Its own: the account, and all certificates with their keys. */
  readonly folder: string;
  /** From which the router serves what proves a name. */
  readonly challenges: string;
  /** What the DNS provider is told. */
  readonly credentials: Readonly<Record<string, string>>;
  /** @default "lego" */
  readonly command?: string;
}

/** DNS takes its time. */
const TIMEOUT_MS = 15 * 60_000;
/** Characters of what it says that are kept. */
const KEPT = 20_000;

/**
 * lego, the ACME client that we use: it speaks to some 150 DNS providers and knows ARI, and is a package of Debian's. Each order
 * is a process of its own; secrets are in its environment and in its folder alone.
 */
export class Lego {
  readonly #options: LegoOptions;
  #account: Promise<unknown> | undefined;

  constructor(options: LegoOptions) {
    this.#options = options;
  }

  /** Whether its folder is there for us alone. */
  async open(): Promise<void> {
    const { folder, settings } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (settings.authority !== undefined) await writeFile(this.#authorityFile, settings.authority, { mode: 0o600 });
  }

  /** What there is for a name; undefined: nothing that could be served. */
  async certificate(host: string): Promise<Issued | undefined> {
    try {
      const chain = await readFile(this.#file(host, "crt"), "utf8");
      const key = await readFile(this.#file(host, "key"), "utf8");
      const [own] = readChain(chain) ?? [];
      // A process that was killed leaves a certificate beside another one's key.
      if (own === undefined || chainProblem(chain, key) !== undefined) return undefined;
      return { chain, key, from: own.validFromDate.getTime(), until: own.validToDate.getTime() };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Orders a certificate for a name. @throws OrderFailed */
  async order(name: WantedName): Promise<void> {
    await this.#forget(name.host);
    await this.#withAccount(() => this.#run(name, ["run", ...this.#profile]));
  }

  /** Orders another one where the authority (ARI) or a third of its life says so, and else does nothing. @throws OrderFailed */
  async renew(name: WantedName): Promise<void> {
    await this.#withAccount(() => this.#run(name, ["renew", "--dynamic", "--no-random-sleep", ...this.#profile]));
  }

  async #forget(host: string): Promise<void> {
    for (const kind of ["crt", "issuer.crt", "key", "json"]) await rm(this.#file(host, kind), { force: true });
  }

  /** Forgets a name with its certificate and key. */
  async remove(host: string): Promise<void> {
    await this.#forget(host);
  }

  /** Two that begin without an account would make two of them. */
  async #withAccount(work: () => Promise<void>): Promise<void> {
    const before = this.#account;
    if (before === undefined) {
      const first = work();
      this.#account = first;
      await first.catch((error: unknown) => {
        this.#account = undefined;
        throw error;
      });
      return;
    }
    await before.catch(() => {});
    if (this.#account === undefined) return this.#withAccount(work);
    await work();
  }

  async #run(name: WantedName, verb: readonly string[]): Promise<void> {
    const { settings, folder, challenges, credentials, command = "lego" } = this.#options;
    const resolvers = (settings.resolvers ?? []).flatMap((server) => ["--dns.resolvers", withPort(server)]);
    const { wait: seconds } = settings.dns ?? {};
    const wait = seconds === undefined ? [] : ["--dns.propagation-wait", `${seconds}s`];
    const proof =
      name.by === "dns"
        ? ["--dns", settings.dns?.provider ?? "none", ...resolvers, ...wait]
        : ["--http", "--http.webroot", challenges];
    const { code, text } = await runProcess(
      command,
      [
        ...["--accept-tos", "--email", settings.email, "--server", settings.server, "--path", folder],
        ...["--key-type", "ec256", "--domains", name.host, ...proof, ...verb],
      ],
      {
        ...inherited(),
        ...(settings.authority !== undefined && { LEGO_CA_CERTIFICATES: this.#authorityFile }),
        ...(name.by === "dns" && credentials),
      },
    );
    if (code !== 0) throw failure(text, credentials);
  }

  get #profile(): string[] {
    const { profile } = this.#options.settings;
    return profile === undefined ? [] : ["--profile", profile];
  }

  get #authorityFile(): string {
    return join(this.#options.folder, "authority.pem");
  }

  #file(host: string, kind: string): string {
    return join(this.#options.folder, "certificates", `${host.replace("*", "_")}.${kind}`);
  }
}

/** What every program finds of the machine, and no secret. */
function inherited(): Record<string, string> {
  const names = [
    "PATH",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
  ];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function withPort(server: string): string {
  return server.includes(":") ? server : `${server}:53`;
}

async function runProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(command, args, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      text = (text + piece).slice(-KEPT);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on("error", reject).on("close", resolve),
  ).catch((error: NodeJS.ErrnoException) => {
    throw new OrderFailed(`lego does not run: ${error.message}`, { counted: false });
  });
  return { code, text };
}

/** What an authority says: `acme: error: 403 :: POST :: https://… :: urn:ietf:params:acme:error:unauthorized :: …` */
const SAID = /acme: error: (\d{3})(?: :: [A-Z]+ :: \S+)? :: urn:ietf:params:acme:error:(\w+) :: ([^\n]*)/;
/** Not what it has against the name, but its own trouble. */
const OWN_TROUBLE: readonly string[] = ["serverInternal", "badNonce", "rateLimited"];

function failure(text: string, credentials: Readonly<Record<string, string>>): OrderFailed {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, "").trim())
    // What it tried again is none of it.
    .filter((line) => line !== "" && !line.startsWith("[INFO]") && !line.startsWith("[WARN]"));
  const [, status, kind = "", detail = ""] = SAID.exec(lines.join("\n")) ?? [];
  if (status !== undefined) {
    const counted = !OWN_TROUBLE.includes(kind) && !status.startsWith("5");
    const notBefore = kind === "rateLimited" ? (retryAfter(detail) ?? Date.now() + 3_600_000) : undefined;
    return new OrderFailed(`the authority refuses (${kind}): ${cut(detail)}`, { counted, notBefore });
  }
  const last = lines.at(-1) ?? "it was ended";
  const shown = Object.values(credentials).reduce((line, secret) => line.replaceAll(secret, "[secret]"), last);
  return new OrderFailed(`the order failed: ${cut(shown)}`, { counted: false });
}

function cut(text: string): string {
  const line = text.trim().replace(/, url: $/, "");
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
