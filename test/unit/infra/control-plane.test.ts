import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { mounts, repositoryFolders } from "../../../infra/platform/host.ts";
import { Platform } from "../../../infra/platform/platform.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { record } from "./recording.ts";

const variables = ["PULUMI_HOME", "DYNOFORM_HOME", "DOCKER_HOST", "PULUMI_CLI", "PULUMI_BACKEND_URL"];

/** Runs `work` in an environment of its own. */
async function within<T>(environment: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = { ...process.env };
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, environment);
  try {
    return await work();
  } finally {
    process.env = before;
  }
}

async function containers(directory: string) {
  const { get } = await record(
    () =>
      new Platform("main", {
        name: "test",
        directory,
        subnet: "10.99.0.0/16",
        ports: { api: 5050 },
        limits: { controlPlane: { memory: 128 } },
        sleep: { after: 60 },
      }),
  );
  return { controlPlane: get("main-control-plane").inputs, runner: get("main-runner").inputs };
}

test("control plane and runner have the host's paths, and no rights but their owner's and Docker's", async () => {
  const directory = await mkdtemp(join(tmpdir(), "infra-control-plane-"));
  const environment = { PULUMI_HOME: "/srv/pulumi", DYNOFORM_HOME: "/srv/dynoform", PULUMI_CLI: "embedded" };
  const { controlPlane, runner } = await within(environment, () => containers(directory)).finally(() =>
    rm(directory, { recursive: true }),
  );
  for (const inputs of [controlPlane, runner]) {
    assert.equal(inputs.user, `${process.getuid?.()}:${process.getgid?.()}`);
    assert.equal(inputs.readOnly, true);
    assert.deepEqual(inputs.capabilities, { drops: ["ALL"] });
    assert.ok((inputs.securityOpts as string[]).includes("no-new-privileges:true"));
    assert.equal(inputs.workingDir, packageRoot());
  }

  assert.equal(runner.networkMode, "host");
  assert.equal(runner.pidMode, "host");
  assert.equal(runner.memory, 1024);
  const paths = (runner.volumes as { hostPath: string; containerPath: string }[]).map((volume) => {
    assert.equal(volume.containerPath, volume.hostPath);
    return volume.hostPath;
  });
  for (const path of ["/srv/pulumi", "/srv/dynoform", "/var/run/docker.sock", directory, packageRoot()]) {
    assert.ok(paths.includes(path), path);
  }

  const { networksAdvanced, ports, memory, envs, command } = controlPlane as Record<string, unknown> & {
    envs: string[];
    command: string[];
  };
  assert.deepEqual(networksAdvanced, [{ name: "test", aliases: ["control-plane"], ipv4Address: "10.99.0.12" }]);
  assert.deepEqual(ports, [{ internal: 5050, external: 5050, ip: "127.0.0.1" }]);
  assert.equal(memory, 128);
  const volumes = controlPlane.volumes as { hostPath?: string }[];
  const [backups] = volumes.filter(({ hostPath }) => hostPath === undefined);
  assert.deepEqual(backups, { volumeName: "test-backups", containerPath: "/var/lib/backups", readOnly: true });
  for (const part of ["builds", "release-tasks"]) {
    const found = volumes.find(({ hostPath }) => hostPath?.endsWith(`/${part}`));
    assert.deepEqual(found, {
      hostPath: `${directory}/${part}`,
      containerPath: `${directory}/${part}`,
      readOnly: true,
    });
  }
  assert.equal(command.at(-1), join(packageRoot(), "services/control-plane/main.ts"));
  const settings = envs.find((entry) => entry.startsWith("DYNOFORM_SETTINGS="))?.slice("DYNOFORM_SETTINGS=".length);
  assert.deepEqual(JSON.parse(settings ?? ""), {
    platform: "test",
    domain: "localhost",
    directory,
    project: packageRoot(),
    socket: `${directory}/router/admin.sock`,
    webPort: 8080,
    httpsPort: 8443,
    accounts: { signUp: false },
    apiPort: 5050,
    network: { networkName: "test", routerAddress: "10.99.0.10", postgresAddress: "10.99.0.11", egress: [] },
    sleep: { after: 60 },
    cycle: { every: 86_400, spread: 12_960 },
    hours: { free: 750, per: "app" },
    releases: { keep: 20 },
    commitChanges: false,
    postgres: { port: 15_432 },
    backups: { keep: 5 },
  });
});

