/** The control plane: a long-running process in the platform's container `<platform>-control-plane`. */

import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { lastChange } from "../../lib/docker/changed.ts";
import { messageOf, traceOf } from "../../lib/errors.ts";
import { isLocalDomain } from "../../model/platform/addresses.ts";
import { missingCertificates, partsOf, placesOf, readSettings, siteUrl } from "../../model/platform/control-plane.ts";
import { StateFiles } from "../stacks/backend.ts";
import { Accounts } from "./accounts/accounts.ts";
import { Token } from "./accounts/token.ts";
import { createApi } from "./api/index.ts";
import { QueueLock } from "./apps/lock.ts";
import { openApps } from "./apps/open.ts";
import type { Stacks } from "./apps/outputs.ts";
import { OutputsReader } from "./apps/outputs.ts";
import { takeCredentials } from "./certificates/credentials.ts";
import { expiries, warnOfEnds } from "./certificates/expiry.ts";
import { LocalCertificates } from "./certificates/local.ts";
import { openCertificates } from "./certificates/open.ts";
import { openCi } from "./ci/open.ts";
import { serveControlSocket, UnknownApp } from "./control-socket.ts";
import { AppMetrics } from "./dashboard/metrics/metrics.ts";
import { openDashboard } from "./dashboard/open.ts";
import { Builds } from "./deploys/builds.ts";
import { deployer } from "./deploys/deploy.ts";
import { Sources } from "./deploys/sources.ts";
import { BuildStore } from "./deploys/store.ts";
import { DriftWatch } from "./drift/watch.ts";
import { DynoManager } from "./dyno-manager.ts";
import { RuntimeMetrics } from "./dynos/runtime-metrics.ts";
import { Ticker } from "./dynos/ticker.ts";
import { openGit } from "./git/open.ts";
import { type GitHub, openGitHub } from "./github/open.ts";
import { healthOf } from "./health.ts";
import { LostImages } from "./images/lost-images.ts";
import { publicReach } from "./logs/drains/reach.ts";
import { Logs } from "./logs/logs.ts";
import { Measures } from "./metrics/measures.ts";
import { scrapes } from "./metrics/scrapes.ts";
import { OneOffDynos } from "./one-off/one-off-dynos.ts";
import { rendezvousWith } from "./one-off/rendezvous.ts";
import { declaredPipelines } from "./pipelines/declared.ts";
import { openPipelines } from "./pipelines/open.ts";
import { Catalogue } from "./postgres/catalogue.ts";
import { Databases } from "./postgres/databases.ts";
import { DatabaseDoor } from "./postgres/door.ts";
import { detachOrphans } from "./postgres/orphans.ts";
import { PostgresContainer } from "./postgres/server.ts";
import { type OpenedReviews, openReviews } from "./reviews/open.ts";
import { certificatePort, routerPort } from "./router.ts";
import { openSetups } from "./setups/open.ts";
import { openStore } from "./store.ts";
import { authority, commandLineAuthority, ensureCertificates } from "./tls/certificates.ts";
import { keepCertificates } from "./tls/renewal.ts";
import { accountPages } from "./web/accounts/pages.ts";
import { besideApi, serveSite } from "./web/server.ts";
import { Site } from "./web/site.ts";

/** Milliseconds. */
const CALM_MS = 3000;
const SAMPLE_EVERY_MS = 20_000;
const LOOK_AT_NAMES_MS = 1000;
const ROUTES_EVERY_MS = 50;
const ENDS_EVERY_MS = 3_600_000;

const settings = readSettings();
const credentials = takeCredentials();
const places = placesOf(settings.directory);
mkdirSync(places.runs, { recursive: true, mode: 0o700 });

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
// A broken part must not be missed for long: the container is started again.
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => {
    if (stopping.signal.aborted) return;
    console.error(traceOf(error));
    process.exit(1);
  });
}

