import assert from "node:assert/strict";
import { test } from "node:test";
import { readStackFile } from "../../../infra/stack/stack-file.ts";
import { UserError } from "../../../lib/errors.ts";

/** The configuration as Pulumi hands it to a program: structured values as JSON. */
function read(configuration: Record<string, unknown>) {
  const texts = Object.entries(configuration).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return readStackFile(Object.fromEntries(texts), "shop");
}

function problemsOf(configuration: Record<string, unknown>): readonly string[] {
  try {
    read(configuration);
  } catch (error) {
    if (error instanceof UserError) return error.problems;
    throw error;
  }
  return [];
}

test("a whole app", () => {
  const settings = {
    source: { path: "examples/flask-hello" },
    formation: { web: { quantity: 2, size: "standard-1x" }, worker: {} },
    addons: { DATABASE: { service: "postgresql", plan: "mini", generation: 2 } },
    platform: "platform",
    healthCheck: { type: "http", path: "/ready", timeout: 20 },
    hosts: ["shop.example.com"],
  };
  const file = read({ "dynoform:app": settings, "dynoform:key": "0123456789abcdef", "dynoform:config": { A: "b" } });
  assert.equal(file.kind, "app");
  assert.deepEqual(file.settings, settings);
});

test("a whole platform", () => {
  const settings = {
    name: "second",
    domain: "apps.example.com",
    ports: { web: 80, https: 443, postgres: 5432, api: 5001, bind: "0.0.0.0" },
    https: {
      email: "admin@example.com",
      server: "https://acme.example.com/directory",
      profile: "tlsserver",
      dns: { provider: "cloudflare" },
      resolvers: ["192.0.2.53", "192.0.2.54:5353"],
      redirect: true,
      hsts: 31_536_000,
    },
    subnet: "10.99.0.0/16",
    egress: { allow: ["192.168.7.0/24", "10.1.2.3"] },
    proxies: ["10.0.0.0/8", "203.0.113.7"],
    limits: { router: { memory: 256 }, postgres: { memory: 1024 }, controlPlane: { memory: 512 }, runner: {} },
    sleep: { after: 0 },
    cycle: { every: 3600, spread: 60 },
    hours: { free: 1000, per: "account" },
    releases: { keep: 5 },
    github: { baseUrl: "https://github.example.com", clientId: "Iv1.0123456789abcdef" },
    directory: "/srv/dynoform",
  };
  const dns = { CLOUDFLARE_DNS_API_TOKEN: "secret" };
  const file = read({ "dynoform:platform": settings, "dynoform:dns": dns });
  assert.deepEqual(file, { kind: "platform", settings, dnsCredentials: { CLOUDFLARE_DNS_API_TOKEN: "secret" } });
});

test("a whole link to GitHub", () => {
  const settings = {
    repository: "octo/hello.world",
    baseUrl: "https://git.example.com",
    mode: "polling",
    apps: { shop: { branch: "feature/one", autoDeploy: true, waitForCi: true } },
    deployKey: true,
    secretGeneration: 3,
    platform: "platform",
  };
  const app = { id: 12, installation: "34", pem: "-----BEGIN" };
  const file = read({ "dynoform:github": settings, "dynoform:github-auth": { app } });
  assert.deepEqual(file, { kind: "github", settings, credential: { app: { ...app, id: "12" } } });
});

test("a platform with nothing said", () => {
  assert.deepEqual(read({ "dynoform:platform": {} }), { kind: "platform", settings: {}, dnsCredentials: {} });
});

test("other namespaces are others' matter", () => {
  assert.deepEqual(problemsOf({ "dynoform:app": {}, "docker:host": "unix:///run/docker.sock" }), []);
});

test("config vars: numbers and booleans as they print, all secret", async () => {
  const file = read({ "dynoform:app": {}, "dynoform:config": { THREADS: 20, DEBUG: false, EMPTY: "", NEGATIVE: -3 } });
  assert.equal(file.kind, "app");
  const printed: Record<string, string> = {};
  for (const [name, { value }] of Object.entries(file.config)) {
    assert.equal(await (value as unknown as { isSecret: Promise<boolean> }).isSecret, true);
    value.apply((text) => {
      printed[name] = text;
    });
  }
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(printed, { THREADS: "20", DEBUG: "false", EMPTY: "", NEGATIVE: "-3" });
});

