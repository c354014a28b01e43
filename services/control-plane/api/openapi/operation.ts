import type { Schema } from "./schema.ts";

/** What a route takes and answers. */
export interface Operation {
  /** In a few words. */
  readonly summary: string;
  /** What may stand in the query. */
  readonly query?: Readonly<Record<string, Schema>>;
  /** Of the body; none is read without it. */
  readonly body?: Schema;
  /** A body that a handler takes, for readers and tests. */
  readonly example?: Readonly<Record<string, unknown>>;
  /** @default 200 */
  readonly status?: number;
  readonly answer: Schema;
  /** Whether it may be a part, by the header `Range`. */
  readonly paged?: boolean;
  /** @default application/json */
  readonly type?: string;
}

/** By `METHOD /path`, written as the route is: `GET /apps/:app`. */
export type Operations = Readonly<Record<string, Operation>>;
