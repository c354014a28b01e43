import { UserError } from "../../lib/errors.ts";
import { Problems } from "../../lib/validation/problems.ts";
import { isRecord, list, map, object, optional, type Reader, text } from "../../lib/validation/readers.ts";
import type { AppSettings } from "../../model/app/settings.ts";
import { appFieldsOf } from "../../model/app/settings.ts";
import {
  checkLink,
  type GitHubCredential,
  type GitHubLinkSettings,
  gitHubCredential,
  gitHubLinkFields,
} from "../../model/github/settings.ts";
import { certificateName } from "../../model/names.ts";
import { type PipelineSettings, pipelineFields } from "../../model/pipeline/settings.ts";
import { checkDns, dnsCredentials } from "../../model/platform/https.ts";
import { type PlatformSettings, platformSettings } from "../../model/platform/settings.ts";
import {
  ALLOW_DATA_LOSS,
  APP,
  CERTIFICATES,
  CONFIG,
  DNS,
  GITHUB,
  GITHUB_AUTH,
  KEY,
  PIPELINE,
  PLATFORM,
  REVIEW_CONFIG,
  TEST_CONFIG,
} from "../../model/stack/keys.ts";
import { checkCertificates } from "../app/certificates.ts";
import { type Environment, environment } from "../environment.ts";
import type { WrittenFile } from "./written-file.ts";
import { refuseAmbiguous } from "./written-values.ts";

/** `dynoform:app`: an app's settings, and the stack of the platform that serves it. */
interface AppStack extends AppSettings {
  /** @default "platform" */
  readonly platform?: string;
}

/** `dynoform:github`: a repository that apps are deployed from, and the stack of the platform that serves them. */
export interface GitHubStack extends GitHubLinkSettings {
  /** @default "platform" */
  readonly platform?: string;
}

/** `dynoform:pipeline`: apps in stages, and the stack of the platform that serves them. */
interface PipelineStack extends PipelineSettings {
  /** @default "platform" */
  readonly platform?: string;
}

/** What a stack file declares. */
export type StackFile =
  | {
      readonly kind: "platform";
      readonly settings: PlatformSettings;
      /** What the DNS provider is told. */
      readonly dnsCredentials: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "app";
      readonly settings: AppStack;
      readonly config: Environment;
      /** The keys of the app's certificates. */
      readonly certificateKeys: Readonly<Record<string, string>>;
    }
  | { readonly kind: "github"; readonly settings: GitHubStack; readonly credential: GitHubCredential }
  | {
      readonly kind: "pipeline";
      readonly settings: PipelineStack;
      /** For its review apps, and for its test runs. */
      readonly reviewConfig: Environment;
      readonly testConfig: Environment;
    };

const platform = optional(text("use the name of the platform's stack"));
const appStack: Reader<AppStack> = (value, path, problems) =>
  object<AppStack>({ ...appFieldsOf(value), platform })(value, path, problems);
const gitHubStack: Reader<GitHubStack> = object<GitHubStack>({ ...gitHubLinkFields, platform });

const pipelineStack: Reader<PipelineStack> = object<PipelineStack>({ ...pipelineFields, platform });

/** The keys that say what kind of stack it is. */
const KINDS = [PLATFORM, APP, GITHUB, PIPELINE] as const;

/** A key in PEM. Its message shows nothing of it. */
const privateKey: Reader<string> = (value, path, problems) => {
  if (typeof value === "string") return value;
  problems.add(path, "is no text; set it to a private key in PEM");
  return undefined;
};
const certificateKeys = map(certificateName, privateKey);

const things = optional(list(text("use the name of an add-on or a resource")));

/** What each kind of stack may have besides. */
const COMPANIONS: Record<(typeof KINDS)[number], readonly string[]> = {
  [PLATFORM]: [KEY, DNS, ALLOW_DATA_LOSS],
  [APP]: [KEY, CONFIG, CERTIFICATES, ALLOW_DATA_LOSS],
  [GITHUB]: [KEY, GITHUB_AUTH, ALLOW_DATA_LOSS],
  [PIPELINE]: [KEY, REVIEW_CONFIG, TEST_CONFIG, ALLOW_DATA_LOSS],
};

/**
 * Reads a stack's configuration as Pulumi hands it to the program: structured values are JSON, secrets are in clear.
 *
 * @param stack its name, for messages
 * @param written the file itself, where it can be read: some numbers are known as they were written only from there
 * @throws UserError with everything that is wrong, a line each
 */
