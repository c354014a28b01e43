import { UserError } from "../../../../lib/errors.ts";
import { declaredCertificates } from "../../../../model/app/certificates.ts";
import type { Scale } from "../../../../model/app/formation.ts";
import type { LedgerEntry } from "../../../../model/app/ledger.ts";
import type { AddonSettings } from "../../../../model/app/settings.ts";
import type { Ports } from "../../../../services/control-plane/api/ports.ts";
import type { AppFile, Changed, DeclaredApp, Plan } from "../../../../services/control-plane/apps/ports.ts";
import type { Found } from "../../../../services/control-plane/drift/watch.ts";
import type { DynoState, DynoTarget } from "../../../../services/control-plane/dynos/ports.ts";
import type { UsageEntry } from "../../../../services/control-plane/hours/ports.ts";
import type { Drain, LogFilter, StoredLine } from "../../../../services/control-plane/logs/ports.ts";
import type { OneOff, OneOffRequest } from "../../../../services/control-plane/one-off/ports.ts";
import { ownedAs } from "../../../../services/control-plane/pipelines/owned-as.ts";
import { Promotions, type PromotionsOptions } from "../../../../services/control-plane/pipelines/promotions.ts";
import { PromotionStore } from "../../../../services/control-plane/pipelines/store.ts";
import { Databases } from "../../../../services/control-plane/postgres/databases.ts";
import { SetupStore } from "../../../../services/control-plane/setups/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { Act } from "../../../../services/control-plane/types.ts";
import { FakeGitHub } from "../github/fakes.ts";
import { FakePipelines } from "../pipelines/fakes.ts";
import { FakeServer } from "../postgres/fake-server.ts";
import { FakeReviews } from "../reviews/fakes.ts";
import { memoryAccounts } from "./accounts.ts";
import { noBuilds } from "./no-builds.ts";

interface FakeApp {
  readonly formation: Record<string, Scale>;
  readonly config: Record<string, string>;
  readonly addons: Record<string, AddonSettings>;
  /** More of `dynoform:app`. */
  readonly settings?: Record<string, unknown>;
}

/** What the server's ports stand on in tests: an app in memory that changes as a real one does. */
export class World {
  readonly apps = new Map<string, FakeApp>();
  readonly made: { readonly name: string; readonly act: Act; readonly owner: string }[] = [];
  readonly changes: { readonly app: string; readonly act: Act }[] = [];
  /** What was only previewed. */
  readonly plans: { readonly app: string; readonly act: Act }[] = [];
  /** What was done besides changes. */
  readonly acts: string[] = [];
  readonly restarts: { readonly app: string; readonly target: DynoTarget }[] = [];
  readonly oneOffs: OneOffRequest[] = [];
  readonly stopped: string[] = [];
  readonly lines: (StoredLine & { readonly app: string })[] = [];
  readonly listeners = new Set<{ readonly app: string; readonly filter: LogFilter; tell(line: StoredLine): void }>();
  readonly drains: Drain[] = [];
  readonly certificateKeys = new Map<string, string>();
  ledger: LedgerEntry[] = [];
  configs: Record<string, Record<string, string>> = {};
  dynos: DynoState[] = [];
  /** How often the stack's outputs were read. */
  reads = 0;
  /** When the stacks' states were written; undefined: nobody knows. */
  written: number | undefined;
  /** What builds have said, by their ids. */
  readonly buildLogs = new Map<string, string>();
  /** Awaited by each change before it is made. */
  gate: Promise<void> = Promise.resolve();
  /** What changes that are made warn of. */
  warnings: readonly string[] = [];
  /** Why the next change fails. */
  failure: Error | undefined;
  readonly drift = new Map<string, Found>();
  usage: UsageEntry[] = [
    { app: "shop", type: "web", size: "free", seconds: 3600 },
    { app: "blog", type: "web", size: "free", seconds: 60 },
    { app: "blog", type: "web", size: "basic", seconds: 5 },
  ];

  /** How it stands with certificates that renew themselves, by host. */
  readonly automatic = new Map<string, ReturnType<Ports["certificates"]["state"]>>();
  /** Why there are none. */
  noAutomatic: string | undefined;
  readonly refreshed: string[] = [];

