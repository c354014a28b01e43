from datetime import datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text
from werkzeug.security import check_password_hash, generate_password_hash

db = SQLAlchemy()


class Visit(db.Model):
    __tablename__ = "visits"

    id = db.Column(db.Integer, primary_key=True)
    at = db.Column(db.DateTime, nullable=False, default=datetime.utcnow)
    dyno = db.Column(db.String(80), nullable=False)


class User(db.Model):
    __tablename__ = "users"

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    password_hash = db.Column(db.String(200), nullable=False)

    def __init__(self, username, password):
        self.username = username
        self.password_hash = generate_password_hash(password)

    def has_password(self, password):
        return check_password_hash(self.password_hash, password)


class Note(db.Model):
    __tablename__ = "notes"

    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.Text, nullable=False)
    user_id = db.Column(db.Integer, db.ForeignKey("users.id"), nullable=False)
    user = db.relationship(User)

    def to_json(self):
        return {"id": self.id, "text": self.text, "by": self.user.username}


def create_tables():
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Dynos start side by side, and Postgres lets two CREATE TABLE of one name collide.
            connection.execute(text("SELECT pg_advisory_xact_lock(5432)"))
        db.metadata.create_all(connection)
    # uWSGI forks its worker after this; two processes must not share a connection.
    db.engine.dispose()
