import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { App } from "../../../infra/app/app.ts";
import { Dyno } from "../../../infra/app/dyno.ts";
import { PostgresAddon } from "../../../infra/app/postgres-addon.ts";
import { Platform } from "../../../infra/platform/platform.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

// What is here stands in people's states. A type or a child that is renamed without an alias is deleted and made
// anew in every one of them, so a change of this file needs one, and a line in the changelog.

test("types and names of what a platform and an app make are those of earlier versions", async () => {
  const folder = await mkdtemp(join(tmpdir(), "infra-upgrade-"));
  try {
    await writeFile(
      join(folder, "Procfile"),
      "web: uwsgi uwsgi.ini\nworker: python work.py\nrelease: python migrate.py\n",
    );
    await writeFile(join(folder, "requirements.txt"), "flask\n");
    const { resources } = await record(() => {
      const own = new Platform("platform", { directory: "/nowhere" });
      return new App("shop", {
        platform: own,
        key: KEY,
        source: { path: folder },
        formation: { worker: {} },
        addons: { DATABASE: { service: "postgresql" } },
      });
    });
    const hashless = (name: string) => name.replace(/-[0-9a-f]{10}(?=$|-process$)/, "-#");
    assert.deepEqual(
      resources.map(({ type, name, parent }) => `${parent ?? "-"} > ${type} ${hashless(name)}`),
      [
        "- > dynoform:index:Platform platform",
        "platform > docker:index/volume:Volume platform-backups-volume",
        "platform > docker:index/container:Container platform-control-plane",
        "platform > docker:index/network:Network platform-network",
        "platform > docker:index/container:Container platform-postgres",
        "platform > docker:index/image:Image platform-postgres-image",
        "platform > dyno:index:Password platform-postgres-password",
        "platform > docker:index/volume:Volume platform-postgres-volume",
        "platform > dyno:index:Password platform-provisioner-password",
        "platform > docker:index/container:Container platform-router",
        "platform > docker:index/image:Image platform-router-image",
        "platform > docker:index/container:Container platform-runner",
        "platform > docker:index/image:Image platform-runner-image",
        "- > dynoform:index:App shop",
        "shop > dyno:index:Build shop-build-#",
        "shop > dynoform:index:ConfigVars shop-config",
        "shop > dyno:index:Release shop-release",
        "shop > dyno:index:ReleaseTask shop-release-task-#",
        "shop > dyno:index:Route shop-route",
        "shop > dynoform:index:PostgresAddon shop.DATABASE",
        "shop.DATABASE > postgresql:index/database:Database shop.DATABASE",
        "shop.DATABASE > postgresql:index/role:Role shop.DATABASE-login-1",
        "shop.DATABASE > postgresql:index/role:Role shop.DATABASE-owner",
        "shop.DATABASE > dyno:index:Password shop.DATABASE-password-1",
        "shop.DATABASE > postgresql:index/grant:Grant shop.DATABASE-public",
        "shop.DATABASE > pulumi:providers:postgresql shop.DATABASE-server",
        "shop > dynoform:index:Formation shop.web",
        "shop.web > dynoform:index:Dyno shop.web.1",
        "shop.web.1 > docker:index/service:Service shop.web.1-#",
        "shop.web.1 > dyno:index:DynoProcess shop.web.1-#-process",
        "shop > dynoform:index:Formation shop.worker",
        "shop.worker > dynoform:index:Dyno shop.worker.1",
        "shop.worker.1 > docker:index/service:Service shop.worker.1-#",
        "shop.worker.1 > dyno:index:DynoProcess shop.worker.1-#-process",
      ],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a dyno and a database keep their names across versions", async () => {
  const dyno = {
    platform,
    app: "shop",
    type: "web",
    index: 1,
    command: "uwsgi uwsgi.ini",
    image: "sha256:2222",
    slug: "slug-1",
    environment: { GREETING: "hello" },
    key: KEY,
  };
  const { result } = await record(() => ({
    service: new Dyno("shop.web.1", dyno).service,
    database: new PostgresAddon("shop.DATABASE", { platform, app: "shop", key: KEY }).database,
  }));
  // Another name here is a new dyno in place of every one there is; a new template does that on purpose.
  assert.equal(result.service, "test-shop-web-1-2a44b6c7db");
  // Another name here is a new, empty database in place of every one there is.
  assert.equal(result.database, "da8230f0672");
});