const clock = Date.now;
const report = (problem: string) => console.error(problem);
const docker = new Docker();
const lock = new QueueLock();
const router = routerPort(settings.socket, stopping.signal);
const parts = new AsyncDisposableStack();

const store = parts.adopt(openStore(places.store), (db) => db.close());
const { apps, ...tools } = openApps({ settings, docker, store, lock, report });
const { runner } = tools;
const metrics = parts.adopt(new AppMetrics({ db: store, clock }), (it) => it.stop());
const measures = new Measures();
const logs = parts.adopt(
  new Logs({
    docker,
    db: store,
    clock,
    requests: places.requests,
    requested(app, record) {
      metrics.request(app, record);
      measures.request(app, record);
    },
    reach: publicReach(settings.network.egress),
    report,
  }),
  (it) => it.stop(),
);
apps.follow({
  making: ({ name }) => logs.forget(name),
  renamed: ({ name }, to) => logs.rename(name, to),
  gone: ({ name }) => logs.forget(name),
});
apps.follow({ gone: ({ name }) => metrics.forget(name) });
apps.follow(measures);
const dynos = parts.adopt(
  new DynoManager({
    docker,
    db: store,
    router,
    log: logs,
    lock,
    clock,
    warn: report,
    settings,
    woken: (app, result, seconds) => measures.woken(app, result, seconds),
  }),
  (it) => it.stop(),
);
const images = new LostImages({ docker, services: dynos.services, apps, log: logs, report });
const runtimeMetrics = new RuntimeMetrics({
  docker,
  log: logs,
  clock,
  // One that naps does nothing.
  running: () => dynos.watcher.running().filter(({ paused }) => !paused),
  async apps() {
    const all = await apps.list();
    return new Set(all.filter(({ labs }) => labs.includes("log-runtime-metrics")).map(({ name }) => name));
  },
});
const operator = `admin@${settings.domain}`;
const databases = parts.use(
  new Databases({
    server: new PostgresContainer(docker, settings.platform),
    db: store,
    port: settings.postgres.port,
    folder: places.backups,
    keep: settings.backups.keep,
    clock,
    report,
  }),
);
apps.follow({
  async gone({ id }) {
    // Others need not be waited for.
    detachOrphans(apps, operator).catch((error: unknown) => report(`an add-on is not detached: ${messageOf(error)}`));
    await databases.forget(id);
  },
});
const states = new StateFiles(settings.project);
const stacks: Stacks = { outputs: (stack) => apps.outputs(stack), written: (stack) => states.written(stack) };
const outputs = new OutputsReader(stacks, clock);
const oneOffs = parts.use(
  new OneOffDynos({
    docker,
    platform: { name: settings.platform, directory: settings.directory, ...settings.network },
    prepare: (app) => images.restore(app),
    async deployed(name) {
      const app = await apps.get(name);
      const { image, environment, metadata } = app === undefined ? {} : await outputs.of(app.stack);
      if (image === undefined || environment === undefined) return undefined;
      return { image, environment: { ...metadata, ...environment }, size: "free" };
    },
    refusal: (app, size) =>
      size === "free" && dynos.hours.isExhausted(app)
        ? `The free dyno hours of ${app} are used up until the first of next month. Use another size, e.g. --size basic.`
        : undefined,
    report,
  }),
);
const key = new Token(places.token);
const accounts = new Accounts({
  db: store,
  platform: settings.platform,
  operator,
  key,
  signUp: settings.accounts.signUp,
  clock,
});
const sources = new Sources({ folder: places.sources, token: key, clock, report });
const builds = new Builds({
  store: new BuildStore(store, places.builds, clock),
  sources,
  directory: settings.directory,
  deploy: deployer({ apps, log: logs, directory: settings.directory, report }),
  deployed: (app, result, seconds) => measures.deployed(app, result, seconds),
  report,
});
apps.follow({
  making: ({ id }, owner) => owner !== undefined && accounts.access.give(id, owner),
  async gone({ id }) {
    accounts.access.forget(id);
    accounts.favorites.forget(id);
    await builds.forget(id);
  },
});
const git = parts.use(
  await openGit({ apps, deploy: builds.deploy, directory: settings.directory, places, accounts, report }),
);
const github: GitHub = parts.use(
  openGitHub({
    ...tools,
    async needed(stack) {
      const { project, platform } = settings;
      return (await declaredPipelines({ project, platform, firstSeen: () => 0 })).some(
        ({ github }) => github === stack,
      );
    },
    apps,
    builds,
    stacks,
    lock,
    log: logs,
    store,
    key,
    settings,
    clock,
    report,
    looked: (link, forge, repository) => reviews.looked(link, forge, repository),
  }),
);
const drift = parts.use(
  new DriftWatch({
    runner,
    lastChange: (kind, id) => lastChange(docker, kind, id),
    db: store,
    lock,
    project: settings.project,
    apps: () => apps.list(),
    every: settings.drift?.every ?? 0,
    clock,
    report,
  }),
);
const ci = openCi({ settings, store, runner, apps, links: github.sent, clock, report });
const pipelines = openPipelines({
  ...tools,
  apps,
  docker,
  stacks,
  outputs,
  links: github.links,
  accounts,
  lock,
  log: logs,
  store,
  settings,
  clock,
  report,
});
const setups = openSetups({
  apps,
  builds,
  oneOffs,
  log: logs,
  store,
  clock,
  directory: settings.directory,
  report,
});
const reviews: OpenedReviews = parts.use(
  openReviews({
    apps,
    links: github.links,
    pulls: github.pulls,
    pipelines: pipelines.pipelines,
    outputs,
    databases,
    oneOffs,
    access: accounts.access,
    log: logs,
    store,
    clock,
    directory: settings.directory,
    user: `github@${settings.domain}`,
    report,
  }),
);
const certificates = await ensureCertificates(places.tls);
const shelf = certificatePort(settings.socket, stopping.signal);
const acm = openCertificates({
  acme: settings.acme,
  credentials,
  domain: settings.domain,
  parts: partsOf(settings),
  local: isLocalDomain(settings.domain),
  apps,
  router: shelf,
  db: store,
  folder: places.acme,
  challenges: places.challenges,
  isPublic: publicReach(),
  clock,
  report,
});
const isPublic = settings.access === "public";
const door = new DatabaseDoor({
  host: settings.network.postgresAddress,
  port: 5432,
  async mayUse(account, database) {
    const caller = accounts.caller(account);
    const holders = new Catalogue(await apps.list()).holders(databases.owner(database));
    return caller !== undefined && holders.some(({ id }) => accounts.may(caller, id, "use"));
  },
});
const health = healthOf(docker, settings.platform, router);
const scrape = scrapes({
  measures,
  apps,
  dynos,
  router,
  lock,
  runner,
  transfers: databases.transfers,
  ledger: dynos.ledger,
  hours: settings.hours,
  health,
  certificates: { ends: async () => expiries(await shelf.list()) },
  clock,
  report,
});
const { server, dispatcher } = createApi({
  ports: {
    accounts,
    apps,
    builds,
    databases,
    stacks,
    dynos,
    oneOffs,
    logs,
    usage: dynos.ledger,
    metrics: scrape,
    github,
    drift,
    ...pipelines,
    setups,
    reviews: reviews.reviews,
    certificates: {
      missing: missingCertificates(settings),
      state: (host) => acm.certificates.state(host),
      refresh: (hosts) => acm.certificates.refresh(hosts),
      notice: () => acm.certificates.notice(),
    },
  },
  outputs,
  platform: settings.platform,
  tokenFile: places.token,
  hours: settings.hours,
  rendezvous: rendezvousWith(oneOffs),
  ...(isPublic && {
    database: (socket, { account }, secure) => door.open(socket, account, secure),
    authorities: async () => ({
      machine: await authority(places.tls),
      commandLine: await commandLineAuthority(places.tls),
    }),
  }),
  health,
  site: siteUrl(settings),
  asides: [git.serve, sources.serve, github.receive, ci, besideApi(settings.domain, () => site)],
  certificates,
  names: [`api.${settings.domain}`, `dashboard.${settings.domain}`, "dashboard.localhost"],
  report,
  clock,
});
const dashboard = parts.use(
  openDashboard({ dispatcher, apps, runner, logs, dynos, router, docker, store, metrics, settings, clock, report }),
);
const site = new Site({
  members: dashboard.pages,
  everybody: accountPages(accounts),
  sessions: { find: (cookie) => accounts.session(cookie) },
  login: "/login",
  report,
});
const only = isPublic ? `dashboard.${settings.domain}` : undefined;
parts.use(await serveSite(places.dashboardSocket, site, [github.receive, ci], only));
const api = parts.use(server);
if (isPublic) {
  const names = { api: `api.${settings.domain}`, git: `git.${settings.domain}` };
  const asides = { api: [sources.serve], git: [git.serve] };
  parts.use(await api.listenPublic(places.publicSocket, { names, asides }));
}
parts.use(keepCertificates(places.tls, certificates, (renewed) => api.renew(renewed), report));

