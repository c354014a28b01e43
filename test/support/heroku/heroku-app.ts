import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ENDPOINTS, type HerokuApp } from "../../../cli/init/heroku-app.ts";
import { packageRoot } from "../../../lib/package-root.ts";
import { PublishedSchema } from "./published-schema.ts";

/** What each answer is in Heroku's published schema. */
const TYPES: Readonly<Record<keyof HerokuApp, string>> = {
  app: "App",
  formation: "Formation[]",
  config: "ConfigVars",
  addons: "AddOn[]",
  attachments: "AddOnAttachment[]",
  domains: "Domain[]",
  buildpacks: "BuildpackInstallations[]",
  features: "AppFeature[]",
  drains: "LogDrain[]",
};

/** Answers of Heroku's API about one app. */
export function herokuAnswers(): HerokuApp {
  return JSON.parse(readFileSync(join(packageRoot(), "test", "fixtures", "heroku-app.json"), "utf8"));
}

/** What in the answers is not as Heroku publishes it. */
export async function problemsOf(answers: HerokuApp): Promise<string[]> {
  const schema = await PublishedSchema.load();
  return Object.entries(TYPES).flatMap(([key, type]) => schema.problems(type, answers[key as keyof HerokuApp]));
}

/** Answers as Heroku's API does, to whoever has the token. */
export async function serveHeroku(
  answers: HerokuApp,
  token: string,
): Promise<AsyncDisposable & { readonly url: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer(({ method, url = "", headers }, response) => {
    asked.push(`${method} ${url}`);
    const [, name, rest = ""] = /^\/apps\/([^/]+)(\/.*)?$/.exec(url) ?? [];
    const found = Object.entries(ENDPOINTS).find(([, path]) => path === rest)?.[0] as keyof HerokuApp | undefined;
    const [status, body] =
      headers.authorization !== `Bearer ${token}`
        ? [401, { id: "unauthorized", message: "Invalid credentials provided." }]
        : headers.accept !== "application/vnd.heroku+json; version=3" ||
            found === undefined ||
            name !== answers.app.name
          ? [404, { id: "not_found", message: "Couldn't find that app." }]
          : [200, answers[found]];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
