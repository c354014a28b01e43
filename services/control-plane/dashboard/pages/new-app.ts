import { Problems } from "../../../../lib/validation/problems.ts";
import { appName } from "../../../../model/names.ts";
import { invalid } from "../../api/errors.ts";
import { field } from "../../web/form.ts";
import { type Html, html } from "../../web/html.ts";
import { form } from "../../web/layout.ts";
import type { MemberRoute, MemberVisit, Reply } from "../../web/visit.ts";
import type { ApiApp } from "../answers.ts";
import type { Context } from "../context.ts";
import { appPath } from "../frames.ts";

export function newAppPages({ acts, frames, api, ports }: Context): MemberRoute[] {
  const show = (visit: MemberVisit, name = "", wrong?: string): Reply => ({
    status: wrong === undefined ? 200 : 422,
    document: frames.plain(visit, { title: "Create New App", main: page(visit, ports.platform.domain, name, wrong) }),
  });
  return [
    ["GET", "/new", (visit) => show(visit)],
    acts.route("/new", async (visit) => {
      const name = field(visit.form, "name");
      const wrong = name === "" ? undefined : problem(name);
      if (wrong !== undefined) return show(visit, name, wrong);
      if (await isTaken(() => api.find<ApiApp>(visit, `/apps/${name}`), name))
        return show(visit, name, `${name} is taken.`);
      return {
        title: name === "" ? "Create an app" : `Create ${name}`,
        app: name === "" ? undefined : name,
        order: { method: "POST", path: "/apps", body: name === "" ? {} : { name } },
        atOnce: true,
        confirm: "Create app",
        back: "/new",
        next: (app) => appPath((app as ApiApp).name, "deploy"),
        done: "The app is made. Choose here how its code comes to it.",
      };
    }),
  ];
}

/** Of the visitor's own apps; that it is somebody else's, the API says. */
async function isTaken(find: () => Promise<ApiApp | undefined>, name: string): Promise<boolean> {
  return name !== "" && (await find()) !== undefined;
}

/** Why an app cannot be called that. */
function problem(name: string): string | undefined {
  const problems = new Problems();
  appName(name, "The name", problems);
  try {
    problems.check();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) throw invalid("name", "That is no name.");
    return error.message;
  }
}

function page(visit: MemberVisit, domain: string, name: string, wrong: string | undefined): Html {
  return html`<div class="card narrow"><h1>Create New App</h1>
${form(
  visit,
  { action: "/new" },
  html`<div class="field gap"><label for="name">App name</label>
<input id="name" name="name" value="${name}" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="30" aria-describedby="name-hint${wrong !== undefined && " name-wrong"}"${wrong !== undefined && html` aria-invalid="true"`}>
<p class="hint" id="name-hint">3 to 30 lower-case letters, digits and dashes. It will be served at <code>name.${domain}</code>. Leave it empty for a name like <code>quiet-harbor-12345</code>.</p>
${wrong !== undefined && html`<p class="wrong" id="name-wrong" role="alert">${wrong}</p>`}</div>
<div class="actions"><button>Create app</button><a class="button second" href="/apps">Cancel</a></div>`,
)}</div>`;
}
