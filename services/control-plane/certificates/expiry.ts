import { readChain } from "../../../model/app/certificate-chain.ts";
import type { RouterCertificate } from "../../router-client/client.ts";
import type { Clock, LogSink } from "../types.ts";
import type { NameStore } from "./store.ts";

/** A certificate that the router serves a host with. */
export interface Expiry {
  readonly host: string;
  readonly kind: "automatic" | "uploaded";
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

const DAY_MS = 86_400_000;
/** Before its end a certificate is warned of; of one with a short life, in the last quarter. */
const WARNED_MS = 14 * DAY_MS;

/** When what apps are served with ends. Those of the platform's own authority are made anew by themselves. */
export function expiries(certificates: readonly RouterCertificate[]): Expiry[] {
  return certificates.flatMap(({ name, hosts, chain }) => {
    const kind = name.startsWith("acme") ? "automatic" : name.startsWith("app.") ? "uploaded" : undefined;
    const [own] = readChain(chain) ?? [];
    if (kind === undefined || own === undefined) return [];
    const times = { from: own.validFromDate.getTime(), until: own.validToDate.getTime() };
    return hosts.map((host) => ({ host, kind, ...times }));
  });
}

export interface WarningsOptions {
  readonly router: { list(): Promise<readonly RouterCertificate[]> };
  readonly apps: { list(): Promise<readonly { readonly name: string; readonly hosts: readonly string[] }[]> };
  /** Why a certificate could not be renewed; null: nothing is known against it. */
  reason(host: string): string | null;
  readonly log: LogSink;
  readonly store: Pick<NameStore, "warnOnce">;
  readonly clock: Clock;
}

/** Tells each app's log once a day of certificates that end soon and will not be renewed in time, as it looks. */
export async function warnOfEnds({ router, apps, reason, log, store, clock }: WarningsOptions): Promise<void> {
  const now = clock();
  const soon = expiries(await router.list()).filter(
    ({ from, until }) => until - now < Math.min(WARNED_MS, (until - from) / 4),
  );
  if (soon.length === 0) return;
  const owners = new Map((await apps.list()).flatMap(({ name, hosts }) => hosts.map((host) => [host, name])));
  for (const { host, kind, until } of soon) {
    const app = owners.get(host);
    const why = reason(host);
    if (app === undefined || (kind === "automatic" && why === null)) continue;
    const date = new Date(until).toISOString().slice(0, 10);
    const advice =
      kind === "automatic" ? `could not be renewed: ${why}` : "is one of your own; heroku certs:update gives another";
    const ends = until <= now ? "ended" : "ends";
    if (!store.warnOnce(host, new Date(now).toISOString().slice(0, 10))) continue;
    log.write(app, {
      source: "heroku",
      process: "acm",
      text: `The certificate of ${host} ${ends} on ${date} and ${advice}`,
    });
  }
}
