import type { DatabaseSync } from "node:sqlite";
import { type ControlPlaneSettings, placesOf, siteUrl } from "../../../model/platform/control-plane.ts";
import type { Runner } from "../runs/runner.ts";
import type { Aside, Clock } from "../types.ts";
import { CiPreviews } from "./previews.ts";
import { receiveWorkflows } from "./receive.ts";
import { Tokens } from "./tokens.ts";
import { CiUps, type CiUpsOptions } from "./ups.ts";

interface OpenCiOptions {
  readonly settings: ControlPlaneSettings;
  readonly store: DatabaseSync;
  readonly runner: Pick<Runner, "preview">;
  readonly apps: CiUpsOptions["apps"];
  readonly links: CiUpsOptions["links"];
  readonly clock: Clock;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** What serves workflows; nothing where none is trusted. */
export function openCi({ settings, store, runner, apps, links, clock, report }: OpenCiOptions): Aside {
  const { trust = [], issuer } = settings.ci ?? {};
  if (trust.length === 0) return () => false;
  const { scratch } = placesOf(settings.directory);
  return receiveWorkflows({
    tokens: new Tokens({ db: store, trust, audience: new URL(siteUrl(settings)).hostname, issuer, clock }),
    previews: new CiPreviews({ runner, project: settings.project, scratch }),
    ups: new CiUps({ apps, links, project: settings.project }),
    report,
  });
}
