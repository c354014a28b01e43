import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { connectionOutputs, Platform, type PlatformArgs } from "../../../infra/platform/platform.ts";
import { UserError } from "../../../lib/errors.ts";
import { addresses } from "../../../model/platform/addresses.ts";
import { record } from "./recording.ts";

const labels = [{ label: "dynoform.platform", value: "test" }];
const logs = { logDriver: "json-file", logOpts: { "max-file": "3", "max-size": "10m" } };

test("a platform's resources", async () => {
  const directory = await mkdtemp(join(tmpdir(), "infra-platform-"));
  try {
    const recording = await record(
      () =>
        new Platform("main", {
          name: "test",
          domain: "apps.example.com",
          directory,
          subnet: "10.99.0.0/16",
          ports: { web: 80, postgres: 5433, bind: "0.0.0.0" },
          proxies: ["10.1.0.0/16", "203.0.113.7"],
          limits: { router: { memory: 128 } },
        }),
    );
    assert.deepEqual(
      recording.resources.map(({ type, name, parent, dependsOn, options }) => [type, name, parent, dependsOn, options]),
      [
        ["dynoform:index:Platform", "main", undefined, [], {}],
        ["docker:index/volume:Volume", "main-backups-volume", "main", [], { retainOnDelete: true }],
        [
          "docker:index/container:Container",
          "main-control-plane",
          "main",
          ["main-backups-volume", "main-network", "main-runner-image"],
          { deleteBeforeReplace: true },
        ],
        ["docker:index/network:Network", "main-network", "main", [], { deleteBeforeReplace: true }],
        [
          "docker:index/container:Container",
          "main-postgres",
          "main",
          [
            "main-backups-volume",
            "main-network",
            "main-postgres-image",
            "main-postgres-password",
            "main-postgres-volume",
            "main-provisioner-password",
          ],
          { deleteBeforeReplace: true },
        ],
        ["docker:index/image:Image", "main-postgres-image", "main", [], {}],
        ["dyno:index:Password", "main-postgres-password", "main", [], { additionalSecretOutputs: ["result"] }],
        ["docker:index/volume:Volume", "main-postgres-volume", "main", [], { retainOnDelete: true }],
        ["dyno:index:Password", "main-provisioner-password", "main", [], { additionalSecretOutputs: ["result"] }],
        [
          "docker:index/container:Container",
          "main-router",
          "main",
          ["main-network", "main-router-image"],
          { deleteBeforeReplace: true },
        ],
        ["docker:index/image:Image", "main-router-image", "main", [], {}],
        [
          "docker:index/container:Container",
          "main-runner",
          "main",
          ["main-runner-image"],
          { deleteBeforeReplace: true },
        ],
        ["docker:index/image:Image", "main-runner-image", "main", [], {}],
      ],
    );
    assert.deepEqual(recording.get("main-network").inputs, {
      name: "test",
      driver: "overlay",
      attachable: true,
      ipamConfigs: [{ subnet: "10.99.0.0/16", gateway: "10.99.0.1", ipRange: "10.99.128.0/17" }],
      labels,
    });
    assert.deepEqual(recording.get("main-router").inputs, {
      name: "test-router",
      image: "sha256:1111",
      user: `${process.getuid?.()}:${process.getgid?.()}`,
      readOnly: true,
      restart: "always",
      networksAdvanced: [{ name: "test", aliases: ["router"], ipv4Address: "10.99.0.10" }],
      ports: [{ internal: 8080, external: 80, ip: "0.0.0.0" }],
      envs: ["DYNOFORM_DASHBOARD=dashboard.apps.example.com", "DYNOFORM_PROXIES=10.1.0.0/16,203.0.113.7"],
      dnsOpts: ["ndots:1"],
      sysctls: {
        "net.ipv4.ip_local_port_range": "1024 65000",
        "net.ipv4.tcp_tw_reuse": "1",
        "net.ipv4.tcp_wmem": "4096 2097152 4194304",
      },
      volumes: [{ hostPath: `${directory}/router`, containerPath: "/run/router" }],
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 128,
      memorySwap: 256,
      labels,
      ...logs,
    });
    assert.deepEqual(recording.get("main-postgres-volume").inputs, { name: "test-postgres", labels });
    assert.deepEqual(recording.get("main-postgres").inputs, {
      name: "test-postgres",
      image: "sha256:1111",
      envs: [{ secret: "POSTGRES_PASSWORD=pass" }, { secret: "PROVISIONER_PASSWORD=pass" }],
      restart: "always",
      networksAdvanced: [{ name: "test", aliases: ["postgres", "test-postgres"], ipv4Address: "10.99.0.11" }],
      ports: [{ internal: 5432, external: 5433, ip: "127.0.0.1" }],
      volumes: [
        { volumeName: "test-postgres", containerPath: "/var/lib/postgresql" },
        { volumeName: "test-backups", containerPath: "/var/lib/backups" },
      ],
      capabilities: { adds: ["CAP_NET_ADMIN", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID"], drops: ["ALL"] },
      securityOpts: ["no-new-privileges:true"],
      memory: 512,
      memorySwap: 1024,
      labels,
      ...logs,
    });
    for (const what of ["router", "postgres", "runner"]) {
      const { imageName, build, ...rest } = recording.get(`main-${what}-image`).inputs as {
        imageName: string;
        build: { context: string; args: { BASE: string } };
      };
      assert.match(imageName, new RegExp(`^test/${what}:[0-9a-f]{12}$`));
      assert.match(build.args.BASE, /^test\/base:[0-9a-f]{12}$/);
      assert.equal(build.context, what === "router" ? "services/router" : `images/${what}`);
      assert.deepEqual(rest, { skipPush: true, buildOnPreview: false });
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("TLS is served beside the usual port, and elsewhere where a platform says so", async () => {
  for (const [ports, external] of [
    [undefined, 8443],
    [{ web: 8080, bind: "0.0.0.0" }, 8443],
    [{ https: 443 }, 443],
    [{ web: 80, https: 443 }, 443],
    [{ web: 8081 }, undefined],
    [{ https: false }, undefined],
  ] as const) {
    const recording = await record(() => new Platform("main", { directory: "/srv/d", ports }));
    const published = recording.get("main-router").inputs.ports as { internal: number; external: number; ip: string }[];
    const ip = ports !== undefined && "bind" in ports ? ports.bind : "127.0.0.1";
    assert.deepEqual(published.slice(1), external === undefined ? [] : [{ internal: 8443, external, ip }]);
  }
});

test("what other stacks read of it", async () => {
  const { result } = await record(() => new Platform("main", { directory: "/srv/d", egress: { allow: ["10.1.2.3"] } }));
  const { networkId, provisionerPassword, ...plain } = connectionOutputs(result);
  const { subnet, router, postgres } = addresses("dynoform");
  assert.deepEqual(plain, {
    name: "dynoform",
    domain: "localhost",
    directory: "/srv/d",
    subnet,
    routerAddress: router,
    postgresAddress: postgres,
    socket: "/srv/d/router/admin.sock",
    webPort: 8080,
    postgresHost: "127.0.0.1",
    postgresPort: 15_432,
    postgresName: "dynoform-postgres",
    egress: ["10.1.2.3"],
    keep: 20,
    pythons: "debian",
    redirect: false,
    hsts: 0,
  });
  assert.equal(await (provisionerPassword as { isSecret: Promise<boolean> }).isSecret, true);
  assert.ok(networkId);
});

test("addresses follow from the name and never meet Swarm's own pool", () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const found = addresses(name);
      assert.deepEqual(found, addresses(name));
      const [, second] = /^10\.(\d+)\.0\.0\/16$/.exec(found.subnet) ?? [];
      assert.ok(Number(second) >= 64 && Number(second) < 192);
      assert.equal(found.range, `10.${second}.128.0/17`);
    }),
  );
});

test("what is wrong with a platform is said before anything is registered", async () => {
  let problems: readonly string[] = [];
  const { resources } = await record(() => {
    try {
      new Platform("main", { name: "Test", ports: { webb: 80, https: true } } as unknown as PlatformArgs);
    } catch (error) {
      if (error instanceof UserError) problems = error.problems;
    }
  });
  assert.deepEqual(resources, []);
  assert.deepEqual(problems, [
    'Platform main: name: "Test" is not allowed; use 1 to 20 lower-case letters, digits and dashes, beginning with a letter',
    "Platform main: ports.webb: is no setting; use web, https, postgres, api or bind",
    "Platform main: ports.https: true is not allowed; use a whole number from 1 to 65535, or false",
  ]);
});
