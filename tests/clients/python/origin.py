"""What the Python clients share: where the origin is, and how one logs in."""

import os

import jsonrpclib
import requests

ORIGIN = os.environ["ORIGIN"]
ACCOUNT = "acme"
USER = "jane"
PASSWORD = "secret"
SECONDS = 30  # that a request may take
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def login():
    """A token, by HTTP."""
    names = {"X-Agile-Username": USER, "X-Agile-Password": PASSWORD}
    answer = requests.get(f"{ORIGIN}/account/login", headers=names, timeout=SECONDS)
    answer.raise_for_status()
    return answer.headers["X-Agile-Token"]


def rpc(version=1.0):
    """JSON-RPC by version: 1.0 on the path with two slashes that some clients call, or 2.0."""
    path = "//jsonrpc" if version == 1.0 else "/jsonrpc2"
    return jsonrpclib.ServerProxy(ORIGIN + path, version=version)


def post(session, path, body=b"", **headers):
    """Posts; header names are written without `X-Agile-`, with `_` for `-`."""
    named = {"X-Agile-" + name.replace("_", "-"): str(value) for name, value in headers.items()}
    return session.post(ORIGIN + path, data=body, headers=named, timeout=SECONDS)


def session(token):
    """A session of requests that sends the token each time."""
    made = requests.Session()
    made.headers["X-Agile-Authorization"] = token
    return made


def put(token, directory, name, body):
    """Stores a small file."""
    with session(token) as made:
        answer = post(made, "/post/raw", body, Directory=directory, Basename=name)
    answer.raise_for_status()
