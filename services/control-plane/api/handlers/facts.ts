import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

/** When this platform's only region and stack came to be, for clients that want to know. */
const BEGINNING = "2026-01-01T00:00:00Z";

/** The machine that the platform runs on. */
export function region(desk: Desk) {
  return {
    id: desk.id("region", "local"),
    name: "local",
    description: "This machine",
    country: "Here",
    locale: "Here",
    private_capable: false,
    // Heroku's schema knows Amazon's regions and no other.
    provider: { name: "dynoform", region: "us-east-1" },
    created_at: BEGINNING,
    updated_at: BEGINNING,
  };
}

/** What Heroku calls a stack: the base image. */
export function stack(desk: Desk) {
  return {
    id: desk.id("stack", "dynoform"),
    name: "dynoform",
    default: true,
    state: "public",
    created_at: BEGINNING,
    updated_at: BEGINNING,
  };
}

/** What a platform has one of, or none. */
export function factRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/regions", () => ({ body: [region(desk)] })],
    ["GET", "/regions/:region", ({ params }) => ({ body: find("region", [region(desk)], params.region) })],
    ["GET", "/stacks", () => ({ body: [stack(desk)] })],
    ["GET", "/stacks/:stack", ({ params }) => ({ body: find("stack", [stack(desk)], params.stack) })],
  ];
}

function find<T extends { readonly id: string; readonly name: string }>(
  resource: string,
  all: readonly T[],
  which: string | undefined,
): T {
  const found = all.find(({ id, name }) => which === id || which === name);
  if (found === undefined) throw notFound(resource);
  return found;
}
