"""Functions of the Python clients: the address of the origin, login and upload."""

import os

import jsonrpclib
import requests

ORIGIN = os.environ["ORIGIN"]
ACCOUNT = "acme"
USER = os.environ.get("MOCK_ORIGIN_USER", "jane")
PASSWORD = os.environ.get("MOCK_ORIGIN_PASSWORD", "secret")
SECONDS = 30  # that a request may take
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def login():
    """Logs in over HTTP and returns the token."""
    names = {"X-Agile-Username": USER, "X-Agile-Password": PASSWORD}
    response = requests.get(f"{ORIGIN}/account/login", headers=names, timeout=SECONDS)
    response.raise_for_status()
    return response.headers["X-Agile-Token"]


def rpc(version=1.0):
    """Returns a JSON-RPC client; version 1.0 uses the path with two slashes, as some clients do."""
    path = "//jsonrpc" if version == 1.0 else "/jsonrpc2"
    return jsonrpclib.ServerProxy(ORIGIN + path, version=version)


def post(session, path, body=b"", **headers):
    """Sends a POST; header names have no `X-Agile-`, and `_` instead of `-`."""
    named = {"X-Agile-" + name.replace("_", "-"): str(value) for name, value in headers.items()}
    return session.post(ORIGIN + path, data=body, headers=named, timeout=SECONDS)


def session(token):
    """Returns a session of requests that always sends the token."""
    made = requests.Session()
    made.headers["X-Agile-Authorization"] = token
    return made


def put(token, directory, name, body):
    """Stores a small file."""
    with session(token) as made:
        response = post(made, "/post/raw", body, Directory=directory, Basename=name)
    response.raise_for_status()
