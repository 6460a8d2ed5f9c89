"""Tests of a small client, with the fixture `origin` of conftest.py."""

import urllib.error
import urllib.request


def send(url, body=None, **headers):
    """Sends a request, up to three times while the origin is unavailable."""
    named = {"X-Agile-" + name.title(): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, named)
    for attempt in (1, 2, 3):
        try:
            return urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            if error.code != 503 or attempt == 3:
                raise


def upload(url, name, content):
    """The client under test: stores a file below /videos."""
    with send(f"{url}/account/login", username="jane", password="secret") as login:
        token = login.headers["X-Agile-Token"]
    headers = {"authorization": token, "directory": "/videos", "basename": name}
    send(f"{url}/post/raw", content, **headers).close()


def test_a_file_is_uploaded(origin):
    upload(origin.url, "movie.mp4", b"moving pictures")
    assert origin.stored("/videos/movie.mp4") == b"moving pictures"


def test_a_rejected_upload_is_sent_again(origin):
    origin.add_fault(op="raw", attempt=1, reject=503)
    upload(origin.url, "movie.mp4", b"moving pictures")
    assert [exchange["status"] for exchange in origin.journal()] == [200, 503, 200]
    assert origin.stored("/videos/movie.mp4") == b"moving pictures"
