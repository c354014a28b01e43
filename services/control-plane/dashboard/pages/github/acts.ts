import { field } from "../../../web/form.ts";
import { html } from "../../../web/html.ts";
import type { MemberRoute, MemberVisit } from "../../../web/visit.ts";
import type { ApiBuild } from "../../answers.ts";
import { path } from "../../api.ts";
import type { Context } from "../../context.ts";
import { buildPath } from "../build.ts";
import { deployPath } from "./paths.ts";

/** The settings of an app that is connected again; none of one that is not yet. */
function asBefore({ form }: MemberVisit): object {
  const branch = field(form, "branch");
  if (branch === "") return {};
  return { branch, auto_deploy: form.get("auto") === "on", wait_for_ci: form.get("wait") === "on" };
}

/** What an app's cards of GitHub do. */
export function githubActs({ acts }: Context): MemberRoute[] {
  return [
    acts.route("/apps/:app/github/connect", (visit) => {
      const { app = "" } = visit.params;
      const repo = field(visit.form, "repo");
      return {
        title: `Connect ${app} to ${repo}`,
        app,
        order: { method: "POST", path: path`/apps/${app}/github`, body: { repo, ...asBefore(visit) } },
        atOnce: true,
        confirm: "Connect",
        back: deployPath(app),
        done: `${app} is connected to ${repo}. Nothing is deployed by that.`,
      };
    }),
    acts.route("/apps/:app/github/disconnect", (visit) => {
      const { app = "" } = visit.params;
      const repo = field(visit.form, "repo");
      return {
        title: `Disconnect ${app} from ${repo}`,
        app,
        order: { method: "DELETE", path: path`/apps/${app}/github` },
        summary: html`<p>What is pushed to ${repo} does not come to ${app} any more. With the last app that is connected to a repository, its webhook there and its stack file here go.</p><p>The app stays as it is, with its releases and config vars.</p>`,
        confirm: "Disconnect",
        danger: true,
        back: deployPath(app),
        done: `${app} is disconnected from ${repo}.`,
      };
    }),
    acts.route("/apps/:app/github/automatic", (visit) => {
      const { app = "" } = visit.params;
      const on = visit.form.get("enabled") === "on";
      const branch = field(visit.form, "branch");
      const wait = visit.form.get("wait") === "on";
      return {
        title: on ? `Deploy ${branch} to ${app} automatically` : `Disable automatic deploys of ${app}`,
        app,
        order: {
          method: "PATCH",
          path: path`/apps/${app}/github`,
          body: on ? { branch, auto_deploy: true, wait_for_ci: wait } : { auto_deploy: false },
        },
        atOnce: true,
        confirm: on ? "Enable" : "Disable",
        back: `${deployPath(app)}#automatic`,
        done: on
          ? `Each push to ${branch} is deployed${wait ? " once its checks have passed" : ""}.`
          : "Pushes are not deployed any more.",
      };
    }),
    acts.route("/apps/:app/github/deploy", (visit) => {
      const { app = "" } = visit.params;
      const branch = field(visit.form, "branch");
      return {
        title: `Deploy ${branch} to ${app}`,
        app,
        order: { method: "POST", path: path`/apps/${app}/github/push`, body: { branch } },
        atOnce: true,
        confirm: "Deploy Branch",
        back: `${deployPath(app)}#manual`,
        next: (build) => buildPath(app, (build as ApiBuild).id),
        // The build's own page says it.
        done: "",
      };
    }),
  ];
}
