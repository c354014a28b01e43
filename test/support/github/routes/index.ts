import type { Route } from "../call.ts";
import { appRoutes } from "./apps.ts";
import { branchRoutes } from "./branches.ts";
import { checkRoutes } from "./checks.ts";
import { commentRoutes } from "./comments.ts";
import { deploymentRoutes } from "./deployments.ts";
import { hookRoutes } from "./hooks.ts";
import { keyRoutes } from "./keys.ts";
import { pullRoutes } from "./pulls.ts";
import { repositoryRoutes } from "./repositories.ts";
import { statusRoutes } from "./statuses.ts";
import { userRoutes } from "./users.ts";

/** The REST API. */
export const routes: readonly Route[] = [
  ...userRoutes,
  ...repositoryRoutes,
  ...branchRoutes,
  ...hookRoutes,
  ...keyRoutes,
  ...statusRoutes,
  ...checkRoutes,
  ...deploymentRoutes,
  ...pullRoutes,
  ...commentRoutes,
  ...appRoutes,
];
