"""An upload under chaos, and what the control endpoint returns about it."""
# needs: python3
# origin: --dir /in --seed 5 --control 127.0.0.1:0

import hashlib
import http.client
import json
import os
import unittest
from urllib.parse import urlsplit

ORIGIN = urlsplit(os.environ["ORIGIN"]).netloc
CONTROL = urlsplit(os.environ["CONTROL"])
SECONDS = 30
AT_MOST = 2  # attempts of anything that chaos strikes
PIECES = [bytes([number]) * 20_000 for number in range(1, 9)]


def ask(host, method, path, body=None, headers=None):
    """Sends a request on its own connection and returns the read response."""
    connection = http.client.HTTPConnection(host, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.content = response.read()
        return response
    finally:
        connection.close()


def control(method, path, said=None):
    body = None if said is None else json.dumps(said)
    response = ask(CONTROL.netloc, method, CONTROL.path + path, body)
    return response.status, json.loads(response.content)


def insist(method, path, body=None, done=None, **headers):
    """Retries more often than chaos injects. `done` checks whether a request without a response succeeded."""
    named = {"X-Agile-" + name.replace("_", "-"): str(value) for name, value in headers.items()}
    for _ in range(AT_MOST + 1):
        try:
            response = ask(ORIGIN, method, path, body, named)
            # http.client accepts a truncated head as complete.
            if (response.status, response.getheader("X-Agile-Status")) == (200, "0"):
                return response
        except (OSError, http.client.HTTPException):
            pass
        if done and done():
            return None
    raise AssertionError(f"{method} {path} was never done")


def is_stored(name):
    """Checks whether a file is stored; retries, because chaos affects this request too."""
    for _ in range(AT_MOST + 1):
        try:
            return ask(ORIGIN, "HEAD", f"/in/{name}").status == 200
        except (OSError, http.client.HTTPException):
            pass
    return False


def upload(name):
    """Uploads the pieces."""
    login = insist("GET", "/account/login", Username="jane", Password="secret")
    token = login.getheader("X-Agile-Token")
    create = insist("POST", "/multipart/create", Authorization=token, Directory="/in", Basename=name)
    to = {"Authorization": token, "Multipart": create.getheader("X-Agile-Multipart")}
    for number, piece in enumerate(PIECES, 1):
        insist("POST", "/multipart/piece", piece, Part=number, **to)
    insist("POST", "/multipart/complete", done=lambda: is_stored(name), **to)


class Control(unittest.TestCase):
    def setUp(self):
        self.assertEqual(control("POST", "reset"), (200, {}))

    def exchanges(self, after=None):
        status, told = control("GET", "journal" + (f"?after={after}" if after is not None else ""))
        self.assertEqual(status, 200)
        return told["exchanges"]

    def test_an_upload_survives_chaos_and_the_journal_shows_it(self):
        chaos = {"seed": 41, "profile": "network", "max_per_operation": AT_MOST, "percent": 60}
        self.assertEqual(control("POST", "chaos", chaos), (200, {}))
        upload("chaos.bin")
        done = control("GET", "chaos")[1]["injected"]
        self.assertTrue(done)
        self.assertEqual(control("DELETE", "faults"), (200, {"deleted": []}))
        self.assertEqual(ask(ORIGIN, "GET", "/in/chaos.bin").content, b"".join(PIECES))
        told = self.exchanges()
        struck = [one for one in told if one["faults"]]
        self.assertEqual(len(struck), len(done))
        for number, piece in enumerate(PIECES, 1):
            attempts = [one for one in told if one["calls"][0]["part"] == number]
            self.assertLessEqual(len(attempts), AT_MOST + 1)
            last = attempts[-1]
            digest = hashlib.sha256(piece).hexdigest()
            self.assertEqual((last["digest"], last["outcome"]), (digest, "responded"))
        self.assertEqual(control("GET", "verdict"), (200, {"ok": True}))

    def test_faults_injected_by_chaos_can_be_replayed(self):
        control("POST", "chaos", {"seed": 7, "profile": "network", "max_per_operation": AT_MOST, "percent": 60})
        upload("again.bin")
        faults = [one["fault"] for one in control("GET", "chaos")[1]["injected"]]
        control("POST", "reset")
        status, added = control("POST", "faults", faults)
        self.assertEqual((status, len(added["ids"])), (200, len(faults)))
        upload("again.bin")
        accounts = control("GET", "faults")[1]["faults"]
        self.assertEqual([one["fired"] for one in accounts], [1] * len(faults))
        self.assertEqual(control("GET", "verdict"), (200, {"ok": True}))

    def test_after_returns_only_later_exchanges(self):
        upload("a.bin")
        first = self.exchanges()
        self.assertEqual(self.exchanges(after=first[-1]["index"]), [])
        upload("b.bin")
        second = self.exchanges(after=first[-1]["index"])
        self.assertEqual(len(second), len(first))
        self.assertEqual(second[0]["calls"][0]["operation"], "login")
        password = [value for name, value in second[0]["headers"] if name == "X-Agile-Password"]
        self.assertEqual(password, ["<redacted>"])

    def test_one_invalid_fault_rejects_the_whole_list(self):
        right = {"op": "raw", "reject": 503}
        status, told = control("POST", "faults", [right, {"op": "raw", "reject": 503, "nth": 0}])
        self.assertEqual(status, 400)
        self.assertTrue(told["error"].startswith("fault 2: "), told)
        self.assertEqual(control("GET", "faults"), (200, {"faults": []}))


if __name__ == "__main__":
    unittest.main()
