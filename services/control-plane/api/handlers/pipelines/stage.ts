import { STAGES, type Stage } from "../../../pipelines/ports.ts";
import { invalid } from "../../errors.ts";

/** @throws ApiError for what is no stage */
export function stageOf(value: unknown): Stage {
  const stage = STAGES.find((each) => each === value);
  if (stage !== undefined) return stage;
  throw invalid("stage", `stage must be one of ${STAGES.join(", ")}.`);
}
