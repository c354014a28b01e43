import type { Operations } from "../operation.ts";
import { access } from "./access.ts";
import { account } from "./account.ts";
import { addons } from "./addons.ts";
import { apps, openApps } from "./apps.ts";
import { authorizations, openAuthorizations } from "./authorizations.ts";
import { builds, openBuilds } from "./builds.ts";
import { configVars } from "./config-vars.ts";
import { drift } from "./drift.ts";
import { dynos } from "./dynos.ts";
import { github } from "./github.ts";
import { logs, openLogs } from "./logs.ts";
import { metrics } from "./metrics.ts";
import { openApiItself } from "./openapi.ts";
import { pipelines } from "./pipelines.ts";
import { openBackups, postgres } from "./postgres.ts";
import { openReleases, releases } from "./releases.ts";
import { usage } from "./usage.ts";

/** For whoever is let in; a line here, or its route has no description and a test says so. */
export const operations: Operations = {
  ...access,
  ...account,
  ...addons,
  ...apps,
  ...authorizations,
  ...builds,
  ...configVars,
  ...drift,
  ...dynos,
  ...github,
  ...logs,
  ...metrics,
  ...pipelines,
  ...postgres,
  ...releases,
  ...usage,
};

export const openOperations: Operations = {
  ...openApps,
  ...openAuthorizations,
  ...openBuilds,
  ...openReleases,
  ...openLogs,
  ...openApiItself,
  ...openBackups,
};