  /** With the tables of accounts. */
  readonly db = openStore(":memory:");
  readonly github: FakeGitHub;
  readonly pipelines: FakePipelines;
  readonly reviews = new FakeReviews();
  readonly setups: {
    readonly app: string;
    readonly commit: string;
    readonly config: Readonly<Record<string, string>>;
  }[] = [];
  /** What changes declared as sources. */
  readonly sources: { readonly app: string; readonly commit: string; readonly image?: string }[] = [];
  readonly server: FakeServer;
  readonly databases: Databases;

  /** @param folder for backups */
  constructor(folder = "/nowhere") {
    const { access } = memoryAccounts("/nowhere", { db: this.db });
    this.github = new FakeGitHub(this.db);
    this.pipelines = new FakePipelines((id, owner) => access.give(ownedAs(id), owner), this.github.port().links);
    this.server = new FakeServer(folder);
    this.databases = new Databases({
      server: this.server,
      db: openStore(":memory:"),
      port: 15_432,
      folder,
      keep: 2,
      clock: Date.now,
      report: () => {},
    });
    this.apps.set("shop", { formation: {}, config: { GREETING: "hello" }, addons: {} });
    this.apps.set("blog", { formation: {}, config: {}, addons: {} });
    this.release("Deploy 1111111");
  }

  /** Makes a release of what `shop` is now. */
  release(description: string, user = "ann@example.com"): void {
    const version = this.ledger.length + 1;
    const config = { ...this.apps.get("shop")?.config };
    const configHash = `hash-${JSON.stringify(config)}`;
    this.configs[configHash] = config;
    this.ledger.push({
      version,
      commit: String(version).repeat(40).slice(0, 40),
      image: `sha256:${version}`,
      slug: `slug${version}`,
      description,
      user,
      createdAt: new Date(Date.UTC(2026, 0, version)).toISOString(),
      configHash,
      digest: "",
      addons: { DATABASE: 1 },
      processes: { web: "uwsgi uwsgi.ini", worker: "python work.py", release: "python migrate.py" },
    });
  }

  log(app: string, source: "app" | "heroku", process: string, text: string): void {
    const line = { id: this.lines.length + 1, time: 1_767_225_600_000_000 + this.lines.length, source, process, text };
    this.lines.push({ ...line, app });
    for (const each of this.listeners) if (each.app === app && passes(each.filter, line)) each.tell(line);
  }

  said(app: string): string[] {
    return this.lines
      .filter((line) => line.app === app)
      .map(({ source, process, text }) => `${source}[${process}]: ${text}`);
  }

  ports(): Ports {
    const ports = this.#ports();
    const promotions = new Promotions({
      store: new PromotionStore(this.db, Date.now),
      apps: { ...ports.apps, list: async () => [] } as unknown as PromotionsOptions["apps"],
      log: ports.logs,
      copy: async (from, to, version) => void this.acts.push(`Copy v${version} of ${from.name} to ${to.name}`),
      hasImage: async (id) => id !== "sha256:gone",
      release: async () => this.ledger.length,
      report: () => {},
    });
    const store = new SetupStore(this.db, Date.now);
    const setups: Ports["setups"] = {
      get: (id) => store.get(id),
      begin: (wish) => {
        const setup = store.begin(wish.app);
        const done = wish.source().then((commit) => {
          this.setups.push({ app: wish.app.name, commit, config: wish.config });
          store.change(setup.id, { status: "succeeded", successUrl: wish.app.url });
        });
        done.catch((error: Error) => store.change(setup.id, { status: "failed", failure: error.message }));
        return setup;
      },
    };
    return { ...ports, pipelines: this.pipelines.port(), promotions, setups };
  }

