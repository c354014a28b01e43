"""Where uWSGI finds the app (`module = run:app`); `python run.py` serves it on this machine."""

from hello import create_app

app = create_app()

if __name__ == "__main__":
    app.run(port=5000)
