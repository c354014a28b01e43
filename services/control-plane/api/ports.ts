import type { Accounts } from "../accounts/accounts.ts";
import type { Stacks } from "../apps/outputs.ts";
import type { Apps } from "../apps/ports.ts";
import type { AutomaticCertificates } from "../certificates/automatic.ts";
import type { Builds as BuildRecords } from "../deploys/builds.ts";
import type { DriftWatch } from "../drift/watch.ts";
import type { Dynos } from "../dynos/ports.ts";
import type { GitHub as OpenedGitHub } from "../github/open.ts";
import type { Usage } from "../hours/ports.ts";
import type { Logs } from "../logs/ports.ts";
import type { Exposition } from "../metrics/scrapes.ts";
import type { OneOffs } from "../one-off/ports.ts";
import type { Pipelines } from "../pipelines/ports.ts";
import type { Promotions as PromotionRecords } from "../pipelines/promotions.ts";
import type { Databases } from "../postgres/databases.ts";
import type { Reviews } from "../reviews/ports.ts";
import type { Setups } from "../setups/setups.ts";

export type { Accounts } from "../accounts/accounts.ts";
export type { AuditEntry } from "../accounts/audit.ts";

/** What the API asks of the control plane's other parts. Tests put their own behind a real server. */
export interface Ports {
  readonly accounts: Accounts;
  readonly apps: Apps;
  readonly databases: Databases;
  readonly stacks: Stacks;
  readonly dynos: Dynos;
  /** What is measured. */
  metrics(): Promise<Exposition>;
  readonly oneOffs: OneOffs;
  readonly logs: Logs;
  readonly usage: Usage;
  readonly builds: Builds;
  readonly github: GitHub;
  /** What is not as it is declared. */
  readonly drift: Pick<DriftWatch, "found">;
  readonly pipelines: Pipelines;
  readonly promotions: Promotions;
  readonly setups: Pick<Setups, "begin" | "get">;
  readonly reviews: Reviews;
  readonly certificates: Certificates;
}

/** Certificates that renew themselves. */
export interface Certificates extends Pick<AutomaticCertificates, "state" | "refresh" | "notice"> {
  /** Why there are none on this platform; undefined: there are. */
  readonly missing: string | undefined;
}

/** @see the class of that name */
type Promotions = Pick<PromotionRecords, "begin" | "ended" | "plan" | "get" | "list">;

/** @see the class of that name */
export type Builds = Pick<
  BuildRecords,
  "source" | "create" | "keep" | "list" | "get" | "log" | "follow" | "releaseCommand" | "releaseOutput"
>;

/** What is linked to repositories at GitHub, and whose accounts there are connected. */
export type GitHub = Pick<OpenedGitHub, "links" | "connections" | "open" | "fetch">;
