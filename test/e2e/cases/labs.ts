import assert from "node:assert/strict";
import { changed } from "../../../services/stacks/engine.ts";
import type { Case, CaseApp } from "../../support/cases.ts";
import { apiOf } from "../../support/dyno-manager.ts";
import { until } from "../../support/until.ts";

/** What the web dyno is told of itself: `HEROKU_…` to their values. */
async function toldOf({ platform, name }: CaseApp): Promise<Record<string, string>> {
  const label = [`dynoform.platform=${platform.name}`, `dynoform.app=${name}`, "dynoform.dyno=web.1"];
  const [service, ...more] = await platform.docker.listServices({ filters: JSON.stringify({ label }) });
  assert.equal(more.length, 0);
  // dockerode's type has several forms of a task.
  const task = service?.Spec?.TaskTemplate as { readonly ContainerSpec: { readonly Env: string[] } } | undefined;
  const pairs = (task?.ContainerSpec.Env ?? []).map((line) => line.split(/=(.*)/s, 2) as [string, string]);
  return Object.fromEntries(pairs.filter(([variable]) => variable.startsWith("HEROKU_")));
}

export const cases: readonly Case[] = [
  {
    name: "labs",
    folder: "07-pythonpath",
    async check(app, t) {
      const api = await apiOf(app.platform);
      const enable = (lab: string) => api.ask("PATCH", `/apps/${app.name}/features/${lab}`, { enabled: true });
      assert.deepEqual(await toldOf(app), {});
      await enable("runtime-dyno-metadata");
      const told = await toldOf(app);
      t.diagnostic(Object.keys(told).sort().join(" "));
      const [release] = await app.api.releases();
      const commit = (await app.git("rev-parse", "HEAD")).output.trim();
      const { HEROKU_APP_ID: id, HEROKU_DYNO_ID: dyno, HEROKU_RELEASE_CREATED_AT: at = "", ...others } = told;
      assert.deepEqual(others, {
        HEROKU_APP_NAME: app.name,
        HEROKU_RELEASE_VERSION: `v${release?.version}`,
        HEROKU_SLUG_COMMIT: commit,
        HEROKU_SLUG_DESCRIPTION: `Deploy ${commit.slice(0, 8)}`,
      });
      assert.match(`${id} ${dyno}`, /^[\da-f-]{36} [\da-f-]{36}$/);
      assert.ok(Date.parse(at) <= Date.now(), at);
      assert.equal(await app.run("echo $HEROKU_RELEASE_VERSION"), `v${release?.version}\n`);
      assert.equal(changed(await app.platform.engine.up(app.name)), 0, "an up has nothing to do");
      assert.deepEqual(await toldOf(app), told);

      await enable("log-runtime-metrics");
      await until("both samples are in the log", async () => {
        const log = await app.api.logs({ dyno: "web.1" });
        return log.includes("sample#load_avg_1m=") && log.includes("sample#memory_total=");
      });
    },
  },
];
