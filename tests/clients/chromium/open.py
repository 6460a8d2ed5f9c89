"""A whole upload by a page of another origin, with the option cors=open (§10)."""
# needs: python3 chromium
# origin: --dir /in --set cors=open

import hashlib
import unittest

import page

SCRIPT = """
const user = { 'X-Agile-Username': 'jane', 'X-Agile-Password': 'secret' };
const login = await ask('POST', '/account/login', user);
const auth = { 'X-Agile-Authorization': login['x-agile-token'] };
const where = { 'X-Agile-Directory': '/in', 'X-Agile-Basename': 'a.txt' };
const create = await ask('POST', '/multipart/create', { ...auth, ...where });
const upload = { ...auth, 'X-Agile-Multipart': create['x-agile-multipart'] };
return {
  login, create,
  piece: await ask('POST', '/multipart/piece', { ...upload, 'X-Agile-Part': '1' }, new Blob(['hello'])),
  refused: await ask('POST', '/multipart/piece', { ...upload, 'X-Agile-Part': '0' }, new Blob(['hello'])),
  complete: await ask('POST', '/multipart/complete', upload),
  stored: await ask('GET', '/in/a.txt', {}),
};
"""

DIGEST = hashlib.sha256(b"hello").hexdigest()


class Open(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = page.run(SCRIPT)

    def test_a_page_uploads_a_file_from_login_to_download(self):
        self.assertEqual(self.seen["login"]["x-agile-status"], "0")
        self.assertEqual(self.seen["create"]["x-agile-path"], "/acme/in/a.txt")
        piece = {"status": 200, "x-agile-status": "0", "x-agile-checksum": DIGEST, "x-agile-size": "5", "body": ""}
        self.assertEqual(self.seen["piece"], piece)
        self.assertEqual(self.seen["complete"]["x-agile-parts"], "1")
        self.assertEqual(self.seen["stored"], {"status": 200, "x-agile-checksum": DIGEST, "body": "hello"})

    def test_a_page_reads_the_code_of_an_error(self):
        self.assertEqual(self.seen["refused"], {"status": 400, "x-agile-status": "-3", "body": ""})


if __name__ == "__main__":
    unittest.main()
