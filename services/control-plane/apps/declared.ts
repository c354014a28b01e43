import { Problems } from "../../../lib/validation/problems.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { type DeclaredCertificate, declaredCertificates } from "../../../model/app/certificates.ts";
import { type AddonSettings, addon } from "../../../model/app/settings.ts";
import type { Scale } from "../../../model/stack/editor.ts";
import { findProject, readStackFiles, type StackFile } from "../../../model/stack/project.ts";

/** An app of this project, as its stack file declares it. */
export interface DeclaredApp {
  readonly name: string;
  /** What stays when the app is renamed. */
  readonly id: string;
  readonly stack: string;
  /** Of its stack file. */
  readonly path: string;
  /** Where the router serves it, e.g. `http://shop.localhost:8080/`. */
  readonly url: string;
  /** Where the router serves it besides. */
  readonly hosts: readonly string[];
  /** Uploaded ones. */
  readonly certificates: readonly DeclaredCertificate[];
  /** Whether visitors get a page that says so. */
  readonly maintenance: boolean;
  /** What of Heroku's labs it has. */
  readonly labs: readonly string[];
  /** When the control plane saw it first, in milliseconds since 1970. */
  readonly createdAt: number;
  /** As the file says it; a type that it does not name has its default. */
  readonly formation: Readonly<Record<string, Scale>>;
  /** As the file says it, by attachment. */
  readonly addons: Readonly<Record<string, AddonSettings>>;
  /** `dynoform:app` as written. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface DeclaredOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  readonly domain: string;
  readonly webPort: number;
  /** When an app was seen first, in milliseconds since 1970. */
  firstSeen(stack: string): number;
}

/** The apps whose stack files name this platform. */
export async function declaredApps(options: DeclaredOptions): Promise<DeclaredApp[]> {
  const files = await readStackFiles(await findProject(options.project));
  const own = new Set(files.filter((file) => isPlatform(file, options.platform)).map((file) => file.stack));
  return files
    .filter((file) => file.kind === "app" && own.has(platformStack(settingsOf(file.config))))
    .map((file) => toApp(file, options));
}

function toApp({ stack, path, config }: StackFile, options: DeclaredOptions): DeclaredApp {
  const settings = settingsOf(config);
  const name = typeof settings.name === "string" ? settings.name : stack;
  return {
    name,
    id: typeof settings.id === "string" ? settings.id : name,
    stack,
    path,
    url: `http://${name}.${options.domain}${options.webPort === 80 ? "" : `:${options.webPort}`}/`,
    hosts: Array.isArray(settings.hosts) ? settings.hosts.map(String) : [],
    certificates: declaredCertificates(settings),
    maintenance: settings.maintenance === true,
    labs: Array.isArray(settings.labs) ? settings.labs.map(String) : [],
    createdAt: options.firstSeen(stack),
    formation: formationOf(settings),
    addons: addonsOf(settings),
    settings,
  };
}

/** How many dynos of which types `dynoform:app` says, so far as it can be read. */
export function formationOf(settings: Readonly<Record<string, unknown>>): Record<string, Scale> {
  if (!isRecord(settings.formation)) return {};
  const entries = Object.entries(settings.formation).map(([type, value]) => {
    const { quantity, size } = isRecord(value) ? value : {};
    const scale: Scale = {
      ...(typeof quantity === "number" && { quantity }),
      ...(typeof size === "string" && { size }),
    };
    return [type, scale] as const;
  });
  return Object.fromEntries(entries);
}

/** The add-ons that `dynoform:app` says, so far as they can be read. */
export function addonsOf(settings: Readonly<Record<string, unknown>>): Record<string, AddonSettings> {
  if (!isRecord(settings.addons)) return {};
  const entries = Object.entries(settings.addons).map(([name, value]) => [name, addon(value, name, new Problems())]);
  return Object.fromEntries(entries.filter(([, read]) => read !== undefined));
}

function settingsOf(config: StackFile["config"]): Record<string, unknown> {
  const settings = config["dynoform:app"];
  return isRecord(settings) ? settings : {};
}

/** The stack of the platform that an app's or a link's settings name. */
export function platformStack({ platform }: Readonly<Record<string, unknown>>): string {
  return typeof platform === "string" ? (platform.split("/").at(-1) ?? "") : "platform";
}

/** Whether a stack file declares the platform of this name. */
export function isPlatform({ kind, config }: StackFile, name: string): boolean {
  if (kind !== "platform") return false;
  const settings = config["dynoform:platform"];
  return name === (isRecord(settings) && typeof settings.name === "string" ? settings.name : "dynoform");
}

/** The commit that an app's stack file says. */
export function declaredCommit({ settings: { source } }: Pick<DeclaredApp, "settings">): string | undefined {
  return isRecord(source) && typeof source.commit === "string" ? source.commit : undefined;
}
