import { type DeclaredCertificate, declaredCertificates } from "../../../model/app/certificates.ts";
import type { Scale } from "../../../model/app/formation.ts";
import type { AddonSettings } from "../../../model/app/settings.ts";
import { appUrl } from "../../../model/platform/addresses.ts";
import {
  appNames,
  appSettingsOf,
  declaredAddons,
  declaredFormation,
  isPlatform,
  platformStack,
} from "../../../model/stack/declared.ts";
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
  /** Whether its domains get certificates that renew themselves. */
  readonly acm: boolean;
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

interface DeclaredOptions {
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
    .filter((file) => file.kind === "app" && own.has(platformStack(appSettingsOf(file.config))))
    .map((file) => toApp(file, options));
}

function toApp({ stack, path, config }: StackFile, options: DeclaredOptions): DeclaredApp {
  const settings = appSettingsOf(config);
  const { name, id } = appNames(settings, stack);
  return {
    name,
    id,
    stack,
    path,
    url: appUrl(name, options),
    hosts: Array.isArray(settings.hosts) ? settings.hosts.map(String) : [],
    certificates: declaredCertificates(settings),
    acm: settings.acm === true,
    maintenance: settings.maintenance === true,
    labs: Array.isArray(settings.labs) ? settings.labs.map(String) : [],
    createdAt: options.firstSeen(stack),
    formation: declaredFormation(settings),
    addons: declaredAddons(settings),
    settings,
  };
}
