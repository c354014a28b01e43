import { gitOrigin } from "../../api/origin.ts";
import { type Html, html } from "../../web/html.ts";
import type { Visit } from "../../web/visit.ts";
import type { AppVisit, Context } from "../context.ts";

/** How code is pushed to an app. */
export function gitCards({ ports }: Context, { app, visit }: AppVisit): Html {
  const { apiPort } = ports.platform;
  const git = `${gitOf(visit, apiPort)}/${app.name}.git`;
  const { email } = visit.session.caller;
  return html`<section class="card"><header><h2>Push with Git</h2></header>
${visit.secure ? fromAnywhere(visit) : atHome(apiPort)}
<h3 class="gap">Name the remote</h3>
${commands(`heroku git:remote -a ${app.name}`)}
<p class="soft small">or without the Heroku command line: <code>git remote add heroku ${git}</code>; log in as <code>${email}</code> with an API token as the password.</p>
<h3 class="gap">Deploy</h3>
${commands("git push heroku main")}
<p class="soft small">The push shows the build, and is refused if the app does not come up, or does worse than the release before, which then serves on.</p></section>
<section class="card"><header><h2>A new app from nothing</h2></header>
${commands(`mkdir ${app.name} && cd ${app.name} && git init -b main
printf 'flask\\nuwsgi\\n' > requirements.txt
printf 'web: uwsgi --http :$PORT --module run:app\\n' > Procfile
printf 'from flask import Flask\\napp = Flask(__name__)\\n@app.get("/")\\ndef hello(): return "Hello"\\n' > run.py
git add . && git commit -m "First"`)}</section>`;
}

/** Where Git is served to whoever sees this page. */
export function gitOf({ origin, secure }: Visit, apiPort: number): string {
  return secure ? gitOrigin(origin) : `https://127.0.0.1:${apiPort}`;
}

function atHome(apiPort: number): Html {
  return html`<p>On the machine of the platform, or on yours through <code>ssh -L ${apiPort}:127.0.0.1:${apiPort}</code>:</p>
<h3 class="gap">Once in a shell</h3>
${commands(`eval "$(npx dynoform env)"`)}
<p class="soft small">tells <code>heroku</code> and <code>git</code> about this platform and its certificate.</p>
<h3 class="gap">Log in</h3>
${commands("heroku login")}`;
}

function fromAnywhere({ origin }: Visit): Html {
  const api = origin.replace(/^https:\/\/[^.]+\./, "https://api.");
  return html`<p>On your machine, wherever it is. The first command logs you in with this browser, and goes on running:</p>
${commands(`npx dynoform connect ${api}`)}
<h3 class="gap">Once in another shell</h3>
${commands(`eval "$(npx dynoform connect ${api} --env)"`)}
<p class="soft small">tells <code>heroku</code> and <code>git</code> about that connection.</p>`;
}

function commands(text: string): Html {
  return html`<div class="commands"><pre tabindex="0">${text}</pre><button class="second small copy" type="button" data-copy="${text}" hidden>Copy</button></div>`;
}
