import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ApiClient } from "../../cli/api-client.ts";
import { placesOf } from "../../model/platform/control-plane.ts";
import { RouterClient, type RouterEntry } from "../../services/router-client/client.ts";
import type { TestPlatform } from "./platform.ts";
import { until } from "./until.ts";

/** The folder of the platform's sockets and of what its control plane keeps. */
export function runtimeDirectory(platform: TestPlatform): string {
  return join(platform.directory, "home", platform.name);
}

/** The control plane's API, with the token that `up` made. */
export async function apiOf(platform: TestPlatform): Promise<ApiClient> {
  const token = await readFile(join(runtimeDirectory(platform), "control", "token"), "utf8");
  return new ApiClient({ platform: platform.name, port: platform.ports.api, token: token.trim() });
}

/** The states of an app's dynos, as `ps` would show them. */
export async function dynoStates(api: ApiClient, app: string): Promise<Record<string, string>> {
  const { body } = await api.ask("GET", `/apps/${app}/dynos`);
  return Object.fromEntries(body.map(({ name, state }: { name: string; state: string }) => [name, state]));
}

/** Waits until an app sleeps: all its dynos are idle and at no replica, and none of its containers runs. */
export async function untilAsleep(platform: TestPlatform, app: string): Promise<void> {
  const api = await apiOf(platform);
  await until(`${app} sleeps`, async () => {
    const states = Object.values(await dynoStates(api, app));
    if (states.length === 0 || states.some((state) => state !== "idle")) return false;
    if ((await containers(platform, app, "running")).size > 0) return false;
    return (await services(platform, app)).every(({ replicas }) => replicas === 0);
  });
}

/** The services of an app's dynos. */
export async function services(platform: TestPlatform, app: string): Promise<{ name: string; replicas: number }[]> {
  const label = [`dynoform.platform=${platform.name}`, `dynoform.app=${app}`];
  const found = await platform.docker.listServices({ filters: { label } });
  return found
    .map(({ Spec }) => ({ name: Spec?.Name ?? "", replicas: Spec?.Mode?.Replicated?.Replicas ?? -1 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The containers of an app's dynos: their ids, with the dynos' names. */
export async function containers(platform: TestPlatform, app: string, status?: string): Promise<Map<string, string>> {
  const label = [`dynoform.platform=${platform.name}`, `dynoform.app=${app}`];
  const filters = JSON.stringify(status === undefined ? { label } : { label, status: [status] });
  const list = await platform.docker.listContainers({ all: true, filters });
  return new Map(list.map(({ Id, Labels }) => [Id, Labels["dynoform.dyno"] ?? ""]));
}

/** The router's whole table. */
export function routerTable(platform: TestPlatform): Promise<RouterEntry[]> {
  const client = new RouterClient(placesOf(runtimeDirectory(platform)).adminSocket);
  return client.list(AbortSignal.timeout(10_000));
}

/** Ends the first process of one of the platform's containers at once, as no `docker kill` does: Docker starts it again. */
export async function killContainer(platform: TestPlatform, part: string): Promise<void> {
  const { State } = await platform.docker.getContainer(`${platform.name}-${part}`).inspect();
  process.kill(State.Pid, "SIGKILL");
}

/** The same, and waits until Docker has started it again. */
export async function crashContainer(platform: TestPlatform, part: string): Promise<void> {
  const container = platform.docker.getContainer(`${platform.name}-${part}`);
  const before = (await container.inspect()).State.Pid;
  await killContainer(platform, part);
  await until(`${part} runs again`, async () => {
    const { Running, Pid } = (await container.inspect()).State;
    return Running && Pid !== before;
  });
}

/** Waits until the control plane's API answers. */
export async function untilApi(platform: TestPlatform): Promise<void> {
  const api = await apiOf(platform);
  await until("the API answers", () =>
    api.ask("GET", "/apps").then(
      () => true,
      () => false,
    ),
  );
}
