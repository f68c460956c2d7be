"""What is installed tomorrow is not what was tested today.

What it does
    Finds installs that leave the version open: ``pip install vllm``, ``pip install git+https://…`` at a branch, ``npm install -g tool``,
    ``helm install`` without ``--version``, ``kubectl apply`` from a branch, ``go install …@latest``; in scripts, ``RUN`` lines, steps and
    container command lines. Requirement and lock files, constraints, upper bounds, local paths and packaging tools are left alone.

Why it matters
    A package that changes hands or is published broken arrives with the next build or, worse, at the next start of a container, with
    nobody's review. And what is running cannot be said afterwards.

How to fix it
    Write versions down (``package==1.2.3``), better a lock with hashes (``pip install --require-hashes -r requirements.txt``); commits for
    git sources, ``--version`` for charts.
"""

from collections.abc import Iterator

from undercroft.model.exposure import Exposure
from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Example, Hit
from undercroft.scan.fetches import shown
from undercroft.scan.graph import Graph
from undercroft.scan.installs import moving_manifest, moving_source, unpinned_chart, unpinned_node, unpinned_python
from undercroft.scan.scripts import Command

CHECK = Check(
    title="Install without a version",
    severity=Severity.LOW,
    risk=Risk.SYS_CICD,
    references=("CWE-1357", "CWE-829", "OWASP A03:2025", "OWASP A08:2025", "ATT&CK T1195.001"),
    weighed=False,
    examples=(
        Example("a package by its name", "present", "pip install --no-cache-dir torch transformers==4.48.0\n", file="a.sh"),
        Example("a lower bound", "present", "FROM python:3.11.9-slim\nRUN python3 -m pip install 'vllm>=0.6'\nUSER app\n", file="Dockerfile"),
        Example("a branch", "present", "uv pip install git+https://github.com/o/r.git@main\n", file="a.sh"),
        Example("a chart without a version", "present", "helm upgrade --install vllm vllm/vllm-stack -f v.yaml\n", file="a.sh"),
        Example("at every start of a container", "present", "services:\n  a:\n    image: python:3.11.9\n    command:\n      - sh\n      - -c\n      - |\n        pip install boto3\n        python app.py\n"),
        Example("a version", "absent", "pip install vllm==0.8.5 'numpy<3,>=2' -q\n", file="a.sh"),
        Example("a lock", "absent", "pip install --require-hashes -r requirements.txt\npip install -e .\npip install dist/*.whl\n", file="a.sh"),
        Example("a commit", "absent", "pip install git+https://github.com/o/r.git@0123456789abcdef0123456789abcdef01234567\n", file="a.sh"),
        Example("packaging tools", "absent", "python -m pip install --upgrade pip wheel setuptools\n", file="a.sh"),
        Example("a chart with a version", "absent", "helm upgrade --install vllm vllm/vllm-stack --version 0.1.5\nhelm install x ./chart\n", file="a.sh"),
        Example("packages of a lock file", "absent", "npm ci\nnpm install\n", file="a.sh"),
    ),
)  # fmt: skip

_ANYWHERE = Exposure(None, (), "does not depend on who can reach it")


def _open(command: Command) -> tuple[list[str], list[str]]:
    """(names without version, sources that move) of one command."""
    names, moving = unpinned_python(command)
    names += unpinned_node(command)
    for one in (moving_manifest(command), moving_source(command)):
        if one is not None:
            moving.append(one)
    chart = unpinned_chart(command)
    if chart is not None:
        names.append(f"chart {chart}")
    return names, moving


def examine(graph: Graph) -> Iterator[Hit]:
    """Scripts with such installs: one finding a script, all places as evidence."""
    for script in graph.scripts:
        names: list[str] = []
        moving: list[str] = []
        places = []
        for command in script.commands:
            if command.printed:
                continue
            open_, branches = _open(command)
            if open_ or branches:
                names += open_
                moving += branches
                places.append(command.evidence)
        if not places:
            continue
        every = list(dict.fromkeys([*(shown(m) for m in moving), *names]))
        title = f"Installed in whatever version is newest: {', '.join(every[:4])}" + (
            f" and {len(every) - 4} more" if len(every) > 4 else ""
        )
        fix = Fix("Write the versions down, or install from a lock with hashes")
        yield Hit(
            script.asset,
            title,
            tuple(dict.fromkeys(places)),
            fix,
            _ANYWHERE,
            f"{script.name}:install",
            severity=Severity.MEDIUM if moving else None,
        )
