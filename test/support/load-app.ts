import type { Answer } from "./http.ts";
import { type LoadOptions, startLoad } from "./load.ts";
import type { TestPlatform } from "./platform.ts";
import { simpleApp } from "./simple-app.ts";

/** More than what is held while an app's only dyno is restarted. */
const THREADS = 24;
const INI = `[uwsgi]
http-socket = :$(PORT)
master = true
die-on-term = true
module = run:app
threads = ${THREADS}
`;

/** Answers with the code's version, its config var VERSION and its dyno, on `/slow/N` after N seconds. */
const source = (code: string) => `import os, time

def app(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/slow/"):
        time.sleep(float(path[6:]))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"code ${code} {os.environ.get('VERSION')} {os.environ['DYNO']}".encode()]
`;

/** Makes `apps/<name>` of the project hold an app that bears {@link loadOn}. */
export function loadApp(
  platform: TestPlatform,
  name: string,
  code: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  return simpleApp(platform, name, { "uwsgi.ini": INI, "run.py": source(code), ...files });
}

/** 50 requests a second, 1 in 20 of which takes two to five seconds. Only the app's own answers are none that are lost. */
export function loadOn(platform: TestPlatform, app: string, options: Partial<LoadOptions> = {}) {
  return startLoad({
    host: `${app}.localhost`,
    port: platform.ports.web,
    rate: 50,
    path: (n) => (n % 20 === 0 ? `/slow/${2 + ((n / 20) % 4)}` : "/"),
    isFromApp: ({ status, body }: Answer) => status === 200 && body.startsWith("code "),
    most: 240,
    atOnce: 1500,
    ...options,
  });
}
