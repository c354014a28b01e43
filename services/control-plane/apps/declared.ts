import { Problems } from "../../../lib/validation/problems.ts";
import { declaredCertificates } from "../../../model/app/certificates.ts";
import { reviewSettings } from "../../../model/app/review.ts";
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
import type { DeclaredApp as AppOfPlatform } from "./ports.ts";

/** The same, with its stack file. */
export interface DeclaredApp extends AppOfPlatform {
  /** Of its stack file. */
  readonly path: string;
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
    ...reviewOf(settings),
    settings,
  };
}

/** Nothing where it cannot be read, too: what is no whole mark marks nothing. */
function reviewOf({ review: written }: DeclaredApp["settings"]): Pick<DeclaredApp, "review"> {
  const problems = new Problems();
  const review = reviewSettings(written, "review", problems);
  return problems.lines.length > 0 ? {} : { review };
}
