import { LABS, type Lab } from "../../../../model/app/labs.ts";
import type { AppFile, DeclaredApp } from "../../apps/ports.ts";
import type { Answer, Call } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

/** What Heroku's pages say of each, in a line. */
const FEATURES: Readonly<Record<Lab, { readonly title: string; readonly description: string; readonly page: string }>> =
  {
    "runtime-dyno-metadata": {
      title: "Dyno Metadata",
      description: "Tells dynos which app, release and dyno they are, in environment variables",
      page: "dyno-metadata",
    },
    "log-runtime-metrics": {
      title: "Runtime Metrics in Logs",
      description: "Writes memory and load of dynos into the app's log",
      page: "log-runtime-metrics",
    },
  };

/** `heroku labs` and `heroku features`: lines of the app's stack file. */
export function featureRoutes(desk: Desk): Route[] {
  return [
    [
      "GET",
      "/apps/:app/features",
      async (call) => {
        const app = await desk.app(call);
        return { body: LABS.map((lab) => show(desk, app, lab, app.labs.includes(lab))) };
      },
    ],
    [
      "GET",
      "/apps/:app/features/:feature",
      async (call) => {
        const app = await desk.app(call);
        const lab = find(desk, app, call);
        return { body: show(desk, app, lab, app.labs.includes(lab)) };
      },
    ],
    ["PATCH", "/apps/:app/features/:feature", (call) => change(desk, call)],
  ];
}

async function change(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const lab = find(desk, app, call);
  const { enabled } = call.body;
  if (typeof enabled !== "boolean") throw invalid("enabled", "enabled must be true or false.");
  if (enabled === app.labs.includes(lab)) return { body: show(desk, app, lab, enabled) };
  const outcome = await desk.change(call, app, `${enabled ? "Enable" : "Disable"} ${lab} feature`, (file) => {
    const others = labsIn(file).filter((each) => each !== lab);
    const wanted = enabled ? [...others, lab] : others;
    if (wanted.length > 0) file.set(["labs"], wanted);
    else file.remove(["labs"]);
  });
  return { body: show(desk, app, lab, enabled), headers: warned(outcome) };
}

function labsIn({ settings }: AppFile): string[] {
  return Array.isArray(settings.labs) ? settings.labs.map(String) : [];
}

/** @throws ApiError 404 */
function find(desk: Desk, app: DeclaredApp, { params: { feature } }: Call): Lab {
  const found = LABS.find((lab) => lab === feature || desk.id("feature", app.id, lab) === feature);
  if (found === undefined) throw notFound("feature", `that app feature; there are ${LABS.join(" and ")}`);
  return found;
}

function show(desk: Desk, app: DeclaredApp, lab: Lab, enabled: boolean) {
  const { title, description, page } = FEATURES[lab];
  const at = new Date(app.createdAt).toISOString();
  return {
    id: desk.id("feature", app.id, lab),
    name: lab,
    display_name: title,
    description,
    doc_url: `https://devcenter.heroku.com/articles/${page}`,
    feedback_email: "",
    state: "beta",
    enabled,
    created_at: at,
    updated_at: at,
  };
}
