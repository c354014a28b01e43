"""A page that names the packages its Pipfile brought."""

from importlib.metadata import version

from flask import Flask

app = Flask(__name__)


@app.route("/")
def index():
    packages = ", ".join(f"{name} {version(name)}" for name in ("flask", "requests", "urllib3"))
    return f"<!doctype html><title>Pipfile only</title><p>Hello from {packages}.</p>\n"
