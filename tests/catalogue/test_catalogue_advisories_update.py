"""Taking in an export: whole, or not at all."""

import io
import json
import stat
import threading
import zipfile
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from undercroft.catalogue import store
from undercroft.catalogue.advisories import build
from undercroft.catalogue.advisories.facts import BadFeed
from undercroft.catalogue.advisories.update import update
from undercroft.cli.main import main
from undercroft.model.verdict import Verdict

TODAY = date(2027, 6, 1)


def record(name: str, fixed: str = "2.0", package: str = "demo", **more) -> dict:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"ecosystem": "PyPI", "name": package}, "ranges": ranges}]
    return {"id": name, "modified": "2026-05-20T00:00:00Z", "affected": affected, "details": "prose stays away", **more}


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def export(path: Path, *records: dict) -> Path:
    path.write_bytes(packed({f"{one['id']}.json": json.dumps(one).encode() for one in records}))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a snapshot in use."""
    folder = tmp_path / "data"
    update(str(export(tmp_path / "first.zip", record("CVE-2026-1000"))), folder, TODAY)
    return folder


def test_an_export_replaces_the_snapshot_and_the_one_before_is_kept(data: Path, tmp_path: Path) -> None:
    first = (data / store.NAME).read_bytes()
    done = update(str(export(tmp_path / "second.zip", record("CVE-2026-2000", "3.0"))), data, TODAY)
    assert (data / store.PREVIOUS).read_bytes() == first
    assert done.before is not None
    assert done.before.digest != done.header.digest
    opened = store.load(data)
    assert not opened.shipped
    assert [one.vulnerability.id for one in opened.advisories.match("PyPI", "demo", "2.5").affected] == [
        "CVE-2026-2000"
    ]
    assert stat.S_IMODE((data / store.NAME).stat().st_mode) == 0o644
    assert sorted(path.name for path in data.iterdir()) == sorted([store.NAME, store.PREVIOUS])


def test_no_prose_is_kept(data: Path) -> None:
    opened = store.load(data).advisories
    assert b"prose" not in (data / store.NAME).read_bytes()
    assert "prose" not in str(opened.match("PyPI", "demo", "1"))


def test_what_the_export_does_not_speak_of_is_taken_over(data: Path) -> None:
    header = store.load(data).advisories.header
    assert "product" in header.index
    assert header.dates["product"] == store.load(data / "nowhere").advisories.header.dates["product"]


def test_a_folder_a_file_and_a_file_url_are_exports_too(tmp_path: Path) -> None:
    folder = tmp_path / "osv" / "PyPI"
    folder.mkdir(parents=True)
    one = folder / "CVE-2026-1000.json"
    one.write_text(json.dumps(record("CVE-2026-1000")))
    for number, source in enumerate([str(tmp_path / "osv"), str(one), one.as_uri()]):
        update(source, tmp_path / f"data{number}", TODAY)
        found = store.load(tmp_path / f"data{number}").advisories.match("PyPI", "demo", "1.0")
        assert found.verdict is Verdict.PRESENT


def _false_size() -> bytes:
    whole = bytearray(packed({"a.json": b" " * (17 << 20)}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = whole.index(mark) + place
        whole[at : at + 4] = (100).to_bytes(4, "little")
    return bytes(whole)


GOOD = json.dumps(record("CVE-2026-1")).encode()
BROKEN = {
    "a broken zip": (packed({"a.json": GOOD})[:-30], "zip"),
    "no zip at all": (b"PK\x03\x04 nothing", "zip"),
    "a damaged member": (packed({"a.json": GOOD}).replace(b"PK\x01\x02", b"PK\x01\x03"), "zip"),
    "a bomb": (packed({"a.json": b" " * (15 << 20)}), "unpacks to"),
    "a huge member": (packed({"a.json": b" " * (17 << 20)}), "unpacks to"),
    "a member larger than it says": (_false_size(), "zip"),
    "a name that climbs out": (packed({"../../a.json": GOOD}), "leads out"),
    "an absolute name": (packed({"/etc/a.json": GOOD}), "leads out"),
    "a name with a drive": (packed({"c:/a.json": GOOD}), "leads out"),
    "a wrong schema": (packed({"a.json": b'{"id": 5}'}), "no OSV record"),
    "a list": (packed({"a.json": b"[]"}), "no OSV record"),
    "deep nesting": (packed({"a.json": b'{"id":"x","modified":"","q":' + b"[" * 100_000}), "no OSV record"),
    "no JSON": (packed({"a.json": b"\xff\xfe"}), "no OSV record"),
    "an id twice": (packed({"a.json": GOOD, "b.json": GOOD}), "both hold CVE-2026-1"),
    "an empty zip": (packed({}), "no OSV record"),
    "only other files": (packed({"readme.txt": b"hello"}), "no OSV record"),
    "only withdrawn": (
        packed({"a.json": json.dumps(record("CVE-2026-1", withdrawn="2026-01-01T00:00:00Z")).encode()}),
        "none of the export's 1 records",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_export_is_refused_and_the_old_snapshot_kept(what: str, data: Path, tmp_path: Path) -> None:
    content, said = BROKEN[what]
    before = (data / store.NAME).read_bytes()
    bad = tmp_path / "bad.zip"
    bad.write_bytes(content)
    with pytest.raises(BadFeed, match=said):
        update(str(bad), data, TODAY)
    assert (data / store.NAME).read_bytes() == before
    assert [path.name for path in data.iterdir()] == [store.NAME]


def test_a_gigantic_document_is_refused_before_it_is_read(data: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    with bad.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(BadFeed, match="larger than 16 MiB"):
        update(str(bad), data, TODAY)


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv" / "a.json").symlink_to("/etc/hostname")
    with pytest.raises(BadFeed, match="link"):
        update(str(tmp_path / "osv"), tmp_path / "data", TODAY)


@pytest.mark.parametrize(
    "source", ["ftp://127.0.0.1/a.zip", "file://elsewhere/a.zip", "gopher://x/", "no-such-file.zip"]
)
def test_a_source_that_cannot_be_read_says_so(source: str, tmp_path: Path) -> None:
    with pytest.raises(BadFeed):
        update(source, tmp_path, TODAY)


class _Mirror(BaseHTTPRequestHandler):
    body = b""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.path == "/short.zip":
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.body) + 9))
            self.end_headers()
            self.wfile.write(self.body)
        else:
            self.send_response(200 if self.path.startswith("/all.zip") else 404)
            self.end_headers()
            self.wfile.write(self.body)

    def log_message(self, *args) -> None:
        pass


@pytest.fixture
def mirror():
    """A loopback server's address."""
    _Mirror.body = packed({"a.json": GOOD})
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Mirror)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_fetched_when_it_is_given(mirror: str, tmp_path: Path) -> None:
    update(f"{mirror}/all.zip", tmp_path, TODAY)
    assert store.load(tmp_path).advisories.match("PyPI", "demo", "1").verdict is Verdict.PRESENT


