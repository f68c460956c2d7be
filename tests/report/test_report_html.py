"""The HTML page as text: shape, escaping, policy. The browser's own view of it is in tests/browser."""

import base64
import hashlib
import html.parser
import re

import report_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st

from undercroft.report import html as report_html
from undercroft.report.page import picture, sections
from undercroft.report.page.markup import escaped, tag

VOID = {"meta"}


class Outline(html.parser.HTMLParser):
    """Collects elements and attributes, and fails on anything left open."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.headings = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.extend((tag, *a) for a in attrs)
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(**more):
    return report_html.render(
        samples.scan_result(), drills_before=samples.drills_before(), drills_after=samples.drills_after(), alerts=samples.alerts(),
        differences=samples.differences(), made_at="1 January", **more,
    )  # fmt: skip


def outline(text):
    read = Outline()
    read.feed(text)
    read.close()
    assert read.open == []
    return read


def test_the_page_is_balanced_and_has_its_landmarks():
    read = outline(page())
    for landmark in ("header", "nav", "main", "footer", "h1", "title"):
        assert landmark in read.tags
    assert read.headings[0] == 1
    assert all(after - before <= 1 for before, after in zip(read.headings, read.headings[1:], strict=False))


def test_every_link_inside_the_page_leads_somewhere():
    read = outline(page())
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {
        value[1:]
        for tag_name, name, value in read.attributes
        if (tag_name, name) == ("a", "href") and value.startswith("#")
    } <= set(ids)


def test_nothing_is_loaded_and_nothing_runs():
    read = outline(page())
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(read.tags)
    assert not [a for a in read.attributes if a[1] in {"src", "srcset", "style"} or a[1].startswith("on")]
    assert "url(" not in page()
    assert "@import" not in page()


def test_the_policy_admits_exactly_the_style_sheet_that_is_there():
    text = page()
    sheet = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = next(
        value
        for name, key, value in outline(text).attributes
        if name == "meta" and key == "content" and "default-src" in value
    )
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_a_clean_scan_has_a_page_too(snapshot):
    body = report_html.render(samples.empty_result()).partition("<body>")[2]
    assert "Nothing found" in body
    assert body == snapshot


def test_a_finding_reads_like_this(snapshot):
    assert str(sections.findings(samples.scan_result())).replace("><", ">\n<") == snapshot


def test_the_reach_of_every_asset_is_in_the_picture(snapshot):
    lanes = {lane: [box.name for box in found] for lane, found in picture.boxes(samples.scan_result()).items() if found}
    assert lanes == {
        "internet": ["model"],
        "private network": ["this host"],
        "cluster": ["notebook", "cache"],
        "loopback": ["127.0.0.1:5000"],
    }


def test_only_https_references_become_links():
    assert sections._reference("javascript:alert(1)") == "<span>javascript:alert(1)</span>"
    assert sections._reference('https://x.example/"onclick=1').startswith(
        '<a href="https://x.example/&quot;onclick=1" rel='
    )


@settings(deadline=None)
@given(st.text())
def test_no_text_can_open_an_element_or_leave_an_attribute(text):
    assert not set("<>\"'") & set(escaped(text))
    read = Outline()
    read.feed(tag("p", text, title=text))
    assert read.tags == ["p"]
    assert [name for _, name, _ in read.attributes] == ["title"]


def test_hostile_texts_give_the_same_elements_as_harmless_ones():
    def elements(replace):
        result = samples.with_every_text(samples.scan_result(), replace)
        return outline(report_html.render(result)).tags

    assert elements(
        lambda text: "</style></title><script>alert(1)</script><img src=x onerror=alert(1)>'\""
    ) == elements(lambda text: "x" * 90)