test("naps are told to the control plane alone, and only where they are switched on; memory in bytes", async () => {
  const settingsWith = async (nap?: object) => {
    const args = { name: "test", directory: "/nowhere", subnet: "10.99.0.0/16", ...(nap && { nap }) };
    const { get } = await record(() => new Platform("main", args));
    const envs = get("main-control-plane").inputs.envs as string[];
    const settings = envs.find((entry) => entry.startsWith("DYNOFORM_SETTINGS="))?.slice("DYNOFORM_SETTINGS=".length);
    return JSON.parse(settings ?? "").nap;
  };
  assert.equal(await settingsWith(), undefined);
  assert.equal(await settingsWith({ enabled: false, until: 60 }), undefined);
  assert.deepEqual(await settingsWith({ enabled: true }), { until: 21_600 });
  assert.deepEqual(await settingsWith({ enabled: true, until: 60, reserve: 2 }), { until: 60, reserve: 2_097_152 });
});

test("where GitHub is, only the control plane is told, and only if the platform says it", async () => {
  const github = { baseUrl: "https://github.example.com", clientId: "Iv1.0123456789abcdef" };
  const platform = (settings: object) =>
    record(() => new Platform("main", { name: "test", directory: "/nowhere", subnet: "10.99.0.0/16", ...settings }));
  const without = await platform({});
  const with_ = await platform({ github });
  const settingsOf = (recording: typeof without) => {
    const envs = recording.get("main-control-plane").inputs.envs as string[];
    return JSON.parse(envs.find((entry) => entry.startsWith("DYNOFORM_SETTINGS="))?.slice(18) ?? "");
  };
  const { github: told, ...others } = settingsOf(with_);
  assert.deepEqual(told, github);
  assert.deepEqual(settingsOf(without), others);
  const rest = (recording: typeof without) =>
    recording.resources.filter(({ name }) => name !== "main-control-plane").map(({ name, inputs }) => [name, inputs]);
  assert.deepEqual(rest(with_), rest(without));
});

test("the repository of a project is found where it lies", async () => {
  const top = mkdtempSync(join(tmpdir(), "infra-repository-"));
  try {
    const [inside, apart] = [join(top, "repository", "paas"), join(top, "worktree")];
    mkdirSync(inside, { recursive: true });
    mkdirSync(join(top, "repository", ".git", "worktrees", "worktree"), { recursive: true });
    assert.deepEqual(repositoryFolders(inside), [join(top, "repository", ".git")]);
    assert.deepEqual(repositoryFolders(join(top, "repository")), [], "it is below the project, and there with it");
    mkdirSync(apart);
    writeFileSync(join(apart, ".git"), `gitdir: ${top}/repository/.git/worktrees/worktree\n`);
    writeFileSync(join(top, "repository", ".git", "worktrees", "worktree", "commondir"), "../..\n");
    assert.deepEqual(repositoryFolders(apart), [join(apart, ".git"), join(top, "repository", ".git")]);
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
});

test("what an up sees on the host it sees in the runner", async () => {
  const host = { HOME: homedir(), DYNOFORM_SHARE_PACKAGES: "1", DOCKER_HOST: "unix:///run/other/docker.sock" };
  const outside = await within(host, () => containers("/nowhere"));
  const envs = (outside.runner.envs as string[]).map((entry) => entry.split(/=(.*)/s).slice(0, 2));
  const inside = await within(Object.fromEntries(envs), () => containers("/nowhere"));
  assert.deepEqual(inside, outside);
  assert.ok(
    (outside.runner.volumes as { hostPath: string }[]).some(({ hostPath }) => hostPath.includes("/run/other/")),
  );
});

test("a folder is mounted once, and not in one that has it anyway", () => {
  const shared = (path: string, readOnly = false) => ({ path, readOnly });
  assert.deepEqual(
    mounts([
      shared("/srv/p", true),
      shared("/srv/p"),
      shared("/srv/p/node_modules", true),
      shared("/srv/p/node_modules/a", true),
      shared("/srv/p/state"),
      shared("/srv/pq", true),
      shared("/srv/pq/state"),
    ]),
    [
      { hostPath: "/srv/p", containerPath: "/srv/p" },
      { hostPath: "/srv/p/node_modules", containerPath: "/srv/p/node_modules", readOnly: true },
      { hostPath: "/srv/pq", containerPath: "/srv/pq", readOnly: true },
      { hostPath: "/srv/pq/state", containerPath: "/srv/pq/state" },
    ],
  );
});