@pytest.mark.parametrize("path", ["/missing.zip", "/away", "/short.zip"])
def test_a_url_that_does_not_give_the_export_changes_nothing(path: str, mirror: str, data: Path) -> None:
    before = (data / store.NAME).read_bytes()
    with pytest.raises(BadFeed):
        update(mirror + path, data, TODAY)
    assert (data / store.NAME).read_bytes() == before


def test_a_secret_in_a_url_is_not_printed(mirror: str, tmp_path: Path, capsys) -> None:
    address = mirror.replace("http://", "http://user:hunter2@") + "/missing.zip?token=hunter3"
    assert main(["advisories", "update", address, "--data", str(tmp_path)]) == 2
    assert "hunter" not in "".join(capsys.readouterr())


def test_epss_and_kev_are_joined_by_cve(tmp_path: Path) -> None:
    epss = tmp_path / "epss.csv"
    epss.write_text("#model_version:v2025.03.14\ncve,epss,percentile\nCVE-2026-1000,0.25,0.9\n")
    kev = tmp_path / "kev.json"
    kev.write_text('{"vulnerabilities": [{"cveID": "CVE-2026-1000", "dateAdded": "2026-04-01"}]}')
    update(str(export(tmp_path / "a.zip", record("CVE-2026-1000"))), tmp_path, TODAY, epss, kev)
    [one] = store.load(tmp_path).advisories.match("PyPI", "demo", "1").affected
    assert (one.vulnerability.epss, one.vulnerability.kev) == (0.25, "2026-04-01")
    update(str(tmp_path / "a.zip"), tmp_path, TODAY)
    [again] = store.load(tmp_path).advisories.match("PyPI", "demo", "1").affected
    assert (again.vulnerability.epss, again.vulnerability.kev) == (0.25, "2026-04-01")


@pytest.mark.parametrize(
    "text", ["", "cve,epss\n", "a,b\n1,2\n", "cve,epss\nCVE-2026-1,2.5\n", "cve,epss\nCVE-2026-1,nan\n"]
)
def test_an_epss_file_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "epss.csv").write_text(text)
    with pytest.raises(BadFeed, match="EPSS"):
        update(str(export(tmp_path / "a.zip", record("CVE-2026-1"))), tmp_path, TODAY, tmp_path / "epss.csv")


