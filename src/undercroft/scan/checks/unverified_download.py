"""A program comes from the network and nobody looks at it.

What it does
    Finds programs, archives and packages that a script downloads and then runs, unpacks or installs, without comparing a checksum or a
    signature in between or afterwards.

Why it matters
    A release page, a bucket or a mirror that is taken over once hands its program to every build that follows. TLS says who answered,
    not what; without TLS not even that.

How to fix it
    Write the expected SHA-256 beside the version and compare it (``echo "$SUM  file" | sha256sum -c``), verify the publisher's signature,
    or take the program from an image or a package that is pinned by digest. ``ADD --checksum=sha256:…`` does it in a Dockerfile.
"""

import re
from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Confidence, Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.fetches import (
    destination,
    fetched,
    is_data,
    makes_executable,
    piped_into_shell,
    shown,
    uses,
    verifies,
)
from undercroft.scan.graph import Graph
from undercroft.scan.scripts import Script

CHECK = Check(
    title="Downloaded program not verified",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-494", "CWE-345", "OWASP A08:2025", "OWASP A03:2025", "ATT&CK T1195.002", "CIS Docker 4.11"),
    weighed=False,
    confidence=Confidence.MEDIUM,
    examples=(
        Example("an archive unpacked from the stream", "present", "FROM debian:12-slim\nRUN curl -fsSL https://example.com/tool-1.2.tar.gz | tar -xz -C /usr/local/bin\nUSER app\n", file="Dockerfile"),
        Example("a file made runnable", "present", "curl -Lo /usr/local/bin/tool https://example.com/v1/tool\nchmod +x /usr/local/bin/tool\n", file="a.sh"),
        Example("a package installed", "present", "wget https://example.com/keyring_1.1_all.deb\nsudo dpkg -i keyring_1.1_all.deb\n", file="a.sh"),
        Example("a checksum compared", "absent", 'curl -Lo tool.tgz https://example.com/v1/tool.tgz\necho "abc  tool.tgz" | sha256sum -c -\ntar xzf tool.tgz\n', file="a.sh"),
        Example("a signature verified", "absent", "curl -Lo tool.tgz https://example.com/v1/tool.tgz\ngpg --verify tool.tgz.asc tool.tgz\ntar xzf tool.tgz\n", file="a.sh"),
        Example("data that is only read", "absent", "curl -o models.json https://example.com/models.json\njq . models.json\n", file="a.sh"),
        Example("a file that nothing here runs", "absent", "curl -o big.bin https://example.com/big.bin\n", file="a.sh"),
    ),
)  # fmt: skip

NEAR = 200
"""Commands behind a download in which its use is looked for."""
_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def _found(script: Script) -> Iterator[tuple[str, Evidence]]:
    commands = script.commands
    for position, command in enumerate(commands):
        url = fetched(command)
        if url is None or command.printed or is_data(url) or piped_into_shell(script, position) is not None:
            continue
        if command.via == "pipe":
            if any(makes_executable(reader) for reader in script.readers(position)):
                yield url, command.evidence
            continue
        file = destination(command, url)
        if not file:
            continue
        later = commands[position + 1 : position + 1 + NEAR]
        bin_folder = re.search(r"/s?bin/[^/]*$", file) is not None
        if any(uses(other, file) for other in later) or (bin_folder and script.format == "dockerfile"):
            yield url, command.evidence


def examine(graph: Graph) -> Iterator[Hit]:
    """Scripts with downloads that are run or unpacked, and no verification anywhere: one finding a script."""
    for script in graph.scripts:
        if any(verifies(command) for command in script.commands):
            continue
        found = list(_found(script))
        if not found:
            continue
        plain = any(url.lower().startswith("http://") for url, _ in found)
        first = shown(found[0][0])
        title = f"{first} is used without a checksum or signature" + (
            f", and {len(found) - 1} more downloads" if len(found) > 1 else ""
        )
        yield Hit(
            script.asset, title, tuple(dict.fromkeys(place for _, place in found)), Fix("Compare the download with a checksum written down beside its version"),
            _ANYWHERE, f"{script.name}:download", severity=Severity.MEDIUM if plain else None,
        )  # fmt: skip
