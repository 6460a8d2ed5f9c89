"""Bodies as http.client of the standard library frames them (§1.9, §4.2)."""
# needs: python3
# origin: --dir /in

import hashlib
import http.client
import json
import os
import unittest
from urllib.parse import urlsplit

HOST = urlsplit(os.environ["ORIGIN"]).netloc
SECONDS = 30
UNKNOWN = "0" * 32


def connect():
    return http.client.HTTPConnection(HOST, timeout=SECONDS)


def ask(connection, method, path, body=None, **headers):
    """Sends a request; header names have `_` instead of `-`. Returns the read response."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    response = connection.getresponse()
    response.content = response.read()
    return response


def rpc(method, *params):
    body = json.dumps({"id": 1, "method": method, "params": params})
    return json.loads(ask(connect(), "POST", "/jsonrpc", body).content)["result"]


def chunks(content, size):
    return (content[at : at + size] for at in range(0, len(content), size))


def head(connection):
    """Reads the bytes of a response head from the socket, before http.client parses them."""
    came = b""
    while not came.endswith(b"\r\n\r\n"):
        byte = connection.sock.recv(1)
        assert byte, f"the connection ended after {came!r}"
        came += byte
    return came


class Framing(unittest.TestCase):
    def setUp(self):
        self.http = connect()
        self.addCleanup(self.http.close)
        names = {"X_Agile_Username": "jane", "X_Agile_Password": "secret"}
        self.token = ask(self.http, "GET", "/account/login", **names).getheader("X-Agile-Token")
        create = ask(self.http, "POST", "/multipart/create", **self.headers())
        self.upload = create.getheader("X-Agile-Multipart")

    def headers(self, **others):
        return {"X_Agile_Authorization": self.token, **others}

    def piece(self, number, body, upload=None, **headers):
        named = {"X_Agile_Multipart": upload or self.upload, "X_Agile_Part": str(number), **headers}
        return ask(self.http, "POST", "/multipart/piece", body, **self.headers(**named))

    def begin_piece(self, upload, **headers):
        """Sends the head of a piece alone."""
        self.http.putrequest("POST", "/multipart/piece")
        named = {"X_Agile_Multipart": upload, "X_Agile_Part": "1", **headers}
        for name, value in self.headers(**named).items():
            self.http.putheader(name.replace("_", "-"), value)
        self.http.endheaders()

    def is_stored(self, response, content):
        self.assertEqual((response.status, response.getheader("X-Agile-Status")), (200, "0"))
        self.assertEqual(response.getheader("X-Agile-Size"), str(len(content)))
        checksum = hashlib.sha256(content).hexdigest()
        self.assertEqual(response.getheader("X-Agile-Checksum"), checksum)

    def is_rejected(self, response, status, code):
        found = (response.status, response.getheader("X-Agile-Status"), response.getheader("Connection"))
        self.assertEqual(found, (status, code, "close"))

    def pieces_stored(self):
        return rpc("getMultipartStatus", self.token, self.upload)["numpieces"]

    def test_chunks_of_any_size_are_one_body(self):
        content = os.urandom(100_000)
        for number, size in enumerate((7_919, 65_536, 99_999, 100_000), 1):
            self.is_stored(self.piece(number, chunks(content, size)), content)
        self.is_stored(self.piece(5, chunks(b"text", 1)), b"text")

    def test_a_chunked_body_without_chunks_is_empty(self):
        self.is_stored(self.piece(1, iter(())), b"")

    def test_chunks_may_have_extensions_and_trailers(self):
        self.begin_piece(self.upload, Transfer_Encoding="chunked")
        self.http.send(b"4;name=value\r\ntext\r\n0;last\r\nX-Trailer: value\r\n\r\n")
        response = self.http.getresponse()
        response.read()
        self.is_stored(response, b"text")

    def test_a_file_object_is_sent_with_its_length(self):
        with open(__file__, "rb") as file:
            content = file.read()
            file.seek(0)
            length = str(len(content))
            self.is_stored(self.piece(1, file, Content_Length=length), content)

    def test_one_connection_serves_many_requests(self):
        socket = self.http.sock
        for number in range(1, 6):
            self.is_stored(self.piece(number, b"text"), b"text")
            self.assertIs(self.http.sock, socket)

    def test_an_error_closes_the_connection(self):
        self.is_rejected(self.piece(0, b"text"), 400, "-3")
        self.assertIsNone(self.http.sock)
        self.is_stored(self.piece(1, b"text"), b"text")

    def test_100_continue_precedes_the_body_but_not_an_error(self):
        self.begin_piece(self.upload, Expect="100-continue", Content_Length="4")
        self.assertEqual(head(self.http), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.http.send(b"text")
        response = self.http.getresponse()
        response.read()
        self.is_stored(response, b"text")
        self.begin_piece(UNKNOWN, Expect="100-continue", Content_Length="4")
        refusal = head(self.http)
        self.assertTrue(refusal.startswith(b"HTTP/1.1 400 "), refusal)
        self.assertIn(b"\r\nX-Agile-Status: -2\r\n", refusal)

    def test_100_continue_precedes_chunks(self):
        self.begin_piece(self.upload, Expect="100-continue", Transfer_Encoding="chunked")
        self.assertEqual(head(self.http), b"HTTP/1.1 100 Continue\r\n\r\n")
        self.http.send(b"4\r\ntext\r\n0\r\n\r\n")
        response = self.http.getresponse()
        response.read()
        self.is_stored(response, b"text")

    def test_an_error_reaches_a_client_that_sends_all_first(self):
        for body in (bytes(500_000), chunks(bytes(500_000), 50_000)):
            self.is_rejected(self.piece(1, body, upload=UNKNOWN), 400, "-2")

    def test_a_body_that_ends_early_is_not_stored(self):
        self.begin_piece(self.upload, Content_Length="1000")
        self.http.send(bytes(999))
        self.http.sock.shutdown(1)
        response = self.http.getresponse()
        self.is_rejected(response, 500, "-49")
        self.assertEqual(self.pieces_stored(), 0)

    def test_a_disconnect_during_the_body_stores_nothing(self):
        self.begin_piece(self.upload, Content_Length="1000")
        self.http.send(bytes(999))
        self.http.close()
        self.assertEqual(self.pieces_stored(), 0)

    def test_a_response_without_a_body_has_length_0(self):
        response = ask(self.http, "POST", "/multipart/create", b"", **self.headers())
        self.assertEqual((response.getheader("Content-Length"), response.content), ("0", b""))

    def test_the_reason_phrase_is_the_message(self):
        nowhere = self.headers(X_Agile_Directory="/nowhere")
        response = ask(self.http, "POST", "/multipart/create", **nowhere)
        self.is_rejected(response, 400, "-23")
        self.assertEqual(response.reason, "parent directory does not exist")

    def test_a_whole_file_may_be_chunked(self):
        content = os.urandom(50_000)
        named = self.headers(X_Agile_Directory="/in", X_Agile_Basename="raw.bin")
        response = ask(self.http, "POST", "/post/raw", chunks(content, 3_000), **named)
        self.is_stored(response, content)
        self.assertEqual(ask(self.http, "GET", "/in/raw.bin").content, content)
        response = ask(self.http, "HEAD", "/in/raw.bin")
        self.assertEqual((response.getheader("Content-Length"), response.content), ("50000", b""))

    def test_json_rpc_may_be_chunked(self):
        request = b'{"id": 1, "method": "ping", "params": ["in chunks"]}'
        response = ask(self.http, "POST", "/jsonrpc", chunks(request, 5))
        self.assertEqual(json.loads(response.content)["result"]["operation"], "in chunks")


if __name__ == "__main__":
    unittest.main()
