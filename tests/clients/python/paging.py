"""Clients that list page by page (§7.2, §7.3)."""
# needs: python-packages

import base64
import struct
import unittest

from origin import ACCOUNT, login, post, put, rpc, session

DIRECTORIES = [f"d{n:02}" for n in range(12)]
FILES = [f"f{n:02}.txt" for n in range(25)]
SIZES = (1, 4, 5, 12, 24, 25, 100)
MOST_PAGES = 100
TOKEN = login()


def setUpModule():
    for name in DIRECTORIES:
        rpc().makeDir2(TOKEN, f"/list/{name}")
    for name in FILES:
        put(TOKEN, "/list", name, name.encode())


def pages(ask, is_last):
    """Requests pages, passing the cookie of each to the next, until `is_last`."""
    found, cookie = [], 0
    while not found or not is_last(found[-1]):
        assert len(found) < MOST_PAGES, "the loop ends"
        page = ask(cookie)
        assert page["code"] == 0, page
        found.append(page)
        cookie = page["cookie"]
    return found


def entries(found, member):
    return [entry for page in found for entry in page[member]]


def names(found, member):
    return [entry["name"] for entry in entries(found, member)]


def ends_with_0(page):
    return page["cookie"] == 0


class Lists(unittest.TestCase):
    def test_list_dir_and_list_file_return_every_entry_in_order(self):
        for method, expected in [("listDir", DIRECTORIES), ("listFile", FILES)]:
            for size in SIZES:
                ask = getattr(rpc(), method)
                found = pages(lambda cookie: ask(TOKEN, "/list", size, cookie), ends_with_0)
                self.assertEqual(names(found, "list"), expected, (method, size))
                self.assertEqual(len(found), len(expected) // size + 1, "the short page ends it")

    def test_cookies_are_offsets(self):
        found = pages(lambda cookie: rpc().listFile(TOKEN, "/list", 10, cookie), ends_with_0)
        self.assertEqual([page["cookie"] for page in found], [10, 20, 0])
        self.assertEqual(rpc().listFile(TOKEN, "/list", 10, 99)["list"], [])

    def test_entries_have_a_stat_on_request(self):
        page = rpc(2.0).listFile(token=TOKEN, path="list/", pageSize="2", cookie="3", stat="true")
        self.assertEqual([entry["name"] for entry in page["list"]], FILES[3:5])
        stat = page["list"][0]["stat"]
        members = ["checksum", "ctime", "gid", "mimetype", "mtime", "size", "uid"]
        self.assertEqual(sorted(stat), members)
        stat = rpc().listDir(TOKEN, "/list", 1, 0, True)["list"][0]["stat"]
        self.assertEqual(sorted(stat), ["ctime", "gid", "mtime", "uid"])
        self.assertNotIn("stat", rpc().listDir(TOKEN, "/list", 1)["list"][0])

    def test_list_path_returns_directories_and_files(self):
        for size in SIZES:
            found = pages(
                lambda cookie: rpc().listPath(TOKEN, "/list", size, cookie),
                lambda page: page["cookie"] is None,
            )
            self.assertEqual(names(found, "dirs"), DIRECTORIES, size)
            self.assertEqual(names(found, "files"), FILES, size)

    def test_the_cookie_of_list_path_holds_two_offsets(self):
        page = rpc().listPath(TOKEN, "/list", 12)
        self.assertEqual(struct.unpack(">QQ", base64.b64decode(page["cookie"])), (12, 12))
        page = rpc().listPath(TOKEN, "/list", 12, page["cookie"])
        self.assertEqual(struct.unpack(">QQ", base64.b64decode(page["cookie"])), (12, 24))

    def test_list_path_is_flat_with_a_stat(self):
        page = rpc().listPath(TOKEN, "/list", 1, "", True)
        self.assertEqual(sorted(page["dirs"][0]), ["ctime", "gid", "mtime", "name", "uid"])
        self.assertEqual((page["files"][0]["name"], page["files"][0]["size"]), (FILES[0], 7))

    def test_invalid_pages_are_rejected(self):
        for method in ("listDir", "listFile", "listPath"):
            ask = getattr(rpc(), method)
            self.assertEqual(ask(TOKEN, "/nowhere"), {"code": -1}, method)
            self.assertEqual(ask(TOKEN, "/list", 0), {"code": -12}, method)
            self.assertEqual(ask(TOKEN, "/list", 10_001), {"code": -12}, method)
            self.assertEqual(ask(TOKEN, "/list", 10, "nonsense"), {"code": -11}, method)


class Uploads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Creates eleven uploads; the first has eleven pieces, two of them with one number."""
        cls.uploads = [
            rpc().createMultipart(TOKEN, f"/list/upload{n}")["mpid"] for n in range(11)
        ]
        cls.numbers = [3, 1, 2, 4, 5, 6, 7, 8, 9, 10, 3]
        with session(TOKEN) as http:
            for number in cls.numbers:
                upload = cls.uploads[0]
                response = post(http, "/multipart/piece", b"text", Multipart=upload, Part=number)
                response.raise_for_status()

    def test_list_multipart_ends_with_an_empty_page(self):
        for size in (1, 5, 11, 100):
            found = pages(lambda cookie: rpc().listMultipart(TOKEN, cookie, size), ends_with_0)
            listed = [entry["mpid"] for entry in entries(found, "multipart")]
            self.assertEqual(listed, self.uploads, size)
            self.assertEqual(found[-1]["multipart"], [])

    def test_a_listed_upload_has_its_fields(self):
        page = rpc().listMultipart(TOKEN, 0, 1)
        self.assertEqual(page["cookie"], 1)
        entry = page["multipart"][0]
        self.assertEqual((entry["path"], entry["state"]), (f"/{ACCOUNT}/list/upload0", 2))
        self.assertEqual(sorted(entry), ["error", "gid", "mpid", "mtime", "path", "state", "uid"])

    def test_list_multipart_piece_includes_replaced_pieces(self):
        for size in (1, 5, 10, 11, 100):
            found = pages(
                lambda cookie: rpc().listMultipartPiece(TOKEN, self.uploads[0], cookie, size),
                ends_with_0,
            )
            listed = [entry["number"] for entry in entries(found, "pieces")]
            self.assertEqual(listed, self.numbers, size)
            self.assertEqual(len(found), len(self.numbers) // size + 1)

    def test_a_replaced_piece_is_new_until_the_upload_completes(self):
        page = rpc().listMultipartPiece(TOKEN, self.uploads[0])
        self.assertEqual({piece["state"] for piece in page["pieces"]}, {1})

    def test_a_listed_piece_has_its_fields(self):
        page = rpc(2.0).listMultipartPiece(
            token=TOKEN, mpid=self.uploads[0], lastpiece=10, pagesize=5
        )
        expected = [{"number": 3, "size": 4, "state": 1, "error": 0}]
        self.assertEqual((page["pieces"], page["cookie"]), (expected, 0))

    def test_invalid_pages_are_rejected(self):
        upload = self.uploads[0]
        self.assertEqual(rpc().listMultipart(TOKEN, -1), {"code": -3})
        self.assertEqual(rpc().listMultipart(TOKEN, 0, 0), {"code": -14})
        self.assertEqual(rpc().listMultipartPiece(TOKEN, "none"), {"code": -2})
        self.assertEqual(rpc().listMultipartPiece(TOKEN, upload, -1), {"code": -3})
        self.assertEqual(rpc().listMultipartPiece(TOKEN, upload, 0, 10_001), {"code": -14})


if __name__ == "__main__":
    unittest.main()
