import os
import secrets

from flask import Flask
from flask_jwt import JWT
from flask_restful import Api

from .models import create_tables, db
from .pages import pages
from .resources import Note, Notes, Users
from .security import authenticate, identity


def create_app():
    app = Flask(__name__)
    # Set the config var SECRET_KEY: without it, a token is good only for the dyno that gave it, until it restarts.
    app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url()
    # A connection is asked whether it still lives before it is used, so a restart of Postgres fails no request.
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"pool_pre_ping": True, "pool_size": 3, "max_overflow": 0}

    # Flask-RESTful would make a 500 of what Flask-JWT raises for a missing token; this leaves it to Flask-JWT.
    app.config["PROPAGATE_EXCEPTIONS"] = True

    db.init_app(app)
    with app.app_context():
        create_tables()

    JWT(app, authenticate, identity)
    api = Api(app)
    api.add_resource(Users, "/api/users")
    api.add_resource(Notes, "/api/notes")
    api.add_resource(Note, "/api/notes/<int:note_id>")
    app.register_blueprint(pages)
    return app


def database_url():
    """SQLAlchemy wants `postgresql://` where DATABASE_URL says `postgres://`; without one, a file will do."""
    url = os.environ.get("DATABASE_URL", "sqlite:///hello.db")
    return url.replace("postgres://", "postgresql://", 1)
