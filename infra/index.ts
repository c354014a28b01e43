export { UserError } from "../lib/errors.ts";
export type { FormationEntry, FormationSettings } from "../model/app/formation.ts";
export { POSTGRES_PLANS, type PostgresPlan } from "../model/app/postgres-plans.ts";
export type {
  AddonSettings,
  AppSettings,
  AttachSettings,
  CertificateSettings,
  HealthCheckSettings,
  SourceSettings,
} from "../model/app/settings.ts";
export { DYNO_SIZES, type DynoSize, type DynoSizeName } from "../model/app/sizes.ts";
export type { GitHubCredential, GitHubLinkSettings, LinkedAppSettings, LinkMode } from "../model/github/settings.ts";
export { RESERVED_APP_NAMES } from "../model/names.ts";
export type { PipelineSettings, Stage } from "../model/pipeline/settings.ts";
export type { MemoryLimit, PlatformSettings, PortSettings } from "../model/platform/settings.ts";
export { App, type AppArgs, type AppTransform } from "./app/app.ts";
export type { CertificateKeys } from "./app/certificates.ts";
export { ConfigVars, type ConfigVarsArgs } from "./app/config-vars.ts";
export { DYNO_PORT, Dyno, type DynoArgs, type DynoSettings, type DynoTransform } from "./app/dyno.ts";
export { Formation, type FormationArgs } from "./app/formation.ts";
export { PostgresAddon, type PostgresAddonArgs } from "./app/postgres-addon.ts";
export { PostgresAttachment, type PostgresAttachmentArgs } from "./app/postgres-attachment.ts";
export type { DatabaseOutput, PostgresTransform } from "./app/postgres-login.ts";
export type { Environment, EnvironmentEntry, EnvironmentValue } from "./environment.ts";
export { GitHubLink, type GitHubLinkArgs, type LinkWebhook } from "./github/github-link.ts";
export { Pipeline, type PipelineArgs } from "./pipeline/pipeline.ts";
export { connectPlatform, type PlatformConnection } from "./platform/connection.ts";
export { Platform, type PlatformArgs } from "./platform/platform.ts";
export type { PlatformTransform } from "./platform/transform.ts";
export type { Open, Transform } from "./transform.ts";
