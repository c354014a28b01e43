import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../../lib/package-root.ts";

/** As the tutorials of `heroku` and Flask have it. */
export const FLASK_APP = {
  Procfile: "web: gunicorn app:app\n",
  "runtime.txt": "python-3.13.1\n",
  Pipfile: `[[source]]
name = "pypi"
url = "https://pypi.org/simple"
verify_ssl = true

[packages]
flask = "*"
gunicorn = "*"

[requires]
python_version = "3.13"
`,
  "app.py": `import os

from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    print("somebody looked", flush=True)
    return "Hello, %s!" % os.environ.get("GREETING", "World")
`,
};

const requirements = join(packageRoot(), "examples", "flask-hello", "requirements.txt");

/** An app on uWSGI, with the packages of the example. */
export const UWSGI_APP = {
  Procfile: "web: uwsgi uwsgi.ini\n",
  "runtime.txt": "python-3.9.5\n",
  "requirements.txt": readFileSync(requirements, "utf8"),
  "uwsgi.ini": `[uwsgi]
http-socket = :$(PORT)
master = true
die-on-term = true
module = run:app
memory-report = true
`,
  "run.py": `from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    return "Hello from uWSGI"
`,
};
