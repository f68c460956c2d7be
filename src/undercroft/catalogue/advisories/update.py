"""Takes in an export of advisories, from a path or a URL, and puts it in place of the snapshot in use.

A part of the store, kept apart so that a scan does not import a web client.
"""

import contextlib
import http.client
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from undercroft import __version__
from undercroft.catalogue.advisories.assemble import assemble, collect
from undercroft.catalogue.advisories.draft import Report
from undercroft.catalogue.advisories.facts import BadFeed, Facts, read_epss, read_kev
from undercroft.catalogue.advisories.match import Advisories
from undercroft.catalogue.advisories.schema import Header
from undercroft.catalogue.advisories.snapshot import BadSnapshot, Snapshot
from undercroft.catalogue.store import NAME, documents, feed, load, text, write

MAX_DOWNLOAD = 2 << 30
"""Bytes taken from a URL."""
MAX_SECONDS = 1800
"""Seconds a download may last."""


class _Web(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https only, and never from https back to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        target = urllib.parse.urlsplit(newurl).scheme
        if target not in {"http", "https"} or (req.type == "https" and target != "https"):
            raise BadFeed(f"{_shown(req.full_url)} redirects to {target}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _shown(url: str) -> str:
    """``url`` as it may be printed: without a user, a password or a query, any of which may be a secret."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


@contextlib.contextmanager
def located(source: str) -> Iterator[Path]:
    """``source`` as a path: a path, a ``file://`` URL, or an http(s) URL, downloaded for as long as the context lasts.

    Raises :class:`BadFeed`.
    """
    parts = urllib.parse.urlsplit(source)
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"}:
            raise BadFeed(f"{source} names another machine; a file:// URL has three slashes")
        yield Path(urllib.request.url2pathname(parts.path))
        return
    if "://" not in source:
        yield Path(source)
        return
    if parts.scheme not in {"http", "https"}:
        raise BadFeed(f"{parts.scheme}:// cannot be read; give a path, or a file, http or https URL")
    with tempfile.TemporaryDirectory(prefix="undercroft-") as folder:
        path = Path(folder) / (PurePosixPath(parts.path).name or "export")
        _download(source, path)
        yield path


def _download(url: str, path: Path) -> None:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Web(),
    ):
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers={"User-Agent": f"undercroft/{__version__}"})  # noqa: S310 - checked above
    end = time.monotonic() + MAX_SECONDS
    try:
        with opener.open(request, timeout=30) as answer, path.open("wb") as file:
            stated = answer.headers.get("Content-Length", "")
            taken = 0
            while block := answer.read1(1 << 16):
                taken += len(block)
                if taken > MAX_DOWNLOAD or time.monotonic() > end:
                    raise BadFeed(
                        f"{_shown(url)} sends more than {MAX_DOWNLOAD >> 30} GiB, or longer than {MAX_SECONDS} s"
                    )
                file.write(block)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, BadFeed):
            raise
        raise BadFeed(f"{_shown(url)} cannot be fetched: {error}") from error
    if stated.isdecimal() and int(stated) != taken:
        raise BadFeed(f"{_shown(url)} broke off after {taken} of {stated} bytes")


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did."""

    path: Path
    """The file that is in use now."""
    header: Header
    """What it holds."""
    before: Header | None
    """What was in use before."""
    report: Report
    """What was wrong with the source."""


def update(
    source: str,
    folder: Path,
    today: date,
    epss: Path | None = None,
    kev: Path | None = None,
    complete: Sequence[str] = (),
) -> Updated:
    """Takes in an OSV export and puts it in place of the snapshot in ``folder``.

    Ecosystems the export does not speak of, and what is known by identifier (KEV, EPSS, SSVC), are taken over from the snapshot
    in use. Raises :class:`BadFeed`, :class:`BadSnapshot` or ``OSError``; the snapshot in use is untouched then.
    """
    report, facts = Report(), Facts()
    if epss is not None:
        read_epss(text(epss), facts)
    if kev is not None:
        read_kev(feed(kev), facts)
    try:
        before: Advisories | None = load(folder).advisories
    except BadSnapshot:
        before = None
    with located(source) as path:
        drafts = collect(documents(path), report)
    data = assemble(drafts, facts, report, today, complete, before.snapshot if before else None)
    target = folder / NAME
    write(target, data)
    return Updated(target, Snapshot(data).header, before.header if before else None, report)