const app = (settings: unknown) => ({ "dynoform:app": settings });
const config = (values: unknown) => ({ "dynoform:app": {}, "dynoform:config": values });
const platform = (settings: unknown) => ({ "dynoform:platform": settings });

const nameRule =
  "use 3 to 30 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit, " +
  "but none of platform, dashboard, git, api and nothing that ends in -pr-<number>";
const sizes = "use free, eco, basic, standard-1x, standard-2x, performance-m or performance-l";
const appKeys =
  "use name, id, source, formation, addons, healthCheck, hosts, certificates, acm, redirect, hsts, maintenance, labs, review or platform";

const mistakes: [name: string, configuration: Record<string, unknown>, ...messages: string[]][] = [
  [
    "no kind",
    { "dynoform:key": "0123456789abcdef" },
    "Pulumi.shop.yaml: has none of dynoform:platform, dynoform:app, dynoform:github, dynoform:pipeline; one of them says what kind of stack it is",
  ],
  [
    "two kinds",
    { "dynoform:platform": {}, "dynoform:app": {} },
    "Pulumi.shop.yaml: has dynoform:platform and dynoform:app; one of them says what kind of stack it is",
  ],
  [
    "a link without repository and credential",
    { "dynoform:github": {} },
    "dynoform:github.repository: nothing is not allowed; use owner/name, e.g. octocat/hello-world",
    "dynoform:github-auth: is not one credential; use { token: … } or { app: { id, installation, pem } }",
  ],
  [
    "a link with mistakes",
    {
      "dynoform:github": {
        repository: "octo/hello/x",
        baseUrl: "github.com",
        mode: "push",
        apps: { hello: { branch: "-x", autoDeploy: "yes" }, "a b": { branch: "main" } },
        deployKey: 1,
        secretGeneration: 0,
      },
      "dynoform:github-auth": { app: { id: 1, installation: 2 } },
    },
    'dynoform:github.repository: "octo/hello/x" is not allowed; use owner/name, e.g. octocat/hello-world',
    'dynoform:github.baseUrl: "github.com" is not allowed; use an address like https://github.com',
    'dynoform:github.mode: "push" is not a mode; use auto, webhook or polling',
    'dynoform:github.apps.hello.branch: "-x" is not allowed; use the name of a branch, e.g. main',
    'dynoform:github.apps.hello.autoDeploy: "yes" is not allowed; use true or false',
    'dynoform:github.apps["a b"]: is no name of a stack; use that of an app\'s stack file',
    "dynoform:github.deployKey: 1 is not allowed; use true or false",
    "dynoform:github.secretGeneration: 0 is not allowed; use a whole number from 1 to 1000000",
    "dynoform:github-auth.app.pem: is missing; use { token: … } or { app: { id, installation, pem } }",
  ],
  [
    "an unknown top-level key",
    { "dynoform:app": {}, "dynoform:confg": {} },
    "dynoform:confg: is no setting of this kind of stack; use dynoform:app, dynoform:key, dynoform:config, dynoform:certificates, dynoform:allowDataLoss",
  ],
  [
    "what may be lost, as no list of names",
    { "dynoform:app": {}, "dynoform:allowDataLoss": { DATABASE: true } },
    'dynoform:allowDataLoss: {"DATABASE":true} is not allowed; use a list',
  ],
  [
    "what a platform denies, as no rule",
    { "dynoform:platform": { deny: ["addon"] } },
    'dynoform:platform.deny[0]: "addon" is not allowed; use rules like "delete:addon" and "replace:postgresql"',
  ],
  [
    "config vars of a platform",
    { "dynoform:platform": {}, "dynoform:config": {} },
    "dynoform:config: is no setting of this kind of stack; use dynoform:platform, dynoform:key, dynoform:dns, dynoform:allowDataLoss",
  ],
  [
    "a text for a map",
    { "dynoform:app": "free" },
    "dynoform:app: is no map; write it as one, e.g. pulumi config set --path, or edit the stack file",
  ],
  [
    "certificates by ACME with mistakes",
    platform({
      https: {
        server: "http://acme.example.com",
        authority: "x",
        dns: { provider: "Cloud Flare" },
        resolvers: ["dns.example.com"],
        hsts: -1,
      },
    }),
    'dynoform:platform.https.server: "http://acme.example.com" is not allowed; use the https:// URL of an ACME directory',
    'dynoform:platform.https.authority: "x" is not allowed; use a certificate in PEM',
    'dynoform:platform.https.dns.provider: "Cloud Flare" is not allowed; use one of lego\'s DNS providers, e.g. cloudflare',
    'dynoform:platform.https.resolvers[0]: "dns.example.com" is not allowed; use the address of a DNS server, e.g. 192.0.2.53 or 192.0.2.53:5353',
    "dynoform:platform.https.hsts: -1 is not allowed; use a whole number from 0 to 63072000",
    "dynoform:platform.https.server: is for certificates by ACME; set dynoform:platform.https.email as well",
    "dynoform:platform.https.authority: is for certificates by ACME; set dynoform:platform.https.email as well",
    "dynoform:platform.https.dns: is for certificates by ACME; set dynoform:platform.https.email as well",
  ],
  [
    "certificates by ACME without HTTPS",
    platform({ ports: { web: 80 }, https: { email: "admin@example.com" } }),
    "dynoform:platform.https: is for HTTPS, which this platform does not speak; set ports.https, e.g. to 443",
  ],
  [
    "what a DNS provider is told, without one",
    { ...platform({}), "dynoform:dns": { lower: "x", PATH: "x", TOKEN: 7 } },
    "dynoform:dns.lower: is no variable of a DNS provider; use names such as CLOUDFLARE_DNS_API_TOKEN",
    "dynoform:dns.PATH: is no variable of a DNS provider; remove it",
    "dynoform:dns.TOKEN: is no text; set it to what the DNS provider wants, as a secret",
    "dynoform:dns: is for a DNS provider and there is none; set dynoform:platform.https.dns.provider, or remove it",
  ],
  [
    "a path of GitHub's",
    platform({ github: { baseUrl: "https://github.com/octocat" } }),
    'dynoform:platform.github.baseUrl: "https://github.com/octocat" is not allowed; use an address like https://github.com',
  ],
  [
    "a client id with blanks",
    platform({ github: { clientId: "my app" } }),
    'dynoform:platform.github.clientId: "my app" is not allowed; use the client id of an OAuth App',
  ],
  ["a list for a map", app([1]), `dynoform:app: [1] is not allowed; use a map with ${appKeys.slice(4)}`],
  ["an unknown key", app({ buildpack: "python" }), `dynoform:app.buildpack: is no setting; ${appKeys}`],
  ["a short name", app({ name: "ab" }), `dynoform:app.name: "ab" is not allowed; ${nameRule}`],
  ["a long name", app({ name: "a".repeat(31) }), `dynoform:app.name: "${"a".repeat(31)}" is not allowed; ${nameRule}`],
  ["a reserved name", app({ name: "dashboard" }), `dynoform:app.name: "dashboard" is not allowed; ${nameRule}`],
  ["a review app's name", app({ name: "shop-pr-7" }), `dynoform:app.name: "shop-pr-7" is not allowed; ${nameRule}`],
  ["upper case in a name", app({ name: "Shop" }), `dynoform:app.name: "Shop" is not allowed; ${nameRule}`],
  [
    "an empty path",
    app({ source: { path: "" } }),
    'dynoform:app.source.path: "" is not allowed; use the path of a folder',
  ],
  ["no path", app({ source: {} }), "dynoform:app.source: has neither path nor commit; use one of them"],
  [
    "two sources",
    app({ source: { path: ".", commit: "0123456789012345678901234567890123456789" } }),
    "dynoform:app.source: has both path and commit; use one of them",
  ],
  [
    "a short commit",
    app({ source: { commit: "1a2b3c4" } }),
    'dynoform:app.source.commit: "1a2b3c4" is not allowed; use all 40 hexadecimal digits of a commit',
  ],
  [
    "a path alone",
    app({ source: "." }),
    'dynoform:app.source: "." is not allowed; use a map with path, commit or image',
  ],
  [
    "an unknown size",
    app({ formation: { web: { size: "huge" } } }),
    `dynoform:app.formation.web.size: "huge" is not a dyno size; ${sizes}`,
  ],
  [
    "a quantity in words",
    app({ formation: { web: { quantity: "2" } } }),
    'dynoform:app.formation.web.quantity: "2" is not allowed; use a whole number from 0 to 100',
  ],
  [
    "half a dyno",
    app({ formation: { web: { quantity: 0.5 } } }),
    "dynoform:app.formation.web.quantity: 0.5 is not allowed; use a whole number from 0 to 100",
  ],
  [
    "a number for a formation",
    app({ formation: { web: 2 } }),
    "dynoform:app.formation.web: 2 is not allowed; use a map with quantity or size",
  ],
  [
    "a bad process type",
    app({ formation: { "my web": {} } }),
    'dynoform:app.formation["my web"]: "my web" is not allowed; ' +
      "use 1 to 30 letters, digits, dashes and underscores, beginning with a letter",
  ],
  [
    "a formation for the release phase",
    app({ formation: { release: {} } }),
    "dynoform:app.formation.release: runs once with each release and has no formation; remove it",
  ],
  [
    "an unknown add-on",
    app({ addons: { CACHE: { service: "redis" } } }),
    'dynoform:app.addons.CACHE.service: "redis" is not a service; use postgresql',
  ],
  [
    "an unknown plan",
    app({ addons: { DATABASE: { service: "postgresql", plan: "premium-9" } } }),
    'dynoform:app.addons.DATABASE.plan: "premium-9" is not a plan of postgresql; ' +
      "use mini, basic, essential-0, essential-1, essential-2 or standard-0",
  ],
  [
    "an add-on of nothing",
    app({ addons: { DATABASE: { plan: "mini" } } }),
    "dynoform:app.addons.DATABASE: has neither service nor attach; use one of them",
  ],
  [
    "a plan of another app's add-on",
    app({ addons: { ORDERS: { attach: { stack: "shop", addon: "DATABASE" }, plan: "basic" } } }),
    "dynoform:app.addons.ORDERS.plan: is a setting of the app that owns the add-on; remove it",
  ],
  [
    "a lower-case attachment",
    app({ addons: { database: { service: "postgresql" } } }),
    'dynoform:app.addons.database: "database" is not allowed; ' +
      "use upper-case letters, digits and underscores, beginning with a letter, e.g. DATABASE",
  ],
  [
    "a health check of an unknown type",
    app({ healthCheck: { type: "https" } }),
    'dynoform:app.healthCheck.type: "https" is not a type of health check; use no-worse, http or tcp',
  ],
  [
    "a health check's relative path",
    app({ healthCheck: { path: "ready" } }),
    'dynoform:app.healthCheck.path: "ready" is not allowed; use a path that begins with /',
  ],
  [
    "a host with a port",
    app({ hosts: ["shop.example.com:80"] }),
    'dynoform:app.hosts[0]: "shop.example.com:80" is not allowed; ' +
      "use a lower-case host name without port or path, e.g. shop.example.com or *.shop.example.com",
  ],
  ["one host alone", app({ hosts: "a.example" }), 'dynoform:app.hosts: "a.example" is not allowed; use a list'],
  [
    "no platform",
    app({ platform: "" }),
    'dynoform:app.platform: "" is not allowed; use the name of the platform\'s stack',
  ],
  [
    "a fraction as a config var",
    config({ RATE: 1.5 }),
    'dynoform:config.RATE: is the number 1.5; values are strings, so write: RATE: "1.5"',
  ],
  [
    "a list as a config var",
    config({ HOSTS: ["a"] }),
    'dynoform:config.HOSTS: is a list; values are strings, so write: HOSTS: "…"',
  ],
  [
    "a map as a config var",
    config({ MAIL: { host: "a" } }),
    'dynoform:config.MAIL: is a map; values are strings, so write: MAIL: "…"',
  ],
  [
    "an empty config var",
    config({ NOTHING: null }),
    'dynoform:config.NOTHING: is empty; values are strings, so write: NOTHING: ""',
  ],
  ["a NUL", config({ A: "\0" }), "dynoform:config.A: holds a NUL character, which no environment variable can"],
  [
    "no name of a variable",
    config({ "MY-VAR": "x" }),
    "dynoform:config.MY-VAR: is no name of a config var; use letters, digits and underscores, not beginning with a digit",
  ],
  ["PORT", config({ PORT: "80" }), "dynoform:config.PORT: is set by the platform and can be no config var; remove it"],
  [
    "the init's variables",
    config({ DYNOFORM_UID: "0" }),
    "dynoform:config.DYNOFORM_UID: is no config var; names that begin with DYNOFORM_ are the platform's",
  ],
  [
    "an add-on's variable",
    {
      "dynoform:app": { addons: { DATABASE: { service: "postgresql" } } },
      "dynoform:config": { DATABASE_URL: "postgres://elsewhere" },
    },
    "dynoform:config.DATABASE_URL: is set by an add-on of the app and can be no config var; remove one of them",
  ],
  [
    "config vars as a list",
    config(["A"]),
    "dynoform:config: is no map of names to values; write it as a map, e.g. { GREETING: hello }",
  ],
  [
    "a platform's name",
    platform({ name: "My_Platform" }),
    'dynoform:platform.name: "My_Platform" is not allowed; ' +
      "use 1 to 20 lower-case letters, digits and dashes, beginning with a letter",
  ],
  [
    "a port out of range",
    platform({ ports: { web: 80_000 } }),
    "dynoform:platform.ports.web: 80000 is not allowed; use a whole number from 1 to 65535",
  ],
  [
    "a public subnet",
    platform({ subnet: "8.8.0.0/16" }),
    'dynoform:platform.subnet: "8.8.0.0/16" is not allowed; use a private /16, e.g. 10.77.0.0/16',
  ],
  [
    "an egress by name",
    platform({ egress: { allow: ["db.internal"] } }),
    'dynoform:platform.egress.allow[0]: "db.internal" is not allowed; ' +
      "use an IPv4 address or network, e.g. 10.1.2.0/24",
  ],
  [
    "an impossible address",
    platform({ egress: { allow: ["10.0.0.256", "10.0.0.0/33"] } }),
    'dynoform:platform.egress.allow[0]: "10.0.0.256" is not allowed; use an IPv4 address or network, e.g. 10.1.2.0/24',
    'dynoform:platform.egress.allow[1]: "10.0.0.0/33" is not allowed; use an IPv4 address or network, e.g. 10.1.2.0/24',
  ],
  [
    "addresses with leading zeros",
    platform({
      egress: { allow: ["010.1.2.3", "10.0.0.0/08"] },
      subnet: "10.077.0.0/16",
      ports: { bind: "127.0.0.01" },
    }),
    'dynoform:platform.ports.bind: "127.0.0.01" is not allowed; use an IPv4 address, e.g. 127.0.0.1',
    'dynoform:platform.subnet: "10.077.0.0/16" is not allowed; use a private /16, e.g. 10.77.0.0/16',
    'dynoform:platform.egress.allow[0]: "010.1.2.3" is not allowed; use an IPv4 address or network, e.g. 10.1.2.0/24',
    'dynoform:platform.egress.allow[1]: "10.0.0.0/08" is not allowed; use an IPv4 address or network, e.g. 10.1.2.0/24',
  ],
  [
    "a proxy that is no address",
    platform({ proxies: ["10.0.0.0/8", "cloudflare"] }),
    'dynoform:platform.proxies[1]: "cloudflare" is not allowed; use an IPv4 address or network, e.g. 10.1.2.0/24',
  ],
  [
    "a proxy on the host, of a router that others reach too",
    platform({ proxies: ["127.0.0.1"], ports: { bind: "0.0.0.0" } }),
    'dynoform:platform.proxies: "127.0.0.1" is a proxy on this host, which cannot be told from other clients while ' +
      'ports.bind is "0.0.0.0"; leave ports.bind at "127.0.0.1", so that all requests come through the proxy',
  ],
  [
    "a relative directory",
    platform({ directory: "state" }),
    'dynoform:platform.directory: "state" is not allowed; use an absolute path',
  ],
  [
    "a limit in words",
    platform({ limits: { postgres: { memory: "1GB" } } }),
    'dynoform:platform.limits.postgres.memory: "1GB" is not allowed; use a whole number from 64 to 1048576',
  ],
  [
    "naps in words",
    platform({ nap: { enabled: "yes" } }),
    'dynoform:platform.nap.enabled: "yes" is not allowed; use true or false',
  ],
  [
    "a negative time",
    platform({ sleep: { after: -1 } }),
    "dynoform:platform.sleep.after: -1 is not allowed; use a whole number from 0 to 31536000",
  ],
  [
    "hours of a team",
    platform({ hours: { per: "team" } }),
    'dynoform:platform.hours.per: "team" is not a holder of hours; use app or account',
  ],
  [
    "no release kept",
    platform({ releases: { keep: 0 } }),
    "dynoform:platform.releases.keep: 0 is not allowed; use a whole number from 1 to 1000",
  ],
  [
    "a bind address by name",
    platform({ ports: { bind: "localhost" } }),
    'dynoform:platform.ports.bind: "localhost" is not allowed; use an IPv4 address, e.g. 127.0.0.1',
  ],
  [
    "several at once, all of them told",
    { "dynoform:app": { formation: { web: { size: "tiny", quantity: -1 } } }, "dynoform:config": { DYNO: "x" } },
    "dynoform:app.formation.web.quantity: -1 is not allowed; use a whole number from 0 to 100",
    `dynoform:app.formation.web.size: "tiny" is not a dyno size; ${sizes}`,
    "dynoform:config.DYNO: is set by the platform and can be no config var; remove it",
  ],
];

