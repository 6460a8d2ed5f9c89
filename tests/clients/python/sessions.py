"""Logins and sessions with requests and jsonrpclib (§2, §7.4)."""
# needs: python-packages
# origin: --dir /in

import unittest

import jsonrpclib
import requests

from origin import ACCOUNT, ORIGIN, PASSWORD, SECONDS, UNKNOWN, USER, login, rpc

UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"


class Login(unittest.TestCase):
    def test_http_login_returns_headers(self):
        headers = {"X-Agile-Username": USER, "X-Agile-Password": PASSWORD}
        response = requests.post(f"{ORIGIN}/account/login", headers=headers, timeout=SECONDS)
        self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertEqual(response.headers["X-Agile-Status"], "0")
        self.assertRegex(response.headers["X-Agile-Token"], UUID)
        self.assertEqual(response.headers["X-Agile-Path"], f"/{ACCOUNT}")

    def test_json_rpc_login_returns_a_pair(self):
        for version in (1.0, 2.0):
            token, user = rpc(version).login(USER, PASSWORD)
            self.assertRegex(token, UUID)
            self.assertEqual(sorted(user), ["gid", "uid"])
            token, user = rpc(version).login(USER, PASSWORD, True)
            self.assertEqual(user["path"], f"/{ACCOUNT}")

    def test_wrong_credentials_return_two_nulls(self):
        self.assertEqual(rpc().login(USER, "wrong"), [None, None])
        self.assertEqual(rpc().login("nobody", PASSWORD), [None, None])

    def test_a_missing_parameter_returns_an_error_object(self):
        with self.assertRaises(jsonrpclib.ProtocolError) as raised:
            rpc(2.0).login(USER)
        self.assertEqual(raised.exception.args[0][0], -32603)


class Authenticate(unittest.TestCase):
    def test_success_returns_an_object(self):
        response = rpc().authenticate(USER, PASSWORD)
        self.assertEqual(sorted(response), ["code", "gid", "path", "token", "uid"])
        self.assertEqual((response["code"], response["path"]), (0, f"/{ACCOUNT}"))
        self.assertEqual(rpc().checkToken(response["token"])["username"], USER)

    def test_parameters_are_accepted_by_name(self):
        response = rpc(2.0).authenticate(username=USER, password=PASSWORD, expiry="60", subdir="in/")
        self.assertEqual((response["code"], response["path"]), (0, f"/{ACCOUNT}/in"))
        self.assertEqual(rpc().stat(response["token"], "/")["type"], 1)

    def test_failure_returns_the_object_with_a_null_token(self):
        for code, arguments in [
            (-10001, (USER, "wrong")),
            (-34, (USER, PASSWORD, 86_401)),
            (-34, (USER, PASSWORD, -1)),
            (-47, (USER, PASSWORD, 60, "/nowhere")),
            (-40, ("", PASSWORD)),
            (-41, (USER, "")),
        ]:
            response = rpc().authenticate(*arguments)
            self.assertEqual((response["code"], response["token"]), (code, None), arguments)
            self.assertEqual((response["uid"], response["gid"]), (0, 0))

    def test_it_ends_the_tokens_of_login_and_no_others(self):
        by_http, (by_login, _) = login(), rpc().login(USER, PASSWORD)
        first = rpc().authenticate(USER, PASSWORD)["token"]
        rpc().authenticate(USER, PASSWORD)
        codes = [rpc().noop(token)["code"] for token in (by_http, by_login, first)]
        self.assertEqual(codes, [0, -10001, 0])


class Session(unittest.TestCase):
    def setUp(self):
        self.token = login()

    def test_a_token_tells_of_itself(self):
        told = rpc().checkToken(self.token)
        self.assertEqual(sorted(told), ["age", "code", "gid", "path", "uid", "username"])
        self.assertIsInstance(told["age"], float)
        self.assertEqual((told["code"], told["path"]), (0, f"/{ACCOUNT}"))
        self.assertEqual(rpc().checkToken(UNKNOWN), {"code": -10001})

    def test_noop_and_ping_echo(self):
        for operation in ("text", 5, None, [1, {"a": None}], 2**62, "grün"):
            expected = {"code": 0, "operation": operation}
            self.assertEqual(rpc().noop(self.token, operation), expected)
            self.assertEqual(rpc(2.0).ping(operation), expected)
        self.assertEqual(rpc().ping(), {"code": 0, "operation": "pong"})
        self.assertEqual(rpc().noop(UNKNOWN), {"code": -10001})

    def test_a_session_is_updated_once(self):
        self.assertEqual(rpc().updateSession(self.token, -1), -34)
        self.assertEqual(rpc().updateSession(self.token, "60"), 0)
        self.assertEqual(rpc().updateSession(self.token), -1)
        self.assertEqual(rpc().updateSession(UNKNOWN), -10001)

    def test_a_logout_ends_it(self):
        self.assertEqual(rpc().logout(self.token), 0)
        self.assertEqual(rpc().noop(self.token), {"code": -10001})
        self.assertEqual(rpc().logout(self.token), -1)

    def test_a_batch_returns_one_response_per_call(self):
        batch = jsonrpclib.MultiCall(rpc(2.0))
        batch.noop(self.token, "one")
        batch.stat(self.token, "/in")
        one, stat = batch()
        self.assertEqual((one["operation"], stat["type"]), ("one", 1))


if __name__ == "__main__":
    unittest.main()