  #ports(): Omit<Ports, "pipelines" | "promotions" | "setups"> {
    const world = this;
    return {
      accounts: memoryAccounts("/nowhere", { db: world.db }),
      databases: world.databases,
      reviews: this.reviews.port(),
      apps: {
        list: async () => [...world.apps.keys()].map((name) => world.#declared(name)),
        get: async (name) => (world.apps.has(name) ? world.#declared(name) : undefined),
        change: (name, act, edit) => world.#change(name, act, edit),
        plan: (name, act) => world.#plan(name, act),
        async newName(wanted = "quiet-harbor-12345") {
          if (world.apps.has(wanted)) throw new UserError(`Name ${wanted} is already taken`);
          return wanted;
        },
        async create(name, act, owner) {
          await world.gate;
          if (world.failure !== undefined) throw world.failure;
          world.apps.set(name, { formation: {}, config: {}, addons: {} });
          world.made.push({ name, act, owner });
          return {
            app: world.#declared(name),
            outputs: { release: 1 },
            steps: [{ op: "create", type: "dyno:index:Release", name }],
            warnings: [],
          };
        },
        async destroy(name) {
          await world.gate;
          if (world.failure !== undefined) throw world.failure;
          world.apps.delete(name);
        },
        async rename(name, to) {
          const app = world.apps.get(name);
          world.apps.delete(name);
          if (app !== undefined) world.apps.set(to, app);
          return { outputs: {}, steps: [], warnings: [] };
        },
        sizes: async () => ({ slug: 1_000_000, repository: null }),
        planCreate: (name, act) => world.#plan(name, act),
        planDestroy: (name, act) => world.#plan(name, act),
        planRename: (name, _to, act) => world.#plan(name, act),
        async record(_app, { description }, work) {
          world.acts.push(description);
          return work();
        },
      },
      stacks: {
        async outputs(stack) {
          world.reads++;
          const app = world.apps.get(stack);
          if (app === undefined || stack === "blog") return undefined;
          return world.#outputs(app);
        },
        written: async () => world.written,
      },
      dynos: {
        list: async (app) => (app === "shop" ? world.dynos : []),
        async restart(app, target) {
          world.restarts.push({ app, target });
          if (world.failure !== undefined) throw world.failure;
        },
      },
      metrics: async () => ({
        type: "text/plain; version=0.0.4; charset=utf-8",
        text: "# HELP up U.\n# TYPE up gauge\nup 1\n",
      }),
      oneOffs: {
        async create(request) {
          world.oneOffs.push(request);
          return { ...oneOff(request), secret: request.attach ? "s3cret" : undefined };
        },
        list: (app) => world.oneOffs.filter((request) => request.app === app).map(oneOff),
        stop: (_app, dyno) => dyno === "run.1234" && world.stopped.push(dyno) > 0,
      },
      logs: {
        write: (app, { source, process, text }) => world.log(app, source, process, text),
        read: (app, { lines, after = 0, ...filter }) =>
          world.lines
            .filter((line) => line.app === app && line.id > after && passes(filter, line))
            .slice(lines === 0 ? world.lines.length : -lines),
        tail(app, filter, tell) {
          const listener = { app, filter, tell };
          world.listeners.add(listener);
          return { [Symbol.dispose]: () => void world.listeners.delete(listener) };
        },
        drains: () => world.drains,
        addDrain(_app, url) {
          if (!/^(https|syslog):/.test(url)) throw new UserError(`${url} is no drain.`);
          const drain = { id: String(world.drains.length), url, token: `d.${world.drains.length}`, createdAt: 0 };
          world.drains.push(drain);
          return drain;
        },
        removeDrain(_app, which) {
          const at = world.drains.findIndex(({ id, url, token }) => [id, url, token].includes(which));
          return at >= 0 && world.drains.splice(at, 1).length > 0;
        },
      },
      builds: {
        ...noBuilds,
        get: (id) => world.github.builds.get(id),
        log: async (id) => world.buildLogs.get(id) ?? "",
      },
      github: world.github.port(),
      drift: { found: (stack) => world.drift.get(stack) },
      certificates: {
        get missing() {
          return world.noAutomatic;
        },
        state: (host) => world.automatic.get(host),
        refresh: (hosts) => void world.refreshed.push(...hosts),
        notice: () => {},
      },
      usage: { usage: (month) => (month === "2026-01" ? world.usage : []) },
    };
  }

  async #plan(app: string, act: Act): Promise<Plan> {
    this.plans.push({ app, act });
    return { changes: { same: 1 }, steps: [], preview: "nothing" };
  }