export function readStackFile(
  configuration: Readonly<Record<string, string>>,
  stack: string,
  written?: WrittenFile,
): StackFile {
  const kinds = KINDS.filter((key) => configuration[key] !== undefined);
  const [kind] = kinds;
  const file = `Pulumi.${stack}.yaml`;
  if (kind === undefined || kinds.length > 1) {
    const has = kind === undefined ? `none of ${KINDS.join(", ")}` : kinds.join(" and ");
    throw new UserError([`${file}: has ${has}; one of them says what kind of stack it is`]);
  }
  const problems = new Problems();
  for (const key of Object.keys(configuration)) {
    if (key.startsWith("dynoform:") && key !== kind && !COMPANIONS[kind].includes(key)) {
      problems.add(key, `is no setting of this kind of stack; use ${[kind, ...COMPANIONS[kind]].join(", ")}`);
    }
  }
  if (configuration[ALLOW_DATA_LOSS] !== undefined)
    things(structured(configuration, ALLOW_DATA_LOSS, problems), ALLOW_DATA_LOSS, problems);
  const value = structured(configuration, kind, problems);
  if (kind === PLATFORM) {
    const settings = platformSettings(value, kind, problems);
    const credentials = dnsCredentials(structured(configuration, DNS, problems), DNS, problems) ?? {};
    checkDns(settings?.https, credentials, DNS, problems);
    problems.check();
    return { kind: "platform", settings: settings ?? {}, dnsCredentials: credentials };
  }
  if (kind === GITHUB) return gitHubFile(configuration, value, problems);
  if (kind === PIPELINE) return pipelineFile(configuration, value, written, problems);
  const settings = appStack(value, kind, problems);
  const attached = Object.keys(settings?.addons ?? {}).map((attachment) => `${attachment}_URL`);
  const config = environment(attached)(
    withoutAmbiguous(structured(configuration, CONFIG, problems), written, problems),
    CONFIG,
    problems,
  );
  const keys = certificateKeys(structured(configuration, CERTIFICATES, problems), CERTIFICATES, problems) ?? {};
  problems.check();
  checkCertificates(settings ?? {}, keys, `${kind}.certificates`, CERTIFICATES, problems);
  problems.check();
  return { kind: "app", settings: settings ?? {}, config: config ?? {}, certificateKeys: keys };
}

function gitHubFile(configuration: Readonly<Record<string, string>>, value: unknown, problems: Problems): StackFile {
  const settings = gitHubStack(value, GITHUB, problems);
  const credential = gitHubCredential(structured(configuration, GITHUB_AUTH, problems), GITHUB_AUTH, problems);
  if (settings !== undefined) checkLink(settings, credential, { at: GITHUB, auth: GITHUB_AUTH }, problems);
  problems.check();
  // What could not be read has left a problem behind.
  return { kind: "github", settings: settings as GitHubStack, credential: credential as GitHubCredential };
}

function pipelineFile(
  configuration: Readonly<Record<string, string>>,
  value: unknown,
  written: WrittenFile | undefined,
  problems: Problems,
): StackFile {
  const settings = pipelineStack(value, PIPELINE, problems);
  const [reviewConfig, testConfig] = [REVIEW_CONFIG, TEST_CONFIG].map((key) =>
    environment()(withoutAmbiguous(structured(configuration, key, problems), written, problems, key), key, problems),
  );
  problems.check();
  return {
    kind: "pipeline",
    settings: settings ?? {},
    reviewConfig: reviewConfig ?? {},
    testConfig: testConfig ?? {},
  };
}

function withoutAmbiguous(
  values: unknown,
  written: WrittenFile | undefined,
  problems: Problems,
  key = CONFIG,
): unknown {
  if (written === undefined || !isRecord(values)) return values;
  const refused = refuseAmbiguous(written, values, problems, key);
  return Object.fromEntries(Object.entries(values).filter(([name]) => !refused.has(name)));
}

/** A structured value; an absent or empty one is an empty map. */
function structured(configuration: Readonly<Record<string, string>>, key: string, problems: Problems): unknown {
  const json = configuration[key];
  if (json === undefined || json === "" || json === "null") return {};
  try {
    return JSON.parse(json);
  } catch {
    problems.add(key, "is no map; write it as one, e.g. pulumi config set --path, or edit the stack file");
    return {};
  }
}
