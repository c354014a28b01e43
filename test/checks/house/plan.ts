/** The plan of the house: its rooms, and whom each may know besides itself. A path belongs to the longest room it lies in. */

/** What a room may import. */
export interface Room {
  readonly knows: readonly string[];
  /** Packages, where not every one of package.json may be had. */
  readonly packages?: readonly string[];
}

/** What lies in the control plane's folder for all of its parts. */
const BASE = ["lib", "model", "services/control-plane/types.ts", "services/control-plane/store.ts"];

const part = (...names: readonly string[]) => names.map((name) => `services/control-plane/${name}`);

export const PLAN: Readonly<Record<string, Room>> = {
  lib: { knows: [], packages: ["dockerode"] },
  model: { knows: ["lib"], packages: ["yaml"] },
  engine: { knows: [] },
  images: { knows: ["lib", "model"], packages: ["dockerode", "tar-stream"] },
  sources: { knows: ["lib", "model", "images/pythons.ts"], packages: ["ignore", "smol-toml"] },
  "images/pythons.ts": { knows: ["lib", "model", "images"], packages: [] },
  "services/router-client": { knows: ["lib"], packages: [] },
  provider: { knows: ["lib", "model", "images", "images/pythons.ts", "sources", "services/router-client", "engine"] },
  "provider/sdk": { knows: ["lib", "model", "sources", "provider"], packages: ["@pulumi/pulumi"] },
  infra: {
    knows: [
      "lib",
      "model",
      "images",
      "sources",
      "provider/sdk",
      "provider/docker/dyno-container.ts",
      "provider/docker/logs.ts",
    ],
    packages: ["@pulumi/pulumi", "@pulumi/docker", "@pulumi/postgresql", "@pulumi/github", "yaml"],
  },
  "provider/docker/dyno-container.ts": { knows: ["lib", "model", "provider"] },
  "provider/docker/logs.ts": { knows: [] },
  "program.ts": { knows: ["infra"] },

  "services/stacks": { knows: ["lib", "model", "engine"], packages: ["yaml"] },
  "services/runner": { knows: ["lib", "model", "provider", "services/stacks"], packages: ["dockerode", "yaml"] },

  "services/control-plane/types.ts": { knows: [], packages: [] },
  "services/control-plane/store.ts": { knows: [], packages: [] },
  "services/control-plane/runs": { knows: [...BASE, "services/runner", "services/stacks"], packages: ["dockerode"] },
  "services/control-plane/accounts": { knows: BASE, packages: [] },
  "services/control-plane/logs": { knows: BASE, packages: ["dockerode"] },
  "services/control-plane/tls": { knows: BASE, packages: [] },
  "services/control-plane/dynos": { knows: BASE, packages: ["dockerode"] },
  "services/control-plane/sleep": { knows: [...BASE, ...part("dynos")], packages: [] },
  "services/control-plane/hours": { knows: [...BASE, ...part("dynos", "sleep")], packages: [] },
  "services/control-plane/certificates": { knows: [...BASE, "services/router-client", ...part("tls")], packages: [] },
  "services/control-plane/apps": {
    knows: [...BASE, "sources", "provider", "services/stacks", ...part("runs")],
    packages: ["dockerode", "yaml"],
  },
  "services/control-plane/postgres": { knows: [...BASE, ...part("apps")], packages: ["dockerode"] },
  "services/control-plane/one-off": {
    knows: [...BASE, "provider", "provider/docker/dyno-container.ts", ...part("dynos")],
    packages: ["dockerode"],
  },
  "services/control-plane/images": { knows: [...BASE, ...part("apps", "dynos")], packages: ["dockerode"] },
  "services/control-plane/deploys": {
    knows: [...BASE, "sources", "provider", ...part("accounts", "apps")],
    packages: ["tar-stream"],
  },
  "services/control-plane/git": { knows: [...BASE, "sources", ...part("accounts", "apps", "deploys")], packages: [] },
  "services/control-plane/github": {
    knows: [...BASE, "sources", "services/stacks", ...part("accounts", "apps", "deploys", "dynos", "git", "runs")],
  },
  "services/control-plane/drift": {
    knows: [...BASE, "services/stacks", ...part("dynos", "runs")],
    packages: [],
  },
  "services/control-plane/ci": {
    knows: [...BASE, "services/stacks", ...part("apps", "github", "runs")],
    packages: ["jose", "yaml"],
  },
  "services/control-plane/pipelines": {
    knows: [...BASE, "sources", "services/stacks", ...part("accounts", "apps", "github", "runs")],
    packages: ["dockerode", "yaml"],
  },
  "services/control-plane/setups": {
    knows: [...BASE, "sources", ...part("apps", "deploys", "one-off", "postgres")],
    packages: [],
  },
  "services/control-plane/reviews": {
    knows: [
      ...BASE,
      "sources",
      ...part("accounts", "apps", "deploys", "dynos", "github", "one-off", "pipelines", "postgres", "setups"),
    ],
    packages: [],
  },
  "services/control-plane/metrics": {
    knows: [...BASE, ...part("apps", "certificates", "dynos", "hours", "logs", "postgres", "health.ts")],
    packages: ["prom-client"],
  },
  "services/control-plane/health.ts": { knows: [...BASE, ...part("dynos")], packages: ["dockerode"] },
  "services/control-plane/api": {
    knows: [
      ...BASE,
      ...part(
        "accounts",
        "apps",
        "certificates",
        "deploys",
        "drift",
        "dynos",
        "github",
        "hours",
        "logs",
        "metrics",
        "one-off",
        "pipelines",
        "postgres",
        "reviews",
        "setups",
        "tls",
      ),
      ...part("health.ts"),
    ],
  },
  "services/control-plane/web": { knows: [...BASE, ...part("accounts", "api")], packages: [] },
  "services/control-plane/dashboard": {
    knows: [...BASE, ...part("accounts", "api", "apps", "dynos", "github", "logs", "runs", "web", "dyno-manager.ts")],
  },
  "services/control-plane/dyno-manager.ts": {
    knows: [...BASE, ...part("dynos", "sleep", "hours")],
    packages: ["dockerode"],
  },
  // What opens the parts and composes them; nothing else knows it.
  "services/control-plane": { knows: ["lib", "model", "services/router-client", "services/stacks"] },

  cli: {
    knows: [
      "lib",
      "model",
      "engine",
      "images",
      "images/pythons.ts",
      "sources",
      "services/stacks",
      "services/router-client",
      ...part("tls"),
    ],
  },
  docs: { knows: ["lib", "model", "infra"] },
  bench: { knows: ["*"] },
  test: { knows: ["*"] },
  examples: { knows: ["infra"] },
};
