"""Directories and files over JSON-RPC (§7.2)."""
# needs: python-packages

import unittest

import requests

from origin import ACCOUNT, ORIGIN, SECONDS, login, put, rpc


class Files(unittest.TestCase):
    """Each test uses its own directory."""

    def setUp(self):
        self.token = login()
        self.rpc = rpc()
        self.here = "/" + self.id().split(".")[-1]
        self.assertEqual(self.rpc.makeDir(self.token, self.here), 0)

    def put(self, name, body=b"text"):
        put(self.token, self.here, name, body)
        return f"{self.here}/{name}"

    def call(self, method, *arguments):
        """Calls a method with the token as the first argument."""
        return getattr(self.rpc, method)(self.token, *arguments)

    def text(self, path):
        return requests.get(ORIGIN + path, timeout=SECONDS).text

    def test_make_dir_requires_a_parent_and_a_free_name(self):
        self.put("file")
        for path, code in [("/a", 0), ("/a", -2), ("/b/c", -3), ("/file", -2), ("/file/a", -3)]:
            self.assertEqual(self.call("makeDir", self.here + path), code, path)
        self.assertEqual(self.call("makeDir", ""), -1)

    def test_make_dir_2_creates_parents(self):
        self.put("file")
        for path, code in [("/a/b/c", 0), ("/a/b", 0), ("/file", -2), ("/file/a", -2)]:
            self.assertEqual(self.call("makeDir2", self.here + path), code, path)

    def test_delete_dir_requires_an_empty_directory(self):
        self.call("makeDir2", f"{self.here}/a/b")
        for path, code in [("/a", -7), ("/a/b/", 0), ("/a", 0), ("/a", -1)]:
            self.assertEqual(self.call("deleteDir", self.here + path), code, path)
        self.assertEqual(self.call("deleteDir", "/"), -6)

    def test_stat_returns_more_fields_with_detail(self):
        path = self.put("a.txt")
        brief = self.call("stat", path)
        self.assertEqual(sorted(brief), ["code", "ctime", "mtime", "size", "type"])
        self.assertEqual((brief["type"], brief["size"]), (2, 4))
        self.assertEqual(self.call("stat", path, "true")["mimetype"], "text/plain")
        directory = self.call("stat", self.here, True)
        self.assertEqual((directory["type"], directory["checksum"]), (1, ""))
        self.assertNotIn("size", directory)
        self.assertNotIn("mimetype", directory)

    def test_the_stat_of_a_missing_path_has_only_a_code(self):
        self.assertEqual(self.call("stat", "/nowhere"), {"code": -1})
        empty = {"uid": 0, "code": -1, "gid": 0, "checksum": ""}
        self.assertEqual(self.call("stat", "/nowhere", True), empty)

    def test_rename_moves_and_never_replaces(self):
        one, two = self.put("one"), self.put("two")
        self.call("makeDir2", f"{self.here}/full/of")
        for old, new, code in [
            (one, two, -2),
            (one, one, -1),
            (one, f"{self.here}/nowhere/one", -3),
            (f"{self.here}/none", two, -1),
            (f"{self.here}/full", f"{self.here}/other", -7),
            ("/", f"{self.here}/root", -6),
            (one, f"{self.here}/three", 0),
        ]:
            self.assertEqual(self.call("rename", old, new), code, (old, new))
        self.assertEqual(self.call("renameFile", two, f"{self.here}/four"), 0)
        self.assertEqual(self.text(f"{self.here}/three"), "text")

    def test_modification_time_and_type_can_be_set(self):
        path = self.put("a.txt")
        self.assertEqual(self.call("setMTime", path, "1400000000"), 0)
        self.assertEqual(self.call("setMTime", path, -1), -27)
        self.assertEqual(self.call("setMTime", "/nowhere", 1), -1)
        self.assertEqual(self.call("setContentType", path, "video/mp4"), 0)
        self.assertEqual(self.call("setContentType", path, "video/new"), -33)
        self.assertEqual(self.call("setContentType", "/nowhere", "video/mp4"), -1)
        stat = self.call("stat", path, True)
        self.assertEqual((stat["mtime"], stat["mimetype"]), (1_400_000_000, "video/mp4"))

    def test_files_are_deleted(self):
        path = self.put("a.txt")
        self.assertEqual(self.call("deleteFile", path), 0)
        self.assertEqual(self.call("deleteFile", path), -1)
        self.assertEqual(self.call("deleteObject", self.put("b.txt")), 0)
        self.put("c.txt")
        self.assertEqual(self.call("deleteObject", self.here), -2)
        self.assertEqual(self.call("deleteObject", "/nowhere"), -1)
        self.assertEqual(self.call("deleteObject", "/"), -6)

    def test_files_are_copied(self):
        path = self.put("a.txt")
        self.assertEqual(self.call("copyFile", path, f"{self.here}/b.txt"), 0)
        self.assertEqual(self.text(f"{self.here}/b.txt"), "text")
        self.assertEqual(self.call("copyFile", f"{self.here}/none", path), -1)
        self.assertEqual(self.call("copyFile", path, "/nowhere/a.txt"), -2)

    def test_files_are_fetched_from_this_account(self):
        source = f"http://{ACCOUNT}{self.put('a.txt')}"
        target = f"{self.here}/made/b.txt"
        flags = ["", "", "", "", "", "FF_CREATE_DESTDIR"]
        self.assertEqual(self.call("fetchFileHTTP", f"{self.here}/b.txt", source), 0)
        self.assertEqual(self.call("fetchFileHTTP", target, source, *flags), 0)
        self.assertEqual(self.call("fetchFileHTTP", target, "ftp://elsewhere/a"), -14)
        self.assertEqual(self.call("fetchFileHTTP", target, source, 7), -13)
        self.assertEqual(self.text(f"{self.here}/b.txt"), "text")
        self.assertEqual(self.text(target), "text")

    def test_paths_may_be_relative_and_have_spare_slashes(self):
        name = self.here.strip("/")
        for path in (name, f"{name}/", f"//{name}//"):
            self.assertEqual(self.call("stat", path)["type"], 1, path)

    def test_an_invalid_token_is_reported_before_an_invalid_path(self):
        self.assertEqual(self.rpc.makeDir("", "/x"), -10001)
        self.assertEqual(self.rpc.stat("nonsense", "/x"), {"code": -10001})


if __name__ == "__main__":
    unittest.main()
