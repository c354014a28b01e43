import { isRecord } from "../../../lib/validation/readers.ts";
import { DEFAULT_BASE_URL, type LinkMode } from "../../../model/github/settings.ts";
import { isPlatform, platformStack } from "../../../model/stack/declared.ts";
import { GITHUB } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles, type StackFile } from "../../../model/stack/project.ts";
import type { DeclaredLink, LinkedApp } from "./ports.ts";

/** The links whose stack files name this platform. @param project the folder of Pulumi.yaml */
export async function declaredLinks(project: string, platform: string): Promise<DeclaredLink[]> {
  const files = await readStackFiles(await findProject(project));
  const own = new Set(files.filter((file) => isPlatform(file, platform)).map(({ stack }) => stack));
  return files.flatMap((file) => {
    const settings = file.config[GITHUB];
    if (!isRecord(settings) || !own.has(platformStack(settings))) return [];
    const link = toLink(file, settings);
    return link === undefined ? [] : [link];
  });
}

/** Whether two links are of one repository, however it is written. */
export function isSameRepository(
  one: Pick<DeclaredLink, "repository" | "baseUrl">,
  other: Pick<DeclaredLink, "repository" | "baseUrl">,
): boolean {
  const place = ({ repository, baseUrl }: typeof one) => {
    const { host, pathname } = new URL(baseUrl);
    return `${host}${pathname.replace(/\/+$/, "")}/${repository.toLowerCase()}`;
  };
  return place(one) === place(other);
}

/** What the settings of a link say; undefined where they name no repository. */
export function toLink(
  { stack, path }: Pick<StackFile, "stack" | "path">,
  settings: Readonly<Record<string, unknown>>,
): DeclaredLink | undefined {
  const { repository, forge, baseUrl, mode, apps } = settings;
  if (typeof repository !== "string") return undefined;
  const entries = Object.entries(isRecord(apps) ? apps : {}).flatMap(([app, value]) => {
    const linked = toLinkedApp(value);
    return linked === undefined ? [] : [[app, linked] as const];
  });
  return {
    stack,
    path,
    repository,
    ...(forge === "gitea" && { forge }),
    baseUrl: typeof baseUrl === "string" ? baseUrl : DEFAULT_BASE_URL,
    mode: mode === "webhook" || mode === "polling" ? (mode satisfies LinkMode) : "auto",
    apps: Object.fromEntries(entries),
  };
}

function toLinkedApp(value: unknown): LinkedApp | undefined {
  if (!isRecord(value) || typeof value.branch !== "string") return undefined;
  return { branch: value.branch, autoDeploy: value.autoDeploy === true, waitForCi: value.waitForCi === true };
}
