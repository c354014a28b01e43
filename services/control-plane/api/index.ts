import { Token } from "../accounts/token.ts";
import { OutputsReader } from "../apps/outputs.ts";
import type { Health } from "../health.ts";
import type { Clock } from "../types.ts";
import { Desk } from "./desk.ts";
import { Dispatcher } from "./dispatcher.ts";
import { absentRoutes } from "./handlers/absent.ts";
import { accountRoutes } from "./handlers/account.ts";
import { acmRoutes } from "./handlers/acm.ts";
import { addonServiceRoutes } from "./handlers/addon-services.ts";
import { addonRoutes } from "./handlers/addons.ts";
import { appSetupRoutes } from "./handlers/app-setups.ts";
import { appRoutes } from "./handlers/apps.ts";
import { attachmentRoutes } from "./handlers/attachments.ts";
import { auditRoutes } from "./handlers/audit.ts";
import { authorizationRoutes, openAuthorizationRoutes } from "./handlers/authorizations.ts";
import { backupRoutes, openBackupRoutes } from "./handlers/backups.ts";
import { browserLoginRoutes } from "./handlers/browser-login.ts";
import { buildpackRoutes, openBuildpackRoutes } from "./handlers/buildpacks.ts";
import { buildRoutes, openBuildRoutes } from "./handlers/builds.ts";
import { certificateRoutes } from "./handlers/certificates.ts";
import { collaboratorRoutes } from "./handlers/collaborators.ts";
import { configVarRoutes } from "./handlers/config-vars.ts";
import { type Authorities, connectRoutes } from "./handlers/connect.ts";
import { domainRoutes } from "./handlers/domains.ts";
import { driftRoutes } from "./handlers/drift.ts";
import { dynoRoutes } from "./handlers/dynos.ts";
import { factRoutes } from "./handlers/facts.ts";
import { featureRoutes } from "./handlers/features.ts";
import { formationRoutes } from "./handlers/formation.ts";
import { githubRoutes } from "./handlers/github.ts";
import { githubAccountRoutes } from "./handlers/github-account.ts";
import { githubArchiveRoutes } from "./handlers/github-archives.ts";
import { githubRepositoryRoutes } from "./handlers/github-repositories.ts";
import { invitationRoutes } from "./handlers/invitations.ts";
import { logDrainRoutes } from "./handlers/log-drains.ts";
import { logSessionRoutes, openLogRoutes } from "./handlers/log-sessions.ts";
import { metricsRoutes } from "./handlers/metrics.ts";
import { allPipelineRoutes } from "./handlers/pipelines/index.ts";
import { postgresRoutes } from "./handlers/postgres.ts";
import { openReleaseRoutes, releaseRoutes } from "./handlers/releases.ts";
import { openStatusRoutes } from "./handlers/status.ts";
import { usageRoutes } from "./handlers/usage.ts";
import { hosts } from "./hosts/index.ts";
import { openApiRoutes } from "./openapi/routes.ts";
import type { Ports } from "./ports.ts";
import { ApiServer, type ServerOptions } from "./server.ts";

export interface ApiOptions {
  readonly ports: Ports;
  /** @default one of its own; for whoever reads outputs besides */
  readonly outputs?: OutputsReader;
  /** The platform's name. */
  readonly platform: string;
  /** The file with the operator's key, `<directory>/control/token`, with which URLs are signed. */
  readonly tokenFile: string;
  /** Free hours a month, of each app or of all together; 0: without end. */
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  /**
   * Where browsers find the platform's pages.
   * @default where the caller reaches the API
   */
  readonly site?: string;
  /** Connects a client's terminal. */
  readonly rendezvous?: ServerOptions["rendezvous"];
  /** Connects a client of Postgres that came from anywhere. */
  readonly database?: ServerOptions["database"];
  /** What is served on the same port besides the API, e.g. git. */
  readonly asides?: ServerOptions["asides"];
  readonly certificates?: ServerOptions["certificates"];
  /** Host names under which clients come, besides those of this machine. */
  readonly names?: ServerOptions["names"];
  readonly rates?: ServerOptions["rates"];
  /**
   * The certificates that clients from anywhere are told.
   * @default it is reached from this machine alone
   */
  readonly authorities?: () => Promise<Authorities>;
  /** Which of the platform's parts work. */
  health(): Promise<Health>;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /** @default Date.now */
  readonly clock?: Clock;
}

/** The Heroku Platform API of a platform. */
interface Api {
  /** Ready to `listen`. */
  readonly server: ApiServer;
  /** The same without HTTP, for other parts of the control plane. */
  readonly dispatcher: Dispatcher;
}

export function createApi(options: ApiOptions): Api {
  const { ports, platform, hours, clock = Date.now, report } = options;
  const token = new Token(options.tokenFile);
  const outputs = options.outputs ?? new OutputsReader(ports.stacks, clock);
  const desk = new Desk({ ports, outputs, token, platform, hours, clock });
  const dispatcher = new Dispatcher({
    accounts: ports.accounts,
    clock,
    routes: [
      ...appRoutes(desk),
      ...domainRoutes(desk),
      ...certificateRoutes(desk),
      ...acmRoutes(desk),
      ...buildpackRoutes(desk),
      ...factRoutes(desk),
      ...absentRoutes(desk),
      ...featureRoutes(desk),
      ...formationRoutes(desk),
      ...dynoRoutes(desk),
      ...releaseRoutes(desk),
      ...buildRoutes(desk),
      ...configVarRoutes(desk),
      ...connectRoutes(desk, options.authorities),
      ...addonRoutes(desk),
      ...attachmentRoutes(desk),
      ...addonServiceRoutes(desk),
      ...postgresRoutes(desk),
      ...backupRoutes(desk),
      ...logSessionRoutes(desk),
      ...logDrainRoutes(desk),
      ...usageRoutes(desk),
      ...metricsRoutes(desk),
      ...accountRoutes(desk),
      ...authorizationRoutes(desk),
      ...collaboratorRoutes(desk),
      ...invitationRoutes(desk, options.site),
      ...auditRoutes(desk),
      ...driftRoutes(desk),
      ...githubRoutes(desk),
      ...githubAccountRoutes(desk, options.site),
      ...githubRepositoryRoutes(desk),
      ...allPipelineRoutes(desk),
      ...githubArchiveRoutes(desk),
      ...appSetupRoutes(desk),
    ],
  });
  const server = new ApiServer({
    accounts: ports.accounts,
    dispatcher,
    open: [
      ...openLogRoutes(desk),
      ...openBuildRoutes(desk),
      ...openReleaseRoutes(desk),
      ...openBuildpackRoutes(),
      ...openStatusRoutes(options.health),
      ...openBackupRoutes(desk),
      ...openAuthorizationRoutes(desk),
      ...browserLoginRoutes(desk),
      ...openApiRoutes(),
    ],
    asides: options.asides ?? [],
    certificates: options.certificates,
    names: options.names,
    hosts: hosts(desk),
    rates: options.rates,
    clock,
    rendezvous: options.rendezvous,
    database: options.database,
    report,
  });
  return { server, dispatcher };
}
