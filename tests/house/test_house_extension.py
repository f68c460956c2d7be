"""Adding a thing touches one place: done here in a copy of the tree, for each kind of thing, without editing anything else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

CHECK = '''"""Containers are named after fruit.

What it does
    Finds fruit.
"""

from undercroft.model.fix import Fix
from undercroft.model.risk import Risk
from undercroft.model.verdict import Severity
from undercroft.scan.check import Check, Hit

CHECK = Check("Fruit", Severity.LOW, Risk.SYS_ORCH, ("CWE-1099",), weighed=False)


def examine(graph):
    for workload in graph.workloads:
        if workload.asset.name == "apple":
            yield Hit(workload.asset, "A fruit", (workload.head,), Fix("Eat it"), workload.exposure, "fruit")
'''
FORMAT = '''"""Fruit baskets."""

from undercroft.model.asset import Asset
from undercroft.scan.graph import Graph, Workload


def wants(path, paths):
    return path.endswith(".basket")


def collect(file, components):
    head = file.source.evidence(1)
    return Graph(workloads=(Workload(Asset("basket", "workload", "apple"), "basket", head),))
'''
COMPONENT = """\
slug: acme
name: Acme
kind: model-server
summary: A server. Whoever reaches it spends your time.
depth: basic
sources: {docs: {title: "Acme documentation", url: "https://acme.example/docs"}}
images: [{repository: docker.io/acme/server, version_tag: "{version}", source: docs}]
ports: [{number: 4242, role: inference, source: docs}]
settings:
  key: {about: A key., type: secret, spellings: [{env: ACME_KEY, source: docs}], defaults: [{value: null, source: docs}]}
derived:
  authentication: {about: Whether a key is asked for., source: docs, rules: [{when: {key: set}, value: "on"}, {value: "off"}]}
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the source tree."""
    ignored = shutil.ignore_patterns("__pycache__", "compiled.msgpack", "*.egg-info")
    shutil.copytree(ROOT / "src" / "undercroft", tmp_path / "src" / "undercroft", ignore=ignored)
    return tmp_path


def _undercroft(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "undercroft.cli.main", *arguments],
        env={"PYTHONPATH": str(house / "src"), "PATH": "/usr/bin:/bin"},
        cwd=house,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _findings(house: Path, target: Path) -> list[dict[str, object]]:
    done = _undercroft(house, "scan", str(target), "--format", "json")
    assert done.returncode in {0, 1}, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)["findings"]
    return found


def test_a_check_is_one_file(house: Path, tmp_path: Path) -> None:
    (house / "src/undercroft/scan/checks/fruit_name.py").write_text(CHECK)
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "compose.yaml").write_text("services:\n  apple:\n    image: acme/app:1.2\n")
    assert [f["check"] for f in _findings(house, stack)] == ["fruit-name"]


def test_a_format_is_one_file(house: Path, tmp_path: Path) -> None:
    (house / "src/undercroft/scan/collect/files/formats/basket.py").write_text(FORMAT)
    (house / "src/undercroft/scan/checks/fruit_name.py").write_text(CHECK)
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "today.basket").write_text("apple\n")
    assert [f["check"] for f in _findings(house, stack)] == ["fruit-name"]


def test_a_component_is_one_folder_and_every_generic_check_speaks_of_it(house: Path, tmp_path: Path) -> None:
    folder = house / "src/undercroft/catalogue/components/acme"
    folder.mkdir()
    (folder / "component.yaml").write_text(COMPONENT)
    (folder / "cases.yaml").write_text(
        "recognise: [{name: its image, image: 'acme/server:1.2', recognised: true, version: '1.2'}]\n"
    )
    stack = tmp_path / "stack"
    stack.mkdir()
    (stack / "compose.yaml").write_text("services:\n  a:\n    image: acme/server:1.2\n    ports: ['4242:4242']\n")
    assert {"no-authentication", "exposed-port"} <= {str(f["check"]) for f in _findings(house, stack)}


def test_a_verb_is_one_file(house: Path) -> None:
    text = '"""Say hello."""\n\nSUMMARY = "say hello"\n\n\ndef configure(parser):\n    pass\n\n\ndef run(args):\n    print("hello")\n    return 0\n'
    (house / "src/undercroft/cli/greet.py").write_text(text)
    assert _undercroft(house, "greet").stdout == "hello\n"
    assert "greet" in _undercroft(house, "--help").stdout


def test_a_detection_is_one_folder(house: Path, tmp_path: Path) -> None:
    shipped = house / "src/undercroft/catalogue/detections"
    shutil.copytree(shipped / "ssh-brute-force", shipped / "ssh-two-slips")
    rule = shipped / "ssh-two-slips" / "rule.yaml"
    text = rule.read_text()
    assert "ssh-brute-force" in text or "ssh_brute_force" in text
    rule.write_text(text.replace("ssh-brute-force", "ssh-two-slips").replace("ssh_brute_force", "ssh_two_slips"))
    log = tmp_path / "auth.log"
    lines = [
        f"2026-11-16T12:00:{i:02d}+00:00 h sshd[{i}]: Failed password for root from 198.51.100.23 port {5000 + i} ssh2"
        for i in range(30)
    ]
    log.write_text("\n".join(lines) + "\n")
    done = _undercroft(house, "watch", str(log), "--format", "json")
    assert "ssh-two-slips" in {json.loads(line)["detection"] for line in done.stdout.splitlines()}, done.stderr
