"""A scan as a whole: bad input, suppressions, stable results, secrets that never show."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from undercroft.catalogue import loader
from undercroft.model.result import ScanResult
from undercroft.report import json as as_json
from undercroft.report import sarif, terminal
from undercroft.scan.run import CannotRun, Request, is_path, scan

WEAK = """\
services:
  notebook:
    image: quay.io/jupyter/scipy-notebook:2025-03-14
    command: start-notebook.py --IdentityProvider.token=''
    ports: ["8888:8888"]
    privileged: true
"""
CANARY = "Zk39xPq7LmT2vBcanary"


def run(folder: Path) -> ScanResult:
    return scan(Request((str(folder),)), dict(loader.load().components)).result


def test_a_target_that_is_not_there_is_an_error_and_not_a_clean_scan(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no such file"):
        run(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("what", "content", "said"),
    [
        ("invalid YAML", b"a: [1\n", "line"),
        ("a chart's template", b"{{- if .Values.x }}\na: {{ .y }}\n{{- end }}\n", "template"),
        ("bytes that are no text", b"\xff\xfea\x00\xd8", "UTF-16"),
        ("broken UTF-8", b"a: \xff\n", "UTF-8"),
        ("NUL bytes", b"a: b\x00c\n", "NUL"),
        ("ten thousand levels", b"[" * 10_000, "deeper"),
    ],
)
def test_a_file_that_cannot_be_read_is_listed_with_its_reason(
    what: str, content: bytes, said: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.yaml").write_bytes(content)
    (tmp_path / "compose.yaml").write_text(WEAK)
    result = run(tmp_path)
    assert [u.place for u in result.could_not_read] == ["bad.yaml"], what
    assert said in result.could_not_read[0].reason
    assert result.findings, "one bad file must not stop the scan"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_and_windows_line_ends_are_read(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes(WEAK.replace("\n", "\r\n").encode(encoding))
    assert {f.check for f in run(tmp_path).findings} >= {"no-authentication", "privileged-container"}


def test_a_link_that_leads_in_circles_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert run(tmp_path).files == 1


def test_a_suppression_with_a_reason_holds_on_its_line_only(tmp_path: Path) -> None:
    line = "    privileged: true"
    text = WEAK.replace(
        line, line + "  # undercroft: ignore[privileged-container] the device plugin needs it until March"
    )
    (tmp_path / "compose.yaml").write_text(text)
    assert "privileged-container" not in {f.check for f in run(tmp_path).findings}
    assert "no-authentication" in {f.check for f in run(tmp_path).findings}


@pytest.mark.parametrize(
    "comment", ["# undercroft: ignore[privileged-container]", "# undercroft: ignore[no-tls] because"]
)
def test_a_suppression_without_a_reason_or_for_another_check_does_not_hold(comment: str, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK.replace("privileged: true", f"privileged: true {comment}"))
    assert "privileged-container" in {f.check for f in run(tmp_path).findings}


def test_fingerprints_survive_lines_that_move(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    before = {f.fingerprint for f in run(tmp_path).findings}
    (tmp_path / "compose.yaml").write_text("# a comment\n\n" + WEAK)
    assert {f.fingerprint for f in run(tmp_path).findings} == before


def test_two_scans_of_one_tree_read_alike(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(WEAK)
    assert as_json.render(run(tmp_path)) == as_json.render(run(tmp_path))


PLANTED = {
    "compose.yaml": f"""\
services:
  a:
    image: vllm/vllm-openai:v0.8.5
    command: ["--model", "m", "--api-key", "{CANARY}"]
    environment:
      HF_TOKEN: {CANARY}
  b:
    image: acme/b:1
    command: serve --password={CANARY} --other
    environment:
      - SECRET_KEY={CANARY}
      - DATABASE_URL=postgres://u:{CANARY}@db/x
""",
    "secret.yaml": f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {CANARY}}}\n",
    "deployment.yaml": f"""\
apiVersion: v1
kind: Pod
metadata: {{name: p}}
spec:
  containers:
    - name: c
      image: acme/c:1
      args: ["--token", "{CANARY}", "--api-key={CANARY}"]
      env: [{{name: API_KEY, value: {CANARY}}}]
""",
    "Dockerfile": f'FROM python:3.11\nENV API_TOKEN={CANARY} OTHER=1\nARG PASSWORD={CANARY}\nCMD ["serve", "--secret-key", "{CANARY}"]\n',
    ".env": f"TOKEN={CANARY}\n",
}


def test_a_planted_secret_shows_in_no_output(tmp_path: Path) -> None:
    for name, text in PLANTED.items():
        (tmp_path / name).write_text(text)
    result = run(tmp_path)
    assert {f.evidence[0].file for f in result.findings if f.check in {"hardcoded-secret", "secret-in-args"}} >= {  # type: ignore[union-attr]
        "compose.yaml",
        "secret.yaml",
        "deployment.yaml",
        "Dockerfile",
    }
    for shown in (
        repr(result),
        as_json.render(result),
        sarif.render(result),
        terminal.render(result, width=120, colour=True),
    ):
        assert CANARY not in shown


def test_nothing_of_a_scanned_tree_is_executed(tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    (tmp_path / "compose.yaml").write_text(
        f"services:\n  a:\n    image: !!python/object/apply:os.system ['touch {mark}']\n    command: $(touch {mark})\n"
    )
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.11\nRUN touch {mark}\n")
    run(tmp_path)
    assert not mark.exists()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["compose.yaml", "Dockerfile", "k.json"]))
def test_any_bytes_are_read_or_listed(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    result = run(tmp_path)
    (tmp_path / name).unlink()
    assert json.loads(as_json.render(result))["could_not_read"] is not None


scalars = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("a${}:-/.@{", max_size=8))
shapes = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["image", "command", "ports", "environment", "volumes", "user", "deploy", "x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(shapes)
def test_a_service_of_any_shape_is_read(tmp_path: Path, shape: object) -> None:
    (tmp_path / "compose.yaml").write_text(
        json.dumps({"services": {"a": {"image": "vllm/vllm-openai:v0.8.5"}, "b": shape}})
    )
    run(tmp_path)


keys = st.sampled_from(
    [
        "spec",
        "template",
        "containers",
        "env",
        "name",
        "valueFrom",
        "ports",
        "securityContext",
        "volumes",
        "labels",
        "metadata",
        "args",
    ]
)
objects = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=14,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    objects, st.sampled_from(["Pod", "Deployment", "Service", "Ingress", "NetworkPolicy", "CronJob", "Secret", "List"])
)
def test_an_object_of_any_shape_is_read(tmp_path: Path, shape: object, kind: str) -> None:
    (tmp_path / "k.yaml").write_text(
        json.dumps(
            {"apiVersion": "v1", "kind": kind, "metadata": {"name": "n"}, "spec": shape, "data": shape, "items": shape}
        )
    )
    run(tmp_path)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:8000", "127.0.0.1:8000", "127.0.0.1", "localhost", "10.0.0.0/24", "models.example:443"]
)
def test_an_address_is_no_path(target: str) -> None:
    assert not is_path(target)


@pytest.mark.parametrize("target", [".", "./deploy", "/etc", "deploy", "~/x"])
def test_a_path_is_no_address(target: str) -> None:
    assert is_path(target)
