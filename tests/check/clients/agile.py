"""The requests of a small client: one connection for each, and the status is the caller's matter.

Arguments: URL DIRECTORY NAME FILE PIECE_SIZE. The user and the password are in the environment.
"""

import http.client
import os
import signal
import sys
import urllib.parse

SECONDS = 4  # that the origin may be silent
LIFETIME = 60  # seconds; ends a client that never gives up if its test was killed


class Place:
    """What to upload, and where to."""

    def __init__(self):
        signal.alarm(LIFETIME)
        url, self.directory, self.name, self.file, piece_size = sys.argv[1:6]
        self.address = urllib.parse.urlsplit(url).netloc
        self.piece_size = int(piece_size)
        self.token = None

    def post(self, path, body=b"", **headers):
        """Sends a POST and returns the response; header names have no `X-Agile-`."""
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        named = {"X-Agile-" + name: value for name, value in headers.items()}
        if self.token:
            named["X-Agile-Authorization"] = self.token
        connection.request("POST", path, body, named)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def login(self):
        user, password = os.environ["MOCK_ORIGIN_USER"], os.environ["MOCK_ORIGIN_PASSWORD"]
        self.token = None
        response = self.post("/account/login", Username=user, Password=password)
        self.token = response.headers.get("X-Agile-Token")
        return response

    def create(self):
        """Begins an upload and returns the response and the identifier."""
        quoted = {"Directory": self.directory, "Basename": self.name}
        quoted = {name: urllib.parse.quote(value, safe="") for name, value in quoted.items()}
        response = self.post("/multipart/create", Encoding="UTF8", **quoted)
        return response, response.headers.get("X-Agile-Multipart", "")

    def piece(self, upload, number, body):
        return self.post("/multipart/piece", body, Multipart=upload, Part=str(number))

    def complete(self, upload):
        return self.post("/multipart/complete", Multipart=upload)

    def pieces(self):
        """Yields the number and the bytes of each piece; an empty file has one."""
        with open(self.file, "rb") as file:
            number, body = 1, file.read(self.piece_size)
            while body or number == 1:
                yield number, body
                number, body = number + 1, file.read(self.piece_size)


def is_fine(response):
    """Returns whether the status and the code tell of a success."""
    return response.status == 200 and response.headers.get("X-Agile-Status") == "0"


def demand(response):
    """Ends the client with status 1 unless the response is a success."""
    if not is_fine(response):
        sys.exit(f"rejected: {response.status} {response.reason}")
    return response


def upload(place):
    """Uploads the file, tries each request once and ends at the first failure."""
    demand(place.login())
    response, identifier = place.create()
    demand(response)
    for number, body in place.pieces():
        demand(place.piece(identifier, number, body))
    demand(place.complete(identifier))
