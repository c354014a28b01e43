import type { DeclaredApp } from "../apps/ports.ts";
import type { Desk } from "./desk.ts";

/** What the certificates of an app that renew themselves are called together, as Heroku has one for all of an app's domains. */
export const AUTOMATIC = "automatic";

/** A domain's certificate that renews itself. */
export interface AutomaticCertificate {
  readonly host: string;
  /** PEM. */
  readonly chain: string;
  /** When it ends, in milliseconds since 1970. */
  readonly until: number;
}

/** Those that an app's domains are served with, the one that ends first before the others. */
export function automaticCertificates(desk: Desk, app: DeclaredApp): AutomaticCertificate[] {
  if (!app.acm) return [];
  return app.hosts
    .flatMap((host) => {
      const { chain, until } = desk.ports.certificates.state(host) ?? {};
      return chain === undefined || until === undefined ? [] : [{ host, chain, until }];
    })
    .sort((one, other) => one.until - other.until);
}

export function automaticId(desk: Desk, app: DeclaredApp): string {
  return desk.id("certificate", app.id, "", AUTOMATIC);
}

/** Whether it is what those of an app are called, or their id. */
export function isAutomatic(desk: Desk, app: DeclaredApp, which: unknown): boolean {
  const named = which === AUTOMATIC || which === automaticId(desk, app);
  return named && !app.certificates.some(({ name }) => name === which);
}

/** Milliseconds after which what is failing is called failed, and orders: it is tried on all the same. */
const PATIENCE_MS = 3_600_000;
const ORDERS = 3;

/** How it stands with a domain's certificate, in Heroku's words. */
export function acmOf(desk: Desk, app: DeclaredApp, host: string) {
  const state = app.acm ? desk.ports.certificates.state(host) : undefined;
  return {
    acm_status: state === undefined ? null : wordOf(desk, state),
    acm_status_reason: state?.reason ?? null,
    since: state?.since,
  };
}

type State = NonNullable<ReturnType<Desk["ports"]["certificates"]["state"]>>;

function wordOf(desk: Desk, { state, since, failed }: State): string | null {
  if (state === "issued") return "cert issued";
  if (state === "ordering") return "dns-verified";
  if (state === "waiting") return "in-progress";
  return desk.clock() - since > PATIENCE_MS || failed.length >= ORDERS ? "failed" : "failing";
}
