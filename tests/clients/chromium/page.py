"""Runs a script in a page of headless Chromium whose origin is not that of the mock."""

import http.client
import http.server
import json
import os
import queue
import subprocess
import tempfile
import threading
from urllib.parse import urlsplit

ORIGIN = os.environ["ORIGIN"]
SECONDS = 60

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]

# `ask` returns what the page can read: the status, the X-Agile headers and the body.
PAGE = """<!doctype html><script type="module">
const origin = %s;
const token = %s;
async function ask(method, path, headers, body) {
  try {
    const response = await fetch(origin + path, { method, headers, body });
    const own = [...response.headers].filter(([name]) => name.startsWith('x-agile-'));
    return { status: response.status, ...Object.fromEntries(own), body: await response.text() };
  } catch (error) {
    return { error: error.name };
  }
}
async function run() { %s }
const result = await run().catch(error => ({ failed: String(error) }));
await fetch('/result', { method: 'POST', body: JSON.stringify(result) });
</script>"""


def login():
    """Logs in without a browser."""
    connection = http.client.HTTPConnection(urlsplit(ORIGIN).netloc, timeout=SECONDS)
    headers = {"X-Agile-Username": "jane", "X-Agile-Password": "secret"}
    connection.request("POST", "/account/login", headers=headers)
    token = connection.getresponse().getheader("X-Agile-Token")
    connection.close()
    return token


def run(script, files=None):
    """Runs the body of an async function in the page, and returns its result. `files` are other pages by path."""
    page = PAGE % (json.dumps(ORIGIN), json.dumps(login()), script)
    results = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_page({**(files or {}), "/": page.encode()}.get(self.path, b""))

        def do_POST(self):
            results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_page(b"")

        def send_page(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/html;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            result = in_chromium(f"http://127.0.0.1:{server.server_port}/", results)
        finally:
            server.shutdown()
    assert "failed" not in result, result["failed"]
    return result


def in_chromium(url, results):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = ["chromium", *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", url]
        chromium = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return results.get(timeout=SECONDS)
        finally:
            chromium.terminate()
            try:
                chromium.wait(timeout=10)
            except subprocess.TimeoutExpired:
                chromium.kill()
                chromium.wait()
