"""A pytest fixture that runs a mock origin for one test. Copy this file into your tests."""

import json
import os
import subprocess
import urllib.request

import pytest

BINARY = os.environ.get("MOCK_ORIGIN", "mock-origin")


class Origin:
    """A running origin: `url` is for the client under test, `control` for the test."""

    def __init__(self, url, control):
        self.url = url
        self.control = control

    def add_fault(self, **fault):
        """Adds a fault, for example `add_fault(op="raw", attempt=1, reject=503)`."""
        self.call("faults", fault)

    def journal(self):
        """Returns every recorded exchange."""
        return self.call("journal")["exchanges"]

    def stored(self, path):
        """Returns the bytes of a stored file."""
        with urllib.request.urlopen(f"{self.control}files?path={path}", timeout=10) as response:
            return response.read()

    def call(self, endpoint, body=None):
        """Calls the control endpoint: a POST if there is a body, else a GET."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(self.control + endpoint, data, timeout=10) as response:
            return json.load(response)


@pytest.fixture
def origin():
    """Starts an origin. The test fails if a request was invalid or a fault was never injected."""
    command = [BINARY, "serve", "--dir", "/videos", "--control", "127.0.0.1:0"]
    # The origin ends when its standard input is closed, even if this process is killed.
    command += ["--exit-with-stdin", "--strict"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        url = process.stdout.readline().strip()
        control = process.stdout.readline().strip().removeprefix("control ")
        assert url and control, "the origin did not start; standard error says why"
        yield Origin(url, control)
        process.stdin.close()
        assert process.wait(timeout=10) == 0, "the origin found errors; see its standard error"
