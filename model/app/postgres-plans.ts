import { integer, oneOf } from "../../lib/validation/readers.ts";

/** The plans of Heroku Postgres that make sense on a server of one's own, and how many connections each may open. */
export const POSTGRES_PLANS = {
  mini: { connections: 20 },
  basic: { connections: 20 },
  "essential-0": { connections: 20 },
  "essential-1": { connections: 20 },
  "essential-2": { connections: 40 },
  "standard-0": { connections: 120 },
} as const;

export type PostgresPlan = keyof typeof POSTGRES_PLANS;

export const postgresPlan = oneOf("plan of postgresql", Object.keys(POSTGRES_PLANS) as PostgresPlan[]);

/** A generation of credentials. */
export const generation = integer(1, 1_000_000);
