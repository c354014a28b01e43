import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestPlatform } from "./platform.ts";

const INI = "[uwsgi]\nhttp-socket = :$(PORT)\nmaster = true\ndie-on-term = true\nmodule = run:app\nthreads = 4\n";

/** Answers with its config var VERSION. */
const SOURCE = `import os

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [os.environ.get("VERSION", "").encode()]
`;

/** All that simple apps install, so that they share one image of it. */
const REQUIREMENTS = "uwsgi==2.0.31\npsycopg2==2.9.12\n";

/**
 * Makes `apps/<name>` of the project hold a WSGI app of one file on uWSGI, and nothing else.
 *
 * @param files over what it has by default
 */
export async function simpleApp(
  platform: TestPlatform,
  name: string,
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = join(platform.directory, "apps", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const all = {
    Procfile: "web: uwsgi uwsgi.ini\n",
    "requirements.txt": REQUIREMENTS,
    "uwsgi.ini": INI,
    "run.py": SOURCE,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) await writeFile(join(folder, file), text);
}
