import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import Docker from "dockerode";
import type { ApiClient } from "../../../cli/api-client.ts";
import { apiOf } from "../dyno-manager.ts";
import { type TestPlatform, testPlatform } from "../platform.ts";
import { until } from "../until.ts";
import { type GitHub, startGitHub, type TestRepository } from "./github.ts";

const INI = "[uwsgi]\nhttp-socket = :$(PORT)\nmaster = true\ndie-on-term = true\nmodule = run:app\n";

/** An app that answers with its code's version. */
export function versionedApp(version: string): Readonly<Record<string, string>> {
  return {
    Procfile: "web: uwsgi uwsgi.ini\n",
    "requirements.txt": "uwsgi==2.0.31\npsycopg2==2.9.12\n",
    "uwsgi.ini": INI,
    "run.py": `def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"code ${version}"]
`,
  };
}

/** A stand-in that both runner and control plane of platforms reach. */
export async function startGitHubForPlatforms(): Promise<GitHub> {
  const bridge = await new Docker().getNetwork("docker_gwbridge").inspect();
  return startGitHub(bridge.IPAM?.Config?.[0]?.Gateway);
}

/** An app `shop` that is linked to `octo/shop` by a webhook, deployed automatically, and serves its version `first`. */
interface LinkedApp {
  readonly github: GitHub;
  readonly platform: TestPlatform;
  readonly repository: TestRepository;
  readonly api: ApiClient;
  /** What the app answers; empty: nothing of its own. */
  version(): Promise<string>;
  /** Changes the link's stack file, which the control plane reads. */
  declare(change: (text: string) => string): Promise<void>;
}

/** @param platform whose `github.baseUrl` is the stand-in's */
export async function linkApp(platform: TestPlatform, github: GitHub): Promise<LinkedApp> {
  const repository = await github.repository("octo/shop", { private: true });
  await repository.commit("main", versionedApp("first"));
  await platform.app("shop", {});
  await platform.up();
  const api = await apiOf(platform);
  await api.ask("POST", "/account/github", { token: github.token("octo").value });
  const { body } = await api.ask("POST", "/apps/shop/github", { repo: "octo/shop" });
  const file = join(platform.directory, "stacks", `Pulumi.${body.stack}.yaml`);
  const declare = async (change: (text: string) => string) => writeFile(file, change(await readFile(file, "utf8")));
  const version = async () => /^code (.*)$/.exec((await platform.fetch("shop")).body)?.[1] ?? "";
  await api.ask("POST", "/apps/shop/github/push", { branch: "main" });
  await until("the first version serves", async () => (await version()) === "first", 300);
  // Nobody on the internet could reach this machine, so it is said that somebody can.
  await declare((text) => text.replace("repository:", "mode: webhook\n    repository:"));
  await api.ask("PATCH", "/apps/shop/github", { auto_deploy: true });
  return { github, platform, repository, api, version, declare };
}

/** The same, on a platform of its own. */
export async function linkedApp(): Promise<LinkedApp & AsyncDisposable> {
  const parts = new AsyncDisposableStack();
  const github = parts.use(await startGitHubForPlatforms());
  const platform = parts.use(await testPlatform({ github: { baseUrl: github.url } }));
  return { ...(await linkApp(platform, github)), [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
