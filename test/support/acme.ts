import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { buildImage } from "../../images/build.ts";
import { makeCertificate } from "../../services/control-plane/tls/openssl.ts";
import { freePorts } from "./free-port.ts";
import { IMAGES_OWNER } from "./images.ts";
import { testBase } from "./router-image.ts";
import { until } from "./until.ts";

const PROGRAMS = ["lego", "pebble", "pebble-challtestsrv"] as const;
export type AcmeTools = Readonly<Record<(typeof PROGRAMS)[number], string>>;

/** The recipe by which the runner's image gets lego, with Pebble. */
async function dockerfile(): Promise<string> {
  const runner = await readFile(join(import.meta.dirname, "../../images/runner/Dockerfile"), "utf8");
  return `${runner.replace(/^COPY runner.*$/m, "")}RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends pebble > /dev/null\n`;
}

/** lego as the control plane has it, and Let's Encrypt's server and DNS server for tests: Debian's, kept on this machine. */
async function acmeTools(docker: Docker): Promise<AcmeTools> {
  const recipe = await dockerfile();
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dynoform-test", "acme");
  const tools = Object.fromEntries(PROGRAMS.map((name) => [name, join(folder, name)])) as AcmeTools;
  const known = await readFile(join(folder, "recipe"), "utf8").catch(() => "");
  if (known === recipe && (await Promise.all(Object.values(tools).map(isThere))).every(Boolean)) return tools;
  const tag = `${IMAGES_OWNER}/acme:test`;
  const files = [{ path: "Dockerfile", content: recipe }];
  await buildImage(docker, { tag, files, args: { BASE: await testBase(docker) } });
  const container = await docker.createContainer({ Image: tag, Cmd: ["true"] });
  try {
    await mkdir(folder, { recursive: true });
    for (const name of PROGRAMS) await copyOut(container, `/usr/bin/${name}`, tools[name]);
    await writeFile(join(folder, "recipe"), recipe);
  } finally {
    await container.remove({ force: true });
  }
  return tools;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function copyOut(container: Docker.Container, from: string, to: string): Promise<void> {
  const unpacked = extract();
  (await container.getArchive({ path: from })).pipe(unpacked);
  for await (const entry of unpacked) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    await writeFile(`${to}.${process.pid}`, Buffer.concat(chunks));
  }
  await chmod(`${to}.${process.pid}`, 0o755);
  // Another test may be running the one that is there.
  await rename(`${to}.${process.pid}`, to);
}

/** An authority and the DNS that it asks, both on 127.0.0.1. */
export interface AcmeWorld extends AsyncDisposable {
  readonly tools: AcmeTools;
  /** The authority's directory, and who signed its certificate. */
  readonly server: string;
  readonly authority: string;
  /** The DNS server's address with its port. */
  readonly resolver: string;
  /** The environment in which lego's provider `exec` writes records to the DNS server. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Has a name lead to addresses; none: it is no name. */
  point(host: string, ...addresses: string[]): Promise<void>;
  caa(host: string, ...issuers: string[]): Promise<void>;
  /** Orders that were made. */
  orders(): number;
  /** Ends the authority, and starts one again that knows nothing of before. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/**
 * @param httpPort where the authority looks for what proves a name
 * @param validity seconds that certificates are good for
 */
export async function acmeWorld(
  docker: Docker,
  { httpPort, validity = 90 * 86_400 }: { readonly httpPort: number; readonly validity?: number },
): Promise<AcmeWorld> {
  const tools = await acmeTools(docker);
  const folder = await mkdtemp(join(tmpdir(), "acme-"));
  const [port = 0, management = 0, dnsPort = 0, dnsManagement = 0] = await freePorts(4);
  const files = { key: join(folder, "key"), certificate: join(folder, "certificate") };
  const extensions = ["subjectAltName=IP:127.0.0.1,DNS:localhost"];
  await makeCertificate({ ...files, name: "Pebble", days: 2, extensions, settings: join(folder, "settings") });
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: files.certificate,
    privateKey: files.key,
    httpPort,
    tlsPort: httpPort,
    certificateValidityPeriod: validity,
  };
  await writeFile(join(folder, "pebble.json"), JSON.stringify({ pebble }));
  const resolver = `127.0.0.1:${dnsPort}`;
  const dns = `http://127.0.0.1:${dnsManagement}`;
  const hook = join(folder, "record");
  await writeFile(hook, record(dns), { mode: 0o755 });
  const server = `https://127.0.0.1:${port}/dir`;
  const authority = await readFile(files.certificate, "utf8");
  let orders = 0;
  let running: ChildProcess | undefined;

  async function start(): Promise<void> {
    const env = { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "50" };
    running = spawn(tools.pebble, ["-config", join(folder, "pebble.json"), "-dnsserver", resolver], {
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    running.stdout?.setEncoding("utf8").on("data", (text: string) => {
      orders += text.match(/Added order/g)?.length ?? 0;
    });
    await until("the authority answers", () => answers(server, authority));
  }
  async function stop(): Promise<void> {
    if (running !== undefined) await end(running);
    running = undefined;
  }

  const none = ["-doh", "", "-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "", "-defaultIPv6", ""];
  const names = spawn(
    tools["pebble-challtestsrv"],
    ["-dns01", resolver, "-management", `127.0.0.1:${dnsManagement}`, ...none],
    { stdio: "ignore" },
  );
  const tell = (path: string, body: object) => post(`${dns}/${path}`, body);
  try {
    await until("the DNS server answers", () =>
      tell("clear-a", { host: "none.test" }).then(
        () => true,
        () => false,
      ),
    );
    await start();
  } catch (error) {
    await Promise.all([stop(), end(names)]);
    throw error;
  }
  return {
    tools,
    server,
    authority,
    resolver,
    credentials: { EXEC_PATH: hook, EXEC_PROPAGATION_TIMEOUT: "10", EXEC_POLLING_INTERVAL: "1" },
    async point(host, ...addresses) {
      const [four, six] = [
        addresses.filter((each) => !each.includes(":")),
        addresses.filter((each) => each.includes(":")),
      ];
      await tell("clear-a", { host });
      await tell("clear-aaaa", { host });
      if (four.length > 0) await tell("add-a", { host, addresses: four });
      if (six.length > 0) await tell("add-aaaa", { host, addresses: six });
    },
    async caa(host, ...issuers) {
      await tell("clear-caa", { host });
      if (issuers.length > 0)
        await tell("add-caa", { host, policies: issuers.map((value) => ({ tag: "issue", value })) });
    },
    orders: () => orders,
    stop,
    start,
    async [Symbol.asyncDispose]() {
      await Promise.all([stop(), end(names)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What lego's provider `exec` calls: `present NAME VALUE` and `cleanup NAME VALUE`. */
function record(dns: string): string {
  return `#!${process.execPath}
const [verb, host, value] = process.argv.slice(2);
const path = verb === "present" ? "set-txt" : "clear-txt";
await fetch("${dns}/" + path, { method: "POST", body: JSON.stringify({ host, value }) });
`;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

function post(url: string, body: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent: false }, (response) => {
      response.resume().on("end", resolve).on("error", reject);
    });
    call.on("error", reject).end(JSON.stringify(body));
  });
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = secureRequest(url, { ca, agent: false }, (response) => resolve(response.resume().statusCode === 200));
    call.on("error", () => resolve(false)).end();
  });
}
