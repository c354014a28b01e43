import { POSTGRES_PLANS, type PostgresPlan } from "../../../model/app/postgres-plans.ts";

/** The slug of the only service there is; stack files call it `postgresql`. */
export const SERVICE = "heroku-postgresql";

export const DEFAULT_PLAN: PostgresPlan = "mini";

/** Names that tutorials of earlier years use. */
const OLD_NAMES: Readonly<Record<string, PostgresPlan>> = { dev: "mini", "hobby-dev": "mini", "hobby-basic": "basic" };

/** @param text `heroku-postgresql`, `heroku-postgresql:mini`; undefined when there is no such service or plan */
export function findPlan(text: string): PostgresPlan | undefined {
  const [service = "", plan] = text.split(":", 2);
  if (!isService(service)) return undefined;
  if (plan === undefined) return DEFAULT_PLAN;
  const name = Object.hasOwn(OLD_NAMES, plan) ? (OLD_NAMES[plan] ?? plan) : plan;
  return Object.hasOwn(POSTGRES_PLANS, name) ? (name as PostgresPlan) : undefined;
}

export function isService(slug: string): boolean {
  return slug === SERVICE || slug === "postgresql";
}

/** `Essential 0`. */
export function planTitle(plan: PostgresPlan): string {
  const words = plan.replace("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
