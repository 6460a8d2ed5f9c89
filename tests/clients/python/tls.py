"""HTTPS as ssl and http.client of the standard library use it (docs/tls.md)."""
# needs: python3
# origin: --file /cut.bin={here}/python/tls.py --tls --ca-out {ca} --faults {here}/python/tls.toml

import http.client
import os
import ssl
import unittest
from pathlib import Path
from urllib.parse import urlsplit

HOST = urlsplit(os.environ["ORIGIN"])
SECONDS = 30


def connect(host=HOST.hostname, cafile=os.environ["CA"]):
    context = ssl.create_default_context(cafile=cafile)
    # Python 3.13 checks the form of certificates by default.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return http.client.HTTPSConnection(host, HOST.port, timeout=SECONDS, context=context)


def setUpModule():
    # The first connection of the origin gets an expired certificate.
    try:
        connect().request("OPTIONS", "/")
    except ssl.SSLCertVerificationError as error:
        assert "expired" in error.verify_message, error
    else:
        raise AssertionError("an expired certificate was accepted")


class Tls(unittest.TestCase):
    def test_names_of_this_machine_are_accepted(self):
        for host in ("127.0.0.1", "localhost"):
            connection = connect(host)
            connection.request("OPTIONS", "/")
            self.assertEqual(connection.getresponse().status, 200)
            self.assertIn(connection.sock.version(), ("TLSv1.2", "TLSv1.3"))

    def test_an_unknown_authority_is_rejected(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            connect(cafile=None).request("OPTIONS", "/")

    def test_a_download_is_truncated_once(self):
        connection = connect()
        connection.request("GET", "/acme/cut.bin")
        with self.assertRaises((http.client.IncompleteRead, ssl.SSLError)):
            connection.getresponse().read()
        connection = connect()
        connection.request("GET", "/acme/cut.bin")
        self.assertEqual(connection.getresponse().read(), Path(__file__).read_bytes())


if __name__ == "__main__":
    unittest.main()
