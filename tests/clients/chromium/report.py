"""The HTML report as Chromium shows it: at three widths, without scripts, under its own policy."""
# needs: python3 chromium
# origin: --dir /in --control 127.0.0.1:0 --faults {here}/chromium/report.toml

import http.client
import os
import unittest
from urllib.parse import urlsplit

import page

CONTROL = urlsplit(os.environ["CONTROL"])
WIDTHS = [400, 900, 1600]
HOSTILE = "<img src=x onerror=parent.attacked=1>"

# The page under test is in a frame of each width. Its parent may run scripts, and looks into it.
SCRIPT = """
const seen = [];
for (const width of %s) {
  const frame = document.createElement('iframe');
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  const loaded = new Promise(resolve => { frame.onload = resolve; });
  frame.src = '/report';
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument;
  const all = selector => [...page.querySelectorAll(selector)];
  const box = element => element.getBoundingClientRect();
  const outside = all('main *').filter(it => !it.closest('.scroll') && !it.closest('.hidden') && !it.closest('svg')
    && box(it).right > width + 0.5);
  const bars = all('svg.track a rect');
  all('summary').forEach(it => it.click());
  seen.push({
    width,
    title: page.querySelector('#verdict-title').innerText,
    overflow: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    outside: outside.map(it => it.outerHTML.slice(0, 80)),
    bars: bars.length,
    barsOutside: bars.filter(it => { const track = box(it.closest('svg.track'));
      return box(it).left < track.left - 0.5 || box(it).right > track.right + 5; }).length,
    hiddenBars: bars.filter(it => box(it).width < 1 && it.classList.contains('core')).length,
    smallText: all('main *').filter(it => it.childElementCount === 0 && it.textContent.trim()
      && it.tagName !== 'title' && parseFloat(frame.contentWindow.getComputedStyle(it).fontSize) < 10.5).length,
    styled: frame.contentWindow.getComputedStyle(page.querySelector('.rows')).listStyleType,
    heads: all('.exchanges .heads pre').filter(it => box(it).height > 0).length,
    links: all('main a').filter(it => page.querySelector(it.getAttribute('href'))).length,
    allLinks: all('main a').length,
    images: all('img, script, iframe, link').length,
    hostile: page.body.innerText.includes('<img src=x onerror=parent.attacked=1>'),
    attacked: 'attacked' in window,
  });
}
return seen;
"""


def ask(host, method, path, headers=None, body=b""):
    """Sends a request on its own connection and returns the response; its body has been read."""
    connection = http.client.HTTPConnection(host, timeout=page.SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        response.content = response.read()
        return response
    finally:
        connection.close()


def upload():
    """Uploads three pieces, of which the second is rejected once, to a hostile name."""
    host = urlsplit(page.ORIGIN).netloc
    auth = {"X-Agile-Authorization": page.login()}
    named = {**auth, "X-Agile-Directory": "/in", "X-Agile-Basename": HOSTILE}
    created = ask(host, "POST", "/multipart/create", named)
    upload = {**auth, "X-Agile-Multipart": created.getheader("X-Agile-Multipart")}
    statuses = []
    for number in [1, 2, 2, 3]:
        piece = {**upload, "X-Agile-Part": str(number)}
        statuses.append(ask(host, "POST", "/multipart/piece", piece, b"content").status)
    assert statuses == [200, 503, 200, 200], statuses
    ask(host, "POST", "/multipart/complete", upload)


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        upload()
        response = ask(CONTROL.netloc, "GET", CONTROL.path + "report")
        assert response.getheader("Content-Type") == "text/html; charset=utf-8"
        cls.seen = page.run(SCRIPT % WIDTHS, {"/report": response.content})

    def each(self, *facts):
        """Returns the facts of each width."""
        return {seen["width"]: tuple(seen[fact] for fact in facts) for seen in self.seen}

    def same(self, *values):
        """Returns the same values for each width."""
        return {width: values for width in WIDTHS}

    def test_nothing_is_wider_than_the_page(self):
        self.assertEqual(self.each("overflow", "outside"), self.same(0, []))

    def test_every_bar_is_visible_in_its_row(self):
        self.assertEqual(self.each("barsOutside", "hiddenBars"), self.same(0, 0))
        self.assertTrue(all(seen["bars"] >= 8 for seen in self.seen))

    def test_the_page_is_styled_and_readable(self):
        self.assertEqual(self.each("title", "styled", "smallText"), self.same("Passed", "none", 0))

    def test_details_and_links_work_without_scripts(self):
        self.assertEqual(self.each("heads", "images"), self.same(14, 0))
        for seen in self.seen:
            self.assertEqual(seen["links"], seen["allLinks"])

    def test_a_hostile_name_is_shown_as_text(self):
        self.assertEqual(self.each("hostile", "attacked"), self.same(True, False))


if __name__ == "__main__":
    unittest.main()
