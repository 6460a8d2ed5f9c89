"""A whole upload with requests and jsonrpclib, from login to logout (§4, §7.3)."""
# needs: python-packages
# origin: --set join=polls:3

import hashlib
import random
import unittest
from concurrent.futures import ThreadPoolExecutor

import requests

from origin import ACCOUNT, ORIGIN, SECONDS, login, post, rpc, session

MOVIE = random.Random(1).randbytes(20_000_000)
PIECE_BYTES = 200_000
JOIN, SUCCESS, ABORT = 5, 6, 10
MOST_POLLS = 20


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def pieces(content):
    """Yields the number and the content of each piece."""
    starts = range(0, len(content), PIECE_BYTES)
    return [(n, content[at : at + PIECE_BYTES]) for n, at in enumerate(starts, 1)]


def polled(token, upload):
    """Polls until the upload ends, and returns each state."""
    states = []
    while len(states) < MOST_POLLS and states[-1:] != [SUCCESS]:
        states.append(rpc().getMultipartStatus(token, upload)["state"])
    return states


class Upload(unittest.TestCase):
    def setUp(self):
        self.token = login()
        self.http = session(self.token)
        self.addCleanup(self.http.close)

    def ok(self, response):
        """Checks the fields that every success has."""
        found = (response.status_code, response.headers["X-Agile-Status"], response.content)
        self.assertEqual(found, (200, "0", b""), response.reason)
        return response.headers

    def create(self, directory, name, **headers):
        made = post(self.http, "/multipart/create", Directory=directory, Basename=name, **headers)
        return self.ok(made)["X-Agile-Multipart"]

    def send(self, upload, number, content):
        """Sends a piece and checks its size and checksum in the response."""
        told = self.ok(post(self.http, "/multipart/piece", content, Multipart=upload, Part=number))
        self.assertEqual(told["X-Agile-Checksum"], sha256(content))
        self.assertEqual(told["X-Agile-Size"], str(len(content)))

    def complete(self, upload):
        told = self.ok(post(self.http, "/multipart/complete", Multipart=upload))
        return told["X-Agile-Parts"]

    def read(self, path):
        return requests.get(f"{ORIGIN}/{ACCOUNT}{path}", timeout=SECONDS)

    def test_twenty_megabytes_from_login_to_logout(self):
        self.assertEqual(rpc().makeDir(self.token, "/videos"), 0)
        self.assertEqual(rpc().makeDir2(self.token, "/videos/2014/may/"), 0)
        upload = self.create("/videos/2014/may", "movie.mp4", MTime=1_400_000_000)
        with ThreadPoolExecutor(4) as workers:
            list(workers.map(lambda piece: self.send(upload, *piece), pieces(MOVIE)))
        self.assertEqual(self.complete(upload), "100")
        self.assertEqual(self.read("/videos/2014/may/movie.mp4").status_code, 404)
        self.assertEqual(polled(self.token, upload), [JOIN, JOIN, JOIN, SUCCESS])
        self.the_movie_is_there("/videos/2014/may/movie.mp4")
        self.it_can_be_cleared_away("/videos/2014/may/movie.mp4")

    def the_movie_is_there(self, path):
        stat = rpc().stat(self.token, path, True)
        self.assertEqual((stat["code"], stat["type"], stat["size"]), (0, 2, len(MOVIE)))
        self.assertEqual((stat["checksum"], stat["mtime"]), (sha256(MOVIE), 1_400_000_000))
        self.assertEqual(stat["mimetype"], "video/mp4")
        response = self.read(path)
        self.assertEqual(response.headers["X-Agile-Checksum"], sha256(MOVIE))
        self.assertTrue(response.content == MOVIE, "the bytes are the same")

    def it_can_be_cleared_away(self, path):
        self.assertEqual(rpc().deleteDir(self.token, "/videos/2014/may"), -7)
        self.assertEqual(rpc().deleteFile(self.token, path), 0)
        self.assertEqual(self.read(path).status_code, 404)
        for directory in ("/videos/2014/may", "/videos/2014", "/videos"):
            self.assertEqual(rpc().deleteDir(self.token, directory), 0)
        self.assertEqual(rpc().stat(self.token, "/videos"), {"code": -1})
        self.assertEqual(rpc().logout(self.token), 0)
        refused = post(self.http, "/multipart/create")
        self.assertEqual((refused.status_code, refused.headers["X-Agile-Status"]), (403, "-10001"))

    def test_status_describes_an_upload(self):
        upload = self.create("/", "told.txt", Content_Type="text/plain", MTime=7)
        self.send(upload, 1, b"never")
        self.send(upload, 1, b"text")
        status = rpc().getMultipartStatus(self.token, upload)
        self.assertGreater(status.pop("created"), 1_400_000_000)
        self.assertEqual(
            status,
            {
                "path": f"/{ACCOUNT}/told.txt",
                "code": 0,
                "content_type": "text/plain",
                "numpieces": 1,
                "state": 2,
                "mtime": 7,
                "error": 0,
            },
        )

    def test_an_unknown_type_is_absent(self):
        upload = self.create("/", "typeless")
        self.assertNotIn("content_type", rpc().getMultipartStatus(self.token, upload))

    def test_json_rpc_creates_completes_and_aborts(self):
        begun = rpc().createMultipart(self.token, "/by-rpc.txt", "text/plain", "7")
        self.assertEqual(begun["code"], 0)
        self.assertEqual(rpc().completeMultipart(self.token, begun["mpid"]), {"code": -4})
        self.send(begun["mpid"], 1, b"text")
        done = rpc().completeMultipart(self.token, begun["mpid"])
        self.assertEqual(done, {"code": 0, "numpieces": 1})
        self.assertEqual(rpc().abortMultipart(self.token, begun["mpid"]), -18)
        other = rpc().createMultipart(self.token, "/by-rpc.txt")["mpid"]
        self.assertEqual(rpc().abortMultipart(self.token, other), 0)
        self.assertEqual(rpc().getMultipartStatus(self.token, other)["state"], ABORT)
        self.assertEqual(rpc().restartMultipart(self.token, other), -22)

    def test_the_names_of_states_are_returned(self):
        uploads = rpc().getMultipartStatusMap(self.token)
        self.assertEqual((uploads["code"], uploads["map"]["6"]), (0, "SUCCESS"))
        pieces_ = rpc(2.0).getMultipartStatusMap(token=self.token, name="piece")
        self.assertEqual((pieces_["map"]["10"], pieces_["map"]["12"]), ("SKIPPED", "EXPIRED"))
        self.assertEqual(rpc().getMultipartStatusMap(self.token, "other"), {"code": -19})

    def test_an_error_has_a_code_and_a_reason(self):
        refused = post(self.http, "/multipart/create", Directory="/nowhere")
        self.assertEqual((refused.status_code, refused.headers["X-Agile-Status"]), (400, "-23"))
        self.assertEqual(refused.reason, "parent directory does not exist")


if __name__ == "__main__":
    unittest.main()
