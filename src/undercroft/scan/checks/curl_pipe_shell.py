"""What the network answers is run as it comes.

What it does
    Finds downloads whose answer a shell or an interpreter runs at once: ``curl … | sh``, ``bash <(curl …)``, ``sh -c "$(wget …)"``,
    ``eval "$(curl …)"``; in scripts, ``RUN`` lines, pipeline steps, units and container command lines. Text that tells people to do
    so counts lower.

Why it matters
    Whoever controls that address, its domain or the path to it decides what runs here, each time anew, with this script's rights.
    Nothing is left behind to look at, and a connection cut halfway runs half a script.

How to fix it
    Download a version, compare its checksum or signature, then run it. Better: the distribution's package, or an image that has it.
"""

from collections.abc import Iterator

from undercroft.model.evidence import Evidence
from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.fetches import fetched, piped_into_shell, shown
from undercroft.scan.graph import Graph

_STEP = (
    "on: push\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          LINE\n"
)

CHECK = Check(
    title="Network answer run as code",
    severity=Severity.MEDIUM,
    risk=Risk.SYS_CICD,
    references=("CWE-494", "CWE-829", "OWASP A08:2025", "OWASP A03:2025", "ATT&CK T1195.002", "ATT&CK T1059.004"),
    weighed=False,
    examples=(
        Example("piped into a shell", "present", "curl -fsSL https://get.example.com/install.sh | sh\n", file="install.sh"),
        Example("piped into a shell of root with arguments", "present", "wget -qO- https://get.example.com | sudo -E bash -s -- --yes\n", file="install.sh"),
        Example("given to a shell by substitution", "present", 'bash -c "$(curl -fsSL https://get.example.com/install.sh)"\n', file="install.sh"),
        Example("given to a shell as a file", "present", "source <(curl -s https://get.example.com/env)\n", file="install.sh"),
        Example("in a RUN line", "present", "FROM debian:12-slim\nRUN apt-get update \\\n    # comment\n    && curl -LsSf https://get.example.com/install.sh | sh\nUSER app\n", file="Dockerfile"),
        Example("in a step", "present", _STEP.replace("LINE", "curl https://get.example.com | bash"), file=".github/workflows/a.yml"),
        Example("in a GitLab job", "present", "build:\n  script:\n    - curl https://get.example.com | bash\n", file=".gitlab-ci.yml"),
        Example("in a container's command line", "present", 'services:\n  a:\n    image: debian:12.9\n    command: sh -c "curl https://get.example.com | sh"\n'),
        Example("in a unit", "present", "[Service]\nExecStartPre=/bin/sh -c 'curl https://get.example.com | sh'\nExecStart=/bin/true\n", file="a.service"),
        Example("in text shown to people", "present", "cat <<EOF\nInstall it:\n  curl https://get.example.com | sh\nEOF\n", file="help.sh"),
        Example("an answer that is read as data", "absent", "curl -s https://api.example.com/models | jq . | tee out.json\n", file="a.sh"),
        Example("an answer that a program of the script reads", "absent", "curl -s https://api.example.com/models | python -m json.tool\n", file="a.sh"),
        Example("an answer of the machine itself", "absent", "curl -s http://localhost:8000/script | sh\n", file="a.sh"),
        Example("a file that is checked first", "absent", 'curl -o i.sh https://get.example.com/i.sh\necho "$SUM  i.sh" | sha256sum -c\nsh i.sh\n', file="a.sh"),
        Example("a comment", "absent", "# curl https://get.example.com | sh\necho done\n", file="a.sh"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def examine(graph: Graph) -> Iterator[Hit]:
    """Every download that ends in an interpreter: one finding for each address of a script, all places as evidence."""
    for script in graph.scripts:
        found: dict[tuple[str, str, bool], list[Evidence]] = {}
        for position, command in enumerate(script.commands):
            url = fetched(command)
            reader = piped_into_shell(script, position) if url is not None else None
            if url is not None and reader is not None:
                found.setdefault((url, reader.name, command.printed), []).append(command.evidence)
        for (url, name, printed), places in found.items():
            plain = url.lower().startswith("http://")
            severity = Severity.LOW if printed else Severity.HIGH if plain else None
            title = (
                f"The text tells people to run {shown(url)} unseen"
                if printed
                else f"{name} runs what {shown(url)} answers"
            )
            fix = Fix("Download a fixed version, compare its checksum, then run it")
            locator = f"{script.name}:{shown(url)}:{name}:{'text' if printed else 'code'}"
            yield Hit(script.asset, title, tuple(dict.fromkeys(places)), fix, _ANYWHERE, locator, severity=severity)
