import { POSTGRES_PLANS, type PostgresPlan } from "../../../../model/app/postgres-plans.ts";
import { findPlan, isService } from "../../postgres/plans.ts";
import { showPlan, showService } from "../addons/show.ts";
import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

const PLANS = Object.keys(POSTGRES_PLANS) as PostgresPlan[];

/** What can be added: databases, which nobody pays for. */
export function addonServiceRoutes(desk: Desk): Route[] {
  const service = ({ params }: Call) => {
    const shown = showService(desk);
    if (!isService(params.service ?? "") && params.service !== shown.id)
      throw notFound("add_on service", "that add-on service");
    return shown;
  };
  return [
    ["GET", "/addon-services", () => ({ body: [showService(desk)] })],
    ["GET", "/addon-services/:service", (call) => ({ body: service(call) })],
    [
      "GET",
      "/addon-services/:service/plans",
      (call) => {
        service(call);
        return { body: PLANS.map((plan) => showPlan(desk, plan)) };
      },
    ],
    [
      "GET",
      "/addon-services/:service/plans/:plan",
      (call) => {
        const { name } = service(call);
        const { plan: which = "" } = call.params;
        const plan = findPlan(which.includes(":") ? which : `${name}:${which}`);
        const found = plan ?? PLANS.find((each) => showPlan(desk, each).id === which);
        if (found === undefined) throw notFound("plan");
        return { body: showPlan(desk, found) };
      },
    ],
  ];
}
