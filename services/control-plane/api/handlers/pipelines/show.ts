import type { DeclaredPipeline, Promotion, PromotionTarget } from "../../../pipelines/ports.ts";
import type { Desk } from "../../desk.ts";
import { type CoupledApp, ownerOf, pipelineId } from "./find.ts";

export function showPipeline(desk: Desk, pipeline: DeclaredPipeline) {
  const time = new Date(pipeline.createdAt).toISOString();
  return {
    id: pipelineId(desk, pipeline),
    name: pipeline.name,
    created_at: time,
    // Without it, clients compare no releases.
    generation: { id: desk.id("generation", "cedar"), name: "cedar" },
    owner: { id: ownerOf(desk, pipeline.id).id, type: "user" },
    updated_at: time,
  };
}

export function couplingId(desk: Desk, { pipeline, declared }: Pick<CoupledApp, "pipeline" | "declared">): string {
  return desk.id("coupling", pipeline.id, declared.id);
}

export function showCoupling(desk: Desk, coupling: CoupledApp) {
  const { pipeline, declared, stage } = coupling;
  const time = new Date(Math.max(pipeline.createdAt, declared.createdAt)).toISOString();
  return {
    id: couplingId(desk, coupling),
    app: { id: desk.appId(declared), name: declared.name },
    created_at: time,
    pipeline: { id: pipelineId(desk, pipeline), name: pipeline.name },
    stage,
    updated_at: time,
  };
}

export function showPromotion(desk: Desk, promotion: Promotion) {
  const pending = promotion.targets.some(({ status }) => status === "pending");
  return {
    id: promotion.id,
    created_at: new Date(promotion.createdAt).toISOString(),
    pipeline: { id: pipelineId(desk, { id: promotion.pipeline }) },
    source: {
      app: { id: desk.id("app", promotion.source) },
      release: { id: desk.id("release", promotion.source, String(promotion.release)) },
    },
    status: pending ? "pending" : "completed",
    updated_at: pending ? null : new Date(promotion.updatedAt).toISOString(),
  };
}

export function showTarget(desk: Desk, { id }: Pick<Promotion, "id">, target: PromotionTarget) {
  const { app, status, release, error } = target;
  return {
    id: desk.id("promotion-target", id, app),
    app: { id: desk.id("app", app) },
    error_message: error,
    pipeline_promotion: { id },
    // Null while there is none: clients take what is absent for one that is there.
    release: release === null ? null : { id: desk.id("release", app, String(release)) },
    status,
  };
}
