"""Uploads one file, as `upload.py` does: upload_file.py DIRECTORY NAME FILE PIECE_SIZE.

It is the client that `check/python.sh` judges. It sends pieces in parallel and compares checksums, and it gives up at
the first failure.
"""

import hashlib
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from origin import login, post, rpc, session

SUCCESS = 6
ENDED = range(8, 13)
MOST_POLLS = 50
PAUSE = 0.2  # seconds between two polls


def ok(response):
    """Returns the headers of a success."""
    response.raise_for_status()
    if response.headers["X-Agile-Status"] != "0":
        sys.exit(f"rejected with code {response.headers['X-Agile-Status']}")
    return response.headers


def pieces(path, size):
    """Yields the number and the content of each piece; an empty file has one."""
    with open(path, "rb") as file:
        number, content = 1, file.read(size)
        while content or number == 1:
            yield number, content
            number, content = number + 1, file.read(size)


def main(directory, name, path, size):
    # Read at once, so that a file that changes later is stored as it was.
    parts = list(pieces(path, int(size)))
    token = login()
    with session(token) as http:
        upload = ok(post(http, "/multipart/create", Directory=directory, Basename=name))["X-Agile-Multipart"]

        def send(piece):
            number, content = piece
            told = ok(post(http, "/multipart/piece", content, Multipart=upload, Part=number))
            if told["X-Agile-Checksum"] != hashlib.sha256(content).hexdigest():
                sys.exit(f"piece {number} has another checksum on the origin")

        with ThreadPoolExecutor(4) as workers:
            list(workers.map(send, parts))
        ok(post(http, "/multipart/complete", Multipart=upload))
    for _ in range(MOST_POLLS):
        state = rpc().getMultipartStatus(token, upload)["state"]
        if state == SUCCESS:
            return
        if state in ENDED:
            sys.exit(f"the upload is in state {state}")
        time.sleep(PAUSE)
    sys.exit("the upload was not joined in time")


main(*sys.argv[1:])
