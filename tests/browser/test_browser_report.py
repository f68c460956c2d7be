"""The HTML report in a real browser: hostile texts do not run, nothing is asked for, the picture is drawn.

Needs Debian's chromium; tools/install-debian-packages.sh installs it.
"""

import html.parser
import http.server
import re
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))

import report_samples as samples

from undercroft.report import html as report_html

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1200,1600",
)  # fmt: skip


@pytest.fixture
def listener():
    """A server on loopback that has nothing, and keeps in ``asked`` what it was asked for."""

    class Nothing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        server.daemon_threads, server.block_on_close, server.asked = True, False, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def browse(tmp_path, page, *flags):
    """Opens the page; returns the DOM as it stands after loading."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing; run tools/install-debian-packages.sh"
    file = tmp_path / "report.html"
    file.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, file.as_uri()],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode("utf-8")


def full_page(replace=lambda text: text):
    parts = (samples.drills_before(), samples.drills_after(), samples.alerts(), samples.differences())
    before, after, alerts, differences = samples.with_every_text(parts, replace)
    return report_html.render(
        samples.with_every_text(samples.scan_result(), replace),
        drills_before=before,
        drills_after=after,
        alerts=alerts,
        differences=differences,
    )


class Elements(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.handlers, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name in {"src", "srcdoc", "action"}]
        self.ids += [value for name, value in attrs if name == "id"]


def hostile(port):
    trap = f"http://127.0.0.1:{port}"
    return (
        f"</title></style></svg></pre><script>document.body.id='owned';fetch('{trap}/s')</script><img src={trap}/i onerror=\"document.body.id='owned'\">"
        f"<link rel=stylesheet href={trap}/l><iframe src={trap}/f></iframe><svg onload=\"document.body.id='owned'\">"
        "\" autofocus onfocus=\"document.body.id='owned'\" x='`javascript:1`&lt;b&gt; \u202etxt\u0000\ud800"
    )


def test_hostile_texts_in_every_field_inject_nothing(tmp_path, listener):
    dom = browse(tmp_path, full_page(lambda text: hostile(listener.server_port)), "--dump-dom")
    harmless = browse(tmp_path, full_page(lambda text: "x" * 90), "--dump-dom")
    seen = Elements(dom)
    assert seen.tags == Elements(harmless).tags
    assert not {"script", "img", "link", "iframe"} & set(seen.tags)
    assert seen.handlers == []
    assert "owned" not in seen.ids
    assert listener.asked == []


def test_the_trap_works_where_nothing_is_escaped(tmp_path, listener):
    dom = browse(
        tmp_path,
        f"<!doctype html><body>{hostile(listener.server_port)[8:].replace('</style>', '')}</body>".replace(
            "\ud800", ""
        ),
        "--dump-dom",
    )
    assert "owned" in Elements(dom).ids
    assert listener.asked


def test_the_policy_alone_stops_a_script_that_got_in(tmp_path, listener):
    trap = f"<script>document.body.id='owned'</script><img src=http://127.0.0.1:{listener.server_port}/i>"
    page = full_page().replace("<main", f"{trap}<main", 1)
    seen = Elements(browse(tmp_path, page, "--dump-dom"))
    assert "script" in seen.tags
    assert "owned" not in seen.ids
    assert listener.asked == []


@pytest.mark.parametrize(("scheme", "ground"), [("light", (0xF6, 0xF5, 0xF2)), ("dark", (0x14, 0x16, 0x1A))])
def test_the_page_is_drawn_in_the_readers_colours(tmp_path, scheme, ground):
    picture = tmp_path / "page.png"
    flags = ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] if scheme == "dark" else []
    browse(tmp_path, full_page(), f"--screenshot={picture}", *flags)
    assert corner(picture) == ground


def test_printing_gives_a_document(tmp_path):
    document = tmp_path / "page.pdf"
    browse(tmp_path, full_page(), f"--print-to-pdf={document}", "--no-pdf-header-footer")
    assert document.read_bytes().startswith(b"%PDF-")
    assert re.search(rb"/Type\s*/Page\b", document.read_bytes())


def corner(picture):
    """Colour of the first pixel of a PNG (RFC 2083): in the first row no filter has anything to look back at."""
    import zlib

    data, place, packed = picture.read_bytes(), 8, b""
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        if data[place + 4 : place + 8] == b"IDAT":
            packed += data[place + 8 : place + 8 + length]
        place += length + 12
    return tuple(zlib.decompressobj().decompress(packed, 8)[1:4])
