"""Turns the files a scan wrote into the page the console serves. Read anew each time, so that a reload shows the latest scan."""

from pathlib import Path

from undercroft.report import html, json

LARGEST = 64 * 1024 * 1024
"""Bytes of a report that are read at most."""


def from_json(path: Path) -> str:
    """The page for a JSON report. Raises ``OSError``, or ``ValueError`` when the file is not a report."""
    return html.render(json.parse(_read(path)))


def from_html(path: Path) -> str:
    """A page that was written before, as it is. The server's content security policy still forbids it to run or load anything."""
    return _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST // 1024 // 1024} MiB; scan fewer targets at once")
    return content.decode("utf-8")
