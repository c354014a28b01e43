import { UserError } from "../../lib/errors.ts";
import type { ForgeKind } from "../github/settings.ts";
import { dashboardUrl, PUBLIC_PARTS, type PublicPart, publicUrl } from "./addresses.ts";
import type { AcmeSettings } from "./https.ts";
import type { CiSettings } from "./settings.ts";

/** What `Platform` tells its control plane; times in seconds, paths are the host's. */
export interface ControlPlaneSettings {
  /** The platform's name. */
  readonly platform: string;
  readonly domain: string;
  /** The platform's folder. */
  readonly directory: string;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The router's admin API, a Unix socket. */
  readonly socket: string;
  /** Where the router is published. */
  readonly webPort: number;
  /** Where it speaks TLS; null: nowhere. */
  readonly httpsPort: number | null;
  /** From where the platform is reached besides. Whoever says nothing of it is reached from this machine alone. */
  readonly access?: "public";
  /** Where the API listens in its container, and is published on the host's 127.0.0.1. */
  readonly apiPort: number;
  /** What makes a one-off dyno's network that of the others. */
  readonly network: {
    readonly networkName: string;
    readonly routerAddress: string;
    readonly postgresAddress: string;
    readonly egress: readonly string[];
  };
  /** 0: never. */
  readonly sleep: { readonly after: number };
  /** Whoever says nothing of it has none. */
  readonly nap?: { readonly until: number; readonly reserve?: number };
  /** `every` 0: never. */
  readonly cycle: { readonly every: number; readonly spread: number };
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  readonly releases: { readonly keep: number };
  /** Whether each change of an app is a commit of its stack file. */
  readonly commitChanges: boolean;
  /** Where Postgres is published on 127.0.0.1. */
  readonly postgres: { readonly port: number };
  /** Of each database. */
  readonly backups: { readonly keep: number };
  readonly accounts: { readonly signUp: boolean };
  /** Certificates that renew themselves, as the platform's stack file says them. */
  readonly acme?: AcmeSettings;
  /** As the platform's stack file says it. */
  readonly github?: { readonly forge?: ForgeKind; readonly baseUrl?: string; readonly clientId?: string };
  /** Likewise. `every` 0: never. */
  readonly drift?: { readonly every: number };
  /** Likewise. */
  readonly ci?: CiSettings;
}

/** The settings from the environment that `Platform` gives the container. */
export function readSettings(env: NodeJS.ProcessEnv = process.env): ControlPlaneSettings {
  const { DYNOFORM_SETTINGS: text } = env;
  if (text === undefined) {
    throw new UserError("DYNOFORM_SETTINGS is not set. The control plane is started by its platform: `npm run up`.");
  }
  return JSON.parse(text) as ControlPlaneSettings;
}

/** Where browsers find the dashboard. */
export function siteUrl(settings: ControlPlaneSettings): string {
  return settings.access === "public" ? publicUrl("dashboard", settings) : dashboardUrl(settings);
}

/** The parts of the platform that have a name below its domain. */
export function partsOf({ access }: Pick<ControlPlaneSettings, "access">): readonly PublicPart[] {
  return access === "public" ? PUBLIC_PARTS : ["dashboard"];
}

/** Why a platform has no certificates that renew themselves; undefined: it has. */
export function missingCertificates({ acme, httpsPort }: ControlPlaneSettings): string | undefined {
  if (acme !== undefined && httpsPort !== null) return undefined;
  return "This platform has no certificates that renew themselves: its stack file has no dynoform:platform.https.email.";
}

/** Where the control plane keeps what it has. */
export interface Places {
  /** The SQLite file. */
  readonly store: string;
  /** The operator's key, which lies on the host: what commands there show to the API. */
  readonly token: string;
  /** The certificate for TLS, and the authority that signed it. */
  readonly tls: string;
  /** The ACME client's own: its account, certificates and their keys. */
  readonly acme: string;
  /** From which the router serves what proves that a name is the platform's. */
  readonly challenges: string;
  /** Where the hook of a push calls, a Unix socket, and the folder of that hook. */
  readonly pushSocket: string;
  readonly hooks: string;
  /** A folder for each run of Pulumi. */
  readonly runs: string;
  /** What each build said, and source archives that were sent. */
  readonly builds: string;
  readonly sources: string;
  /** Unfinished copies of stack files, which the runner sees too. */
  readonly scratch: string;
  /** Where the router writes a line for each request. */
  readonly requests: string;
  /** Where Postgres' container writes backups, in a volume that this one may read. */
  readonly backups: string;
  /** Where the router asks for an app to be woken, a Unix socket. */
  readonly controlSocket: string;
  /** Where the router sends what is asked of the dashboard, a Unix socket. */
  readonly dashboardSocket: string;
  /** Likewise for API and Git, once they are reached from anywhere. */
  readonly publicSocket: string;
  /** The router's admin API, a Unix socket. */
  readonly adminSocket: string;
}

/** @param directory the platform's folder */
export function placesOf(directory: string): Places {
  return {
    store: `${directory}/control/store.sqlite`,
    token: `${directory}/control/token`,
    tls: `${directory}/control/tls`,
    acme: `${directory}/control/acme`,
    challenges: `${directory}/router/challenges`,
    pushSocket: `${directory}/control/push.sock`,
    hooks: `${directory}/control/hooks`,
    runs: `${directory}/control/runs`,
    builds: `${directory}/control/builds`,
    sources: `${directory}/control/sources`,
    scratch: `${directory}/control/scratch`,
    requests: `${directory}/router/log/requests`,
    dashboardSocket: `${directory}/router/dashboard.sock`,
    publicSocket: `${directory}/router/api.sock`,
    adminSocket: `${directory}/router/admin.sock`,
    backups: "/var/lib/backups",
    controlSocket: `${directory}/router/control.sock`,
  };
}
