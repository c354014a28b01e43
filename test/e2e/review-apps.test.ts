import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import Docker from "dockerode";
import { ATTACHED, execute } from "../../lib/docker/execution.ts";
import { apiOf } from "../support/dyno-manager.ts";
import { startGitHubForPlatforms } from "../support/github/linked-app.ts";
import { testPlatform } from "../support/platform.ts";
import { until } from "../support/until.ts";

const INI = "[uwsgi]\nhttp-socket = :$(PORT)\nmaster = true\ndie-on-term = true\nmodule = run:app\n";

/** An app that answers with its code's version, what its config says, and how often its database was seeded. */
const files = (version: string) => ({
  Procfile: "web: uwsgi uwsgi.ini\n",
  "requirements.txt": "uwsgi==2.0.31\npsycopg2==2.9.12\n",
  "uwsgi.ini": INI,
  "app.json": JSON.stringify({
    env: { SECRET: { generator: "secret" }, GREETING: { required: true } },
    environments: { review: { scripts: { postdeploy: "python seed.py" } } },
  }),
  "seed.py": `import os, psycopg2
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.cursor().execute("CREATE TABLE IF NOT EXISTS seeds (at int); INSERT INTO seeds VALUES (1)")
connection.commit()
`,
  "run.py": `import os, psycopg2
def app(environ, start_response):
    cursor = psycopg2.connect(os.environ["DATABASE_URL"]).cursor()
    cursor.execute("SELECT count(*) FROM seeds")
    words = ["${version}", os.environ["GREETING"], os.environ["HEROKU_PR_NUMBER"], str(cursor.fetchone()[0])]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(words).encode()]
`,
});

const NAME = "shop-pr-1";

test("a pull request has an app of its own, from its opening to its end", { timeout: 900_000 }, async (t) => {
  await using github = await startGitHubForPlatforms();
  await using platform = await testPlatform({ github: { baseUrl: github.url } });
  const docker = new Docker();
  const repository = await github.repository("octo/shop", { private: true });
  await repository.commit("main", files("main"));
  await platform.app("shop", {});
  await platform.up();
  const api = await apiOf(platform);
  const file = join(platform.directory, "stacks", `Pulumi.${NAME}.yaml`);
  const answers = (what: string) =>
    until(`${NAME} answers ${what}`, async () => (await platform.fetch(NAME)).body === what, 240);
  const tells = () =>
    until("GitHub was told", async () => repository.deployments.at(-1)?.statuses.at(-1)?.state === "success");
  /** What of the review app is in Docker: services and images. */
  const inDocker = async () => {
    const [services, images] = [await docker.listServices(), await docker.listImages()];
    const own = [
      ...services.map(({ Spec }) => JSON.stringify(Spec)),
      ...images.map((image) => JSON.stringify(image.Labels)),
    ];
    return own.filter((each) => each.includes(platform.name) && each.includes(NAME)).length;
  };
  const roles = async () => (await psql(docker, platform.name, "SELECT rolname FROM pg_roles")).sort();
  const databases = async () => (await psql(docker, platform.name, "SELECT datname FROM pg_database")).sort();

  await t.test("review apps are enabled", async () => {
    await api.ask("POST", "/account/github", { token: github.token("octo").value });
    const { body: pipeline } = await api.ask("POST", "/pipelines", { name: "shop" });
    await api.ask("POST", "/pipeline-couplings", { app: "shop", pipeline: pipeline.id, stage: "staging" });
    await api.ask("POST", `/pipelines/${pipeline.id}/repo`, { repo_url: `${github.url}/octo/shop` });
    await api.ask("PATCH", `/pipelines/${pipeline.id}/stage/review/config-vars`, { GREETING: "hello" });
    const { body } = await api.ask("POST", `/pipelines/shop/review-app-config`, { automatic_review_apps: true });
    assert.equal(body.automatic_review_apps, true);
    const link = join(platform.directory, "stacks", "Pulumi.shop.github.yaml");
    // Nobody on the internet could reach this machine, so it is said that somebody can.
    await writeFile(link, (await readFile(link, "utf8")).replace("repository:", "mode: webhook\n    repository:"));
    await platform.up("shop.github");
    await until("a ping was taken", async () => github.deliveries.all.some(({ status }) => status === 202), 90);
  });

  const before = { databases: await databases(), roles: await roles() };
  const pull = await (async () => {
    await repository.commit("feature", files("first"), { parent: (await repository.git.head("main")) ?? null });
    return repository.pull("feature");
  })();

  await t.test("it is opened: the app answers, with a database of its own, seeded once", async () => {
    const begun = performance.now();
    await answers("first hello 1 1");
    t.diagnostic(`opened → first 200: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    assert.equal((await databases()).length, before.databases.length + 1);
    assert.ok((await roles()).length > before.roles.length && (await inDocker()) > 1);
    assert.match(await readFile(file, "utf8"), /pull: 1/);
    await tells();
    assert.equal(repository.deployments.at(-1)?.environment, NAME);
    assert.equal(repository.deployments.at(-1)?.transient, true);
  });

  await t.test("it is pushed to: the new code answers, and nothing is seeded again", async () => {
    await repository.commit("feature", files("second"));
    await answers("second hello 1 1");
    await until("it is created", async () => {
      const { body } = await api.ask("GET", "/pipelines/shop/review-apps");
      return body[0].status === "created";
    });
    await tells();
  });

  await t.test("it is closed: nothing of it is left", async () => {
    const { body: app } = await api.ask("GET", `/apps/${NAME}`);
    const begun = performance.now();
    await repository.setPull(pull, { state: "closed" });
    await until(
      "its stack file is gone",
      () =>
        access(file).then(
          () => false,
          () => true,
        ),
      180,
    );
    t.diagnostic(`closed → gone: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    await until("Docker has nothing of it", async () => (await inDocker()) === 0, 60);
    assert.deepEqual({ databases: await databases(), roles: await roles() }, before);
    assert.equal(
      (await api.ask("GET", "/apps")).body.some(({ id }: { id: string }) => id === app.id),
      false,
    );
    assert.doesNotMatch((await platform.fetch(NAME)).body, /hello/);
    assert.deepEqual((await api.ask("GET", "/pipelines/shop/review-apps")).body, []);
    const stacks = await platform.pulumi("stack", "ls");
    assert.doesNotMatch(stacks.output, new RegExp(NAME));
    await until("GitHub knows", async () =>
      repository.deployments.every(({ statuses }) => statuses.at(-1)?.state === "inactive"),
    );
  });
});

async function psql(docker: Docker, platform: string, query: string): Promise<string[]> {
  const argv = ["psql", "--no-psqlrc", "--no-align", "--tuples-only", "--dbname=postgres", `--command=${query}`];
  const container = docker.getContainer(`${platform}-postgres`);
  const made = await container.exec({ Cmd: argv, User: "operator", ...ATTACHED });
  const { exitCode, stdout, stderr } = await execute(made, "");
  assert.equal(exitCode, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}