for (const [name, configuration, ...messages] of mistakes) {
  test(`a mistake: ${name}`, () => assert.deepEqual(problemsOf(configuration), messages));
}

test("a whole pipeline", () => {
  const settings = {
    name: "flask",
    id: "flask-abc",
    stages: { development: [], staging: ["flask-staging"], production: ["flask", "flask-eu"] },
    github: "flask.github",
    platform: "platform",
  };
  const file = read({
    "dynoform:pipeline": settings,
    "dynoform:review-config": { A: "1" },
    "dynoform:test-config": { B: 2 },
  });
  assert.equal(file.kind, "pipeline");
  assert.deepEqual(file.settings, settings);
  assert.deepEqual(file.kind === "pipeline" && Object.keys(file.reviewConfig), ["A"]);
  assert.deepEqual(
    problemsOf({ "dynoform:pipeline": { name: "X", stages: { qa: [], staging: ["a"], production: ["a"] } } }),
    [
      'dynoform:pipeline.name: "X" is not allowed; use 2 to 30 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit',
      'dynoform:pipeline.stages.qa: "qa" is not a stage; use development, staging or production',
      "dynoform:pipeline.stages.production: has a, which staging has too; remove one",
    ],
  );
  assert.deepEqual(problemsOf({ "dynoform:pipeline": {}, "dynoform:config": {} }), [
    "dynoform:config: is no setting of this kind of stack; use dynoform:pipeline, dynoform:key, dynoform:review-config, dynoform:test-config, dynoform:allowDataLoss",
  ]);
});

test("an image that is promoted stands for a commit", () => {
  const image = `sha256:${"a".repeat(64)}`;
  const commit = "1".repeat(40);
  assert.deepEqual(problemsOf({ "dynoform:app": { source: { commit, image } } }), []);
  const wrong = (source: unknown) => problemsOf({ "dynoform:app": { source } });
  assert.match(wrong({ commit, image: "latest" })[0] ?? "", /use the id of an image, sha256:/);
  assert.match(wrong({ path: ".", image })[0] ?? "", /stands for a commit, and is none of a folder/);
  assert.match(wrong({ image })[0] ?? "", /has neither path nor commit/);
});
