"""What Flask-JWT asks: who is it at POST /auth, and whose is this token."""

from .models import User, db


def authenticate(username, password):
    user = User.query.filter_by(username=username).first()
    return user if user and user.has_password(password) else None


def identity(payload):
    return db.session.get(User, payload["identity"])
