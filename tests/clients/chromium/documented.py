"""What Chromium lets a page of another origin do with the documented CORS headers (§1.6)."""
# needs: python3 chromium
# origin: --dir /in --faults {here}/chromium/faults.toml

import unittest

import page

SCRIPT = """
const auth = { 'X-Agile-Authorization': token };
const piece = { ...auth, 'X-Agile-Multipart': '0'.repeat(32), 'X-Agile-Part': '1' };
const rpc = JSON.stringify({ id: 1, method: 'makeDir', params: [token, '/in/page'] });
return {
  login: await ask('POST', '/account/login', { 'X-Agile-Username': 'jane', 'X-Agile-Password': 'secret' }),
  create: await ask('POST', '/multipart/create', auth),
  piece: await ask('POST', '/multipart/piece', piece, 'hello'),
  directory: await ask('POST', '/post/directory', auth),
  rpc: await ask('POST', '/jsonrpc', {}, rpc),
  garbled: await ask('GET', '/in/garbled', {}),
};
"""


class Documented(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.seen = page.run(SCRIPT)

    def test_a_page_cannot_send_a_piece_or_a_password(self):
        self.assertEqual(self.seen["login"], {"error": "TypeError"})
        self.assertEqual(self.seen["piece"], {"error": "TypeError"})

    def test_a_page_reads_status_and_body_but_no_protocol_header(self):
        self.assertEqual(self.seen["create"], {"status": 200, "body": ""})
        refused = '{"message": "invalid path", "code": -8}'
        self.assertEqual(self.seen["directory"], {"status": 400, "body": refused})

    def test_a_page_calls_json_rpc(self):
        self.assertEqual(self.seen["rpc"], {"status": 200, "body": '{"id": 1, "result": 0, "error": null}'})

    def test_a_malformed_status_line_fails_the_request(self):
        self.assertEqual(self.seen["garbled"], {"error": "TypeError"})


if __name__ == "__main__":
    unittest.main()
