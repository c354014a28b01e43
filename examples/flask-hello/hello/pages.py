import os
import time
import uuid
from pathlib import Path

from flask import Blueprint, jsonify, render_template

from .models import Visit, db

pages = Blueprint("pages", __name__)

FILES = Path(__file__).parent.parent / "files"


def dyno():
    return os.environ.get("DYNO", "this machine")


@pages.route("/")
def index():
    """Writes a row and reads some, so an answer proves the way to Postgres and back."""
    db.session.add(Visit(dyno=dyno()))
    db.session.commit()
    latest = Visit.query.order_by(Visit.id.desc()).limit(5).all()
    greeting = os.environ.get("GREETING", "Hello")
    return render_template("index.html", greeting=greeting, dyno=dyno(), number=latest[0].id, latest=latest)


@pages.route("/whoami")
def whoami():
    return jsonify(dyno=dyno(), pid=os.getpid())


@pages.route("/fs")
def fs():
    """A dyno's disk is its own and lasts as long as the dyno: `found` is empty after every restart."""
    FILES.mkdir(exist_ok=True)
    found = sorted(file.name for file in FILES.iterdir())
    wrote = f"{uuid.uuid4()}.txt"
    (FILES / wrote).write_text(f"written by {dyno()}\n")
    return jsonify(dyno=dyno(), found=found, wrote=wrote)


@pages.route("/slow")
def slow():
    """Takes two seconds: a deploy waits for such a request before it stops the dyno."""
    time.sleep(2)
    return jsonify(dyno=dyno(), seconds=2)
