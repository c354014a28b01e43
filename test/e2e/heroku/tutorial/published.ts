import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { PUBLISHED } from "../../../support/heroku/answers.ts";
import type { HerokuUser } from "../../../support/heroku/user.ts";
import type { Scene } from "./scene.ts";

/** What may stand in a path; what is not here, e.g. a key, there is none of. */
const EXAMPLES: Readonly<Record<string, string>> = {
  app: "flask-example",
  user: "~",
  attachment: "DATABASE",
  service: "heroku-postgresql",
  plan: "heroku-postgresql:mini",
  dyno: "web.1",
  type: "web",
  release: "2",
  region: "local",
  stack: "dynoform",
  size: "Free",
};

/** Without the command line: all that can be read of the API is asked for, and is as Heroku publishes it. */
export async function published(t: TestContext, { recorder, email }: Scene, shop: HerokuUser): Promise<void> {
  await t.test("every endpoint that can be read, by HTTP alone", async (t) => {
    const authorization = `Bearer ${(await shop.heroku("auth:token")).output.trim()}`;
    const ask = async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${recorder.port}${path}`, { headers: { authorization } });
      return { status: response.status, body: (await response.json()) as Record<string, string>[] };
    };
    const one = async (path: string, field: string): Promise<string> => (await ask(path)).body[0]?.[field] ?? "none";
    const examples: Record<string, string> = {
      ...EXAMPLES,
      addon: await one("/apps/flask-example/addons", "name"),
      authorization: await one("/oauth/authorizations", "id"),
      domain: await one("/apps/flask-example/domains", "hostname"),
      feature: await one("/apps/flask-example/features", "name"),
      build: await one("/apps/flask-example/builds", "id"),
    };
    const answers = new Map<string, number>();
    for (const path of PUBLISHED.filter((route) => route.startsWith("GET ")).map((route) => route.slice(4))) {
      const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(examples[name] ?? "none"));
      const own = path.endsWith("/collaborators/:user") ? filled.replace("~", encodeURIComponent(email)) : filled;
      answers.set(path, (await ask(own)).status);
    }
    const readable = [...answers].filter(([, status]) => status === 200).map(([path]) => path);
    t.diagnostic(`${readable.length} endpoints answered`);
    assert.deepEqual(
      [...answers].filter(([, status]) => status !== 200 && status !== 404),
      [],
    );
    for (const path of ["/apps/:app", "/apps/:app/dynos/:dyno", "/apps/:app/releases/:release", "/addons/:addon"]) {
      assert.ok(readable.includes(path), path);
    }
  });
}