logs.start();
dynos.watcher.on((event) => logs.event(event));
parts.use(
  await serveControlSocket(
    places.controlSocket,
    async (app) => {
      if (!(await dynos.has(app))) throw new UnknownApp(app);
      await dynos.wake(app);
      // Looked at while the dynos start: whoever waits is served later then, and by this process.
      images.restore(app).catch((error: unknown) => report(`the image of ${app}: ${messageOf(error)}`));
    },
    (service) => dynos.addressOf(service),
  ),
);
await dynos.start();
parts.use(
  new Ticker(
    SAMPLE_EVERY_MS,
    () => runtimeMetrics.tick(),
    (message) => report(`runtime metrics: ${message}`),
  ),
);
if (settings.httpsPort !== null && isLocalDomain(settings.domain)) {
  const local = new LocalCertificates({
    router: shelf,
    domain: settings.domain,
    parts: partsOf(settings),
    folder: places.tls,
    clock,
  });
  parts.use(
    new Ticker(
      ROUTES_EVERY_MS,
      () => local.tick(),
      (message) => stopping.signal.aborted || report(`certificates: ${message}`),
    ),
  );
}
if (settings.httpsPort !== null) {
  const complain = (message: string) => stopping.signal.aborted || report(`certificates: ${message}`);
  parts.use(new Ticker(LOOK_AT_NAMES_MS, () => acm.certificates.tick(), complain));
  const reason = (host: string) => acm.certificates.state(host)?.reason ?? null;
  const warnings = { router: shelf, apps, reason, log: logs, store: acm.store, clock };
  parts.use(new Ticker(ENDS_EVERY_MS, () => warnOfEnds(warnings), complain));
}
await oneOffs.recover();
databases.transfers.recover();
await api.listen(settings.apiPort, "0.0.0.0");
// After a crash of Docker or of the machine, apps that boot come before changes that were cut short.
const calm = sleep(CALM_MS);
Promise.all([apps.resume(calm), github.resume(calm), pipelines.pipelines.resume(calm)])
  .then(() => git.recover())
  .then(async () => builds.recover(await apps.list()))
  .then(() => pipelines.recover())
  .then(() => setups.recover())
  .then(() => reviews.start())
  .then(() => github.start())
  .then(() => drift.start())
  .then(() => images.restoreAll())
  .catch((error: unknown) => report(`what was begun could not be finished: ${messageOf(error)}`));
console.log(`control plane of ${settings.platform}: ready`);
if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));
// What goes on in the runner needs nobody here, and is found again.
await parts.disposeAsync();
process.exit(0);
