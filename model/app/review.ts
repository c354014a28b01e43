import { boolean, integer, object, optional, type Reader, text } from "../../lib/validation/readers.ts";

/** Which pull request a review app is for. */
export interface ReviewSettings {
  /** The pipeline's id. */
  readonly pipeline: string;
  /** The pull request's number. */
  readonly pull: number;
  /** The branch that it comes from. */
  readonly branch: string;
  /**
   * Whether that is in another repository.
   * @default false
   */
  readonly fork?: boolean;
}

export const reviewSettings: Reader<ReviewSettings> = object<ReviewSettings>({
  pipeline: text("use the id of a pipeline"),
  pull: integer(1, 1_000_000_000),
  branch: text("use the name of a branch"),
  fork: optional(boolean),
});