@pytest.mark.parametrize("text", ["", "[]", '{"vulnerabilities": []}'])
def test_a_kev_file_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "kev.json").write_text(text)
    with pytest.raises(BadFeed, match="KEV"):
        update(str(export(tmp_path / "a.zip", record("CVE-2026-1"))), tmp_path, TODAY, kev=tmp_path / "kev.json")


def test_a_snapshot_of_the_users_that_is_damaged_is_passed_over_and_named(data: Path) -> None:
    (data / store.NAME).write_bytes(b"rubbish")
    opened = store.load(data)
    assert opened.shipped
    assert "advisories update" in opened.note


def test_the_command_updates_and_says_what_is_in_use(tmp_path: Path, capsys) -> None:
    assert (
        main(["advisories", "update", str(export(tmp_path / "a.zip", record("CVE-2026-1"))), "--data", str(tmp_path)])
        == 0
    )
    digest = store.load(tmp_path).advisories.header.digest
    assert digest in capsys.readouterr().out
    assert main(["advisories", "status", "--data", str(tmp_path), "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert (status["digest"], status["shipped"], status["date"]) == (digest, False, "2026-05-20")


def test_the_command_refuses_a_broken_export(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.zip").write_bytes(b"")
    assert main(["advisories", "update", str(tmp_path / "a.zip"), "--data", str(tmp_path / "data")]) == 2
    assert "as it was" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


INDEX = '''\
id,cves,aliases,component,package,ecosystem,affected,cvss,base_score,severity,published,withdrawn,kev,epss_kev,ssvc_exploitation,source,licence
PYSEC-2026-1,CVE-2026-1,CVE-2026-1,demo,demo,PyPI,,CVSS:3.1/X,9.8,CRITICAL,2026-01-02,,yes,0.9,active,PyPA,CC-BY-4.0
X-1,CVE-2026-1,CVE-2026-1,demo,demo,product,"version < ""1.5""",,,,,,,,,Other,Apache-2.0
X-2,CVE-2026-2,CVE-2026-2,tritonserver,t,product,"version >= ""2.0"" && version < ""2.4"" || version == ""3.1""",,,,,,,,,Other,Apache-2.0
X-3,CVE-2026-3,CVE-2026-3,tritonserver,t,product,unspecified <1.0 ; 1.2,,,,,,,,,CVE,CC0-1.0
X-4,CVE-2026-4,CVE-2026-4,tritonserver,t,product,"version < ""unknown""",,,,,,,,,Other,Apache-2.0
'''


def test_the_index_scores_packages_and_carries_servers_that_are_none(tmp_path: Path, capsys) -> None:
    export(tmp_path / "a.zip", record("PYSEC-2026-1", aliases=["CVE-2026-1"]))
    (tmp_path / "index.csv").write_text(INDEX)
    command = [
        "--osv",
        str(tmp_path / "a.zip"),
        "--index",
        str(tmp_path / "index.csv"),
        "--output",
        str(tmp_path / "out.bin"),
    ]
    assert build.main([*command, "--date", "2026-06-01"]) == 0
    said = capsys.readouterr().out
    assert "disagreement\tCVE-2026-1\tdemo" in said
    assert "rejected\tX-4" in said
    asked = store.Advisories(store.read(tmp_path / "out.bin"))
    [one] = asked.match("PyPI", "demo", "1.0").affected
    fact = one.vulnerability
    assert (fact.kev, fact.epss, fact.ssvc, fact.score, fact.severity) == ("yes", 0.9, "active", 9.8, "CRITICAL")
    assert asked.match("product", "demo", "1.0").reason
    affected = {
        v: [a.vulnerability.id for a in asked.match("product", "triton", v).affected]
        for v in ("2.3", "2.4", "3.1", "0.9", "1.2")
    }
    assert affected == {
        "2.3": ["CVE-2026-2"],
        "2.4": [],
        "3.1": ["CVE-2026-2"],
        "0.9": ["CVE-2026-3"],
        "1.2": ["CVE-2026-3"],
    }
    assert [v.id for v in asked.match("product", "triton", "2.4").undecided] == ["CVE-2026-4"]


def test_the_shipped_snapshot_is_whole_and_knows_its_fixture() -> None:
    shipped = store.Advisories(store.read(store.SHIPPED))
    shipped.snapshot.verify()
    said = {
        v: {a.vulnerability.id for a in shipped.match("PyPI", "vllm", v).affected}
        for v in ("0.10.1", "0.10.1.1", "0.33.0")
    }
    assert "CVE-2025-48956" in said["0.10.1"]
    assert "CVE-2025-48956" not in said["0.10.1.1"] | said["0.33.0"]
    assert all(source.licence for source in shipped.header.sources)
