import type { MemberRoute } from "../web/visit.ts";
import { Acts } from "./acts.ts";
import { ApiClient } from "./api.ts";
import type { Context } from "./context.ts";
import { Frames } from "./frames.ts";
import { accountPages } from "./pages/account.ts";
import { activityPages } from "./pages/activity.ts";
import { appsPages } from "./pages/apps.ts";
import { auditPages } from "./pages/audit.ts";
import { buildPages } from "./pages/build.ts";
import { deployPages } from "./pages/deploy.ts";
import { codePages } from "./pages/github/code.ts";
import { connectPages } from "./pages/github/connect.ts";
import { logsPages } from "./pages/logs.ts";
import { metricsPages } from "./pages/metrics.ts";
import { newAppPages } from "./pages/new-app.ts";
import { overviewPages } from "./pages/overview.ts";
import { peoplePages } from "./pages/people.ts";
import { pipelinePages } from "./pages/pipelines/list.ts";
import { progressPages } from "./pages/progress.ts";
import { releasePages } from "./pages/release.ts";
import { resourcesPages } from "./pages/resources.ts";
import { settingsPages } from "./pages/settings.ts";
import type { DashboardPorts } from "./ports.ts";
import { ProgressBook } from "./progress.ts";

/** The pages of whoever is logged in, for a `Site`. @param report gets what nobody foresaw */
export function dashboardPages(ports: DashboardPorts, report: (problem: string) => void): MemberRoute[] {
  const book = new ProgressBook(ports.clock, report);
  const api = new ApiClient(ports.dispatcher);
  const frames = new Frames(book);
  const context: Context = { ports, api, frames, acts: new Acts(api, book, frames) };
  return [
    ...appsPages(context),
    ...newAppPages(context),
    ...overviewPages(context),
    ...resourcesPages(context),
    ...deployPages(context),
    ...buildPages(context),
    ...connectPages(context),
    ...codePages(context),
    ...metricsPages(context),
    ...activityPages(context),
    ...releasePages(context),
    ...logsPages(context),
    ...settingsPages(context),
    ...progressPages(context, book),
    ...accountPages(context),
    ...pipelinePages(context),
    ...peoplePages(context),
    ...auditPages(context),
  ];
}
