import { isRecord } from "../../../../../lib/validation/readers.ts";
import type { DeclaredApp, Plan } from "../../../apps/ports.ts";
import type { Promotion } from "../../../pipelines/ports.ts";
import type { Promoted } from "../../../pipelines/promotions.ts";
import type { Answer, Call } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { DryRun } from "../../dry-run.ts";
import { ApiError, invalid, notFound } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { releaseId } from "../releases.ts";
import { ownerOf, pipelineNamed, pipelineOf, pipelinesOf } from "./find.ts";
import { showPromotion, showTarget } from "./show.ts";

/** What runs in one stage, to run in the next. */
export function pipelinePromotionRoutes(desk: Desk): Route[] {
  const one = "/pipeline-promotions/:promotion";
  return [
    ["POST", "/pipeline-promotions", (call) => create(desk, call)],
    ["GET", one, async (call) => ({ body: showPromotion(desk, await find(desk, call)) })],
    [
      "GET",
      `${one}/promotion-targets`,
      async (call) => {
        const promotion = await find(desk, call);
        return { body: promotion.targets.map((target) => showTarget(desk, promotion, target)) };
      },
    ],
    [
      "GET",
      "/pipelines/:pipeline/promotions",
      async (call) => {
        const pipeline = await pipelineOf(desk, call);
        return { body: desk.ports.promotions.list(pipeline).map((each) => showPromotion(desk, each)) };
      },
    ],
  ];
}

async function find(desk: Desk, call: Call): Promise<Promotion> {
  const promotion = desk.ports.promotions.get(call.params.promotion ?? "");
  const seen = await pipelinesOf(desk, call);
  if (promotion === undefined || !seen.some(({ id }) => id === promotion.pipeline))
    throw notFound("pipeline_promotion");
  return promotion;
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const promoted = await readPromoted(desk, call);
  const { email } = call.caller;
  const { promotions } = desk.ports;
  if (call.dryRun) {
    const { source, release, targets } = promoted;
    const names = targets.map(({ name }) => name).join(", ");
    const description = `Promote v${release.version} of ${source.name} to ${names}`;
    throw new DryRun(names, description, together(await promotions.plan(promoted, email)));
  }
  const promotion = await promotions.begin(promoted, email);
  // Others ask again until it is done.
  const waits = /(?:^|[,;\s])wait=\d/.test(String(call.headers.prefer ?? ""));
  const shown = (waits && (await promotions.ended(promotion.id))) || promotion;
  if (waits) checkAll(promoted, shown);
  return { status: 201, body: showPromotion(desk, shown) };
}

/** @throws ApiError with why some target does not run it */
function checkAll({ targets }: Promoted, promotion: Promotion): void {
  const failed = promotion.targets.flatMap(({ app, error }) => {
    const { name } = targets.find(({ id }) => id === app) ?? { name: app };
    return error === null ? [] : [`${name} was not promoted: ${error}`];
  });
  if (failed.length > 0) throw new ApiError(422, "promotion_failed", failed.join("\n"));
}

/** Images go from app to app of one pipeline and one owner only. @throws ApiError */
async function readPromoted(desk: Desk, call: Call): Promise<Promoted> {
  const { pipeline: which, source: from, targets: to } = call.body;
  const sourceId = idIn(isRecord(from) ? from.app : undefined);
  if (sourceId === undefined) throw invalid("source", "source.app.id is required.");
  const pipeline = await pipelineNamed(desk, call, idIn(which) ?? "");
  const source = await desk.appNamed(call, sourceId);
  const targets: DeclaredApp[] = [];
  for (const target of Array.isArray(to) ? to : []) {
    const id = idIn(isRecord(target) ? target.app : undefined);
    if (id === undefined) throw invalid("targets", "Each of targets needs app.id.");
    const app = await desk.appNamed(call, id);
    if (!targets.some(({ stack }) => stack === app.stack)) targets.push(app);
  }
  const owner = ownerOf(desk, pipeline.id);
  for (const app of [source, ...targets]) {
    const coupling = await desk.ports.pipelines.of(app.stack);
    if (coupling?.pipeline.stack !== pipeline.stack) {
      throw invalid("targets", `${app.name} is not in the pipeline ${pipeline.name}.`);
    }
    const own = desk.ports.accounts.owner(app.id);
    if (own.id === owner.id) continue;
    throw invalid(
      "targets",
      `${app.name} belongs to ${own.email} and the pipeline ${pipeline.name} to ${owner.email}: images are shared between apps of one owner. Transfer one of them: heroku apps:transfer.`,
    );
  }
  const { releases } = await desk.outputs.of(source.stack);
  const wanted = idIn(isRecord(from) ? from.release : undefined);
  const release =
    wanted === undefined ? releases.at(-1) : releases.find((each) => releaseId(desk, source, each) === wanted);
  if (release === undefined)
    throw notFound("release", wanted === undefined ? `a release of ${source.name}` : undefined);
  return { pipeline, source, release, targets };
}

function idIn(value: unknown): string | undefined {
  return isRecord(value) && typeof value.id === "string" ? value.id : undefined;
}

/** Several previews as one. */
function together(plans: readonly { readonly app: string; readonly plan: Plan }[]): Plan {
  const changes: Record<string, number> = {};
  for (const { plan } of plans) {
    for (const [op, count] of Object.entries(plan.changes)) changes[op] = (changes[op] ?? 0) + count;
  }
  const preview = plans.map(({ app, plan }) => (plans.length > 1 ? `${app}:\n${plan.preview}` : plan.preview));
  return { changes, steps: plans.flatMap(({ plan }) => plan.steps), preview: preview.join("\n") };
}
