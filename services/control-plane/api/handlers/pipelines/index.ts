import type { Desk } from "../../desk.ts";
import type { Route } from "../../routes.ts";
import { pipelineConfigVarRoutes } from "./config-vars.ts";
import { pipelineCouplingRoutes } from "./couplings.ts";
import { pipelineRoutes } from "./pipelines.ts";
import { pipelinePromotionRoutes } from "./promotions.ts";
import { pipelineRepositoryRoutes } from "./repository.ts";
import { reviewAppRoutes } from "./review-apps.ts";

export { pipelineRepositoryRoutes } from "./repository.ts";

/** All of pipelines. */
export function allPipelineRoutes(desk: Desk): Route[] {
  return [
    ...pipelineRoutes(desk),
    ...pipelineCouplingRoutes(desk),
    ...pipelinePromotionRoutes(desk),
    ...pipelineConfigVarRoutes(desk),
    ...pipelineRepositoryRoutes(desk),
    ...reviewAppRoutes(desk),
  ];
}