  #outputs(app: FakeApp) {
    return {
      release: this.ledger.length,
      releases: this.ledger,
      configs: this.configs,
      environment: { ...app.config, DATABASE_URL: "postgres://secret", ...databaseUrls(app) },
      image: "sha256:1",
      formation: [{ type: "web", quantity: 1, size: "free", command: "uwsgi uwsgi.ini" }],
    };
  }

  #declared(name: string): DeclaredApp {
    const { formation = {}, addons = {}, settings = {} } = this.apps.get(name) ?? {};
    const { hosts = [], maintenance = false, labs = [], acm = false } = settings as Partial<DeclaredApp>;
    const certificates = declaredCertificates(settings);
    const url = `http://${name}.localhost:8080/`;
    const createdAt = Date.UTC(2026, 0, 1);
    const own = { name, id: `${name}-id`, stack: name, url, hosts, certificates };
    return { ...own, acm, maintenance, labs, createdAt, formation, addons };
  }

  async #change(name: string, act: Act, edit: (file: AppFile) => void | Promise<void>): Promise<Changed> {
    await this.gate;
    const app = this.apps.get(name);
    if (app === undefined) throw new UserError(`there is no app ${name}`);
    const { formation, config, addons, settings = {} } = structuredClone(app);
    await edit({
      formation,
      settings,
      set: (path, value) => {
        const [map, key] = within(settings, path);
        map[key] = value;
      },
      remove: (path) => {
        const [map, key] = within(settings, path);
        delete map[key];
      },
      setCertificateKey: (certificate, key) => {
        if (key === undefined) this.certificateKeys.delete(certificate);
        else this.certificateKeys.set(certificate, key);
      },
      addons,
      addon(attachment, settings) {
        if (settings === undefined) delete addons[attachment];
        else addons[attachment] = settings;
      },
      scale: (type, to) => {
        formation[type] = { ...formation[type], ...to };
      },
      setConfig: (variable, value) => {
        if (value === undefined) delete config[variable];
        else config[variable] = value;
      },
      source: (source) => void this.sources.push({ app: name, ...source }),
    });
    if (this.failure !== undefined) throw this.failure;
    const released =
      JSON.stringify([config, addons]) !== JSON.stringify([app.config, app.addons]) ||
      /^(Rollback|Promote)/.test(act.description);
    this.apps.set(name, { formation, config, addons, settings });
    this.changes.push({ app: name, act });
    if (released) this.release(act.description, act.user);
    const step = { op: "update", type: "dyno:index:Release", name };
    const { configs: _configs, environment: _environment, ...outputs } = this.#outputs({ formation, config, addons });
    return { outputs, steps: released ? [step] : [], warnings: this.warnings };
  }
}

/** The map that a path's last key stands in, and that key. */
function within(settings: Record<string, unknown>, path: readonly string[]): [Record<string, unknown>, string] {
  let map = settings;
  for (const key of path.slice(0, -1)) {
    map[key] ??= {};
    map = map[key] as Record<string, unknown>;
  }
  return [map, path.at(-1) ?? ""];
}

/** As dynos reach them: `DATABASE` is the database `ddatabase`. */
function databaseUrls({ addons }: FakeApp): Record<string, string> {
  const entries = Object.entries(addons).map(([name, { id = name, attach }]) => {
    const database = `d${(attach?.addon ?? id).toLowerCase()}`;
    return [`${name}_URL`, `postgres://${database}_1:s3cret@test-postgres:5432/${database}`];
  });
  return Object.fromEntries(entries);
}

function oneOff({ command, size = "free" }: OneOffRequest): OneOff {
  return { dyno: "run.1234", type: "run", size, state: "starting", since: Date.UTC(2026, 0, 2), command };
}

function passes({ source, dyno }: LogFilter, line: StoredLine): boolean {
  return (source ?? line.source) === line.source && (dyno === undefined || line.process.startsWith(dyno));
}
