from flask_jwt import current_identity, jwt_required
from flask_restful import Resource, abort, reqparse

from .models import Note as NoteModel
from .models import User, db

credentials = reqparse.RequestParser()
credentials.add_argument("username", required=True, location="json", help="a name is needed")
credentials.add_argument("password", required=True, location="json", help="a password is needed")

note_fields = reqparse.RequestParser()
note_fields.add_argument("text", required=True, location="json", help="a note is its text")


class Users(Resource):
    def post(self):
        fields = credentials.parse_args()
        if User.query.filter_by(username=fields["username"]).first():
            abort(409, message="somebody has that name")
        db.session.add(User(**fields))
        db.session.commit()
        return {"username": fields["username"]}, 201


class Notes(Resource):
    def get(self):
        return [note.to_json() for note in NoteModel.query.order_by(NoteModel.id)]

    @jwt_required()
    def post(self):
        note = NoteModel(text=note_fields.parse_args()["text"], user_id=current_identity.id)
        db.session.add(note)
        db.session.commit()
        return note.to_json(), 201


class Note(Resource):
    def get(self, note_id):
        return db.get_or_404(NoteModel, note_id).to_json()

    @jwt_required()
    def delete(self, note_id):
        note = db.get_or_404(NoteModel, note_id)
        if note.user_id != current_identity.id:
            abort(403, message="that note is somebody else's")
        db.session.delete(note)
        db.session.commit()
        return "", 204
