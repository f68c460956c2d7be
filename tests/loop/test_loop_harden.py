"""Patches are believed only when a scan of the patched files agrees."""

import json

import pytest

from undercroft.catalogue import loader
from undercroft.loop import harden as module
from undercroft.loop import show
from undercroft.loop.harden import CannotHarden, State, harden
from undercroft.scan.run import Request, scan

COMPONENTS = dict(loader.load().components)
JUPYTER = "quay.io/jupyter/scipy-notebook:2025-03-14"
VLLM = "vllm/vllm-openai:v0.8.5"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llm}
spec:
  template:
    metadata: {labels: {app: llm}}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.8.5
          args:
            - --model=m
            - --trust-remote-code
          securityContext:
            privileged: true   # the driver
---
apiVersion: v1
kind: Service
metadata: {name: llm}
spec:
  type: LoadBalancer # for the demo
  selector: {app: llm}
  ports: [{port: 80, targetPort: 8000}]
"""


def scanned(targets):
    return scan(Request(targets), COMPONENTS)


def compose(body, image=VLLM):
    return f"services:\n  it:\n    image: {image}\n{body}"


def mended(tmp_path, text, check, name="compose.yaml"):
    """The file after a written patch of one check's only finding, proved by scanning once more."""
    path = tmp_path / name
    path.write_bytes(text.encode())
    assert check in {f.check for f in scanned((str(tmp_path),)).result.findings}
    done = harden([str(tmp_path)], scanned, write=True, select=frozenset({check}))
    assert {o.state for o in done.outcomes} == {State.APPLIED}, done.outcomes
    assert check not in {f.check for f in scanned((str(tmp_path),)).result.findings}
    again = harden([str(tmp_path)], scanned, write=True, select=frozenset({check}))
    assert (again.outcomes, again.written) == ((), False)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("check", "image", "before", "after"),
    [
        ("exposed-port", VLLM, '    ports:\n      - "8000:8000"  # team\n', '    ports:\n      - "127.0.0.1:8000:8000"  # team\n'),
        ("exposed-port", VLLM, "    ports:\n      - 9000:8000 # team\n", '    ports:\n      - "127.0.0.1:9000:8000" # team\n'),
        ("exposed-port", VLLM, "    ports: ['8000:8000']\n", '    ports: ["127.0.0.1:8000:8000"]\n'),
        (
            "exposed-port", VLLM,
            "    ports:\n      - published: 8000\n        target: 8000 # api\n",
            '    ports:\n      - published: 8000\n        host_ip: "127.0.0.1"\n        target: 8000 # api\n',
        ),
        (
            "exposed-port", VLLM,
            "    ports:\n      - target: 8000\n        published: 8000\n        host_ip: 0.0.0.0 # all\n",
            '    ports:\n      - target: 8000\n        published: 8000\n        host_ip: "127.0.0.1" # all\n',
        ),
        ("privileged-container", VLLM, "    privileged: true # gpu\n", "    privileged: false # gpu\n"),
        (
            "default-credential", "postgres:16",
            "    environment:\n      POSTGRES_PASSWORD: mlflow # local\n      POSTGRES_USER: mlflow\n",
            '    environment:\n      POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD outside this file}" # local\n      POSTGRES_USER: mlflow\n',
        ),
        (
            "default-credential", "postgres:16",
            "    environment:\n      - 'POSTGRES_PASSWORD=admin' # local\n",
            "    environment:\n      - 'POSTGRES_PASSWORD=${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD outside this file}' # local\n",
        ),
        (
            "hardcoded-secret", VLLM,
            "    environment:\n      - HF_TOKEN=hf_3kW9sPqLr7TzXbVn2Mc8\n",
            "    environment:\n      - HF_TOKEN=${HF_TOKEN:?set HF_TOKEN outside this file}\n",
        ),
        (
            "hardcoded-secret", VLLM,
            '    environment: {HF_TOKEN: "hf_3kW9sPqLr7TzXbVn2Mc8", A: b}\n',
            '    environment: {HF_TOKEN: "${HF_TOKEN:?set HF_TOKEN outside this file}", A: b}\n',
        ),
        (
            "trust-remote-code", VLLM,
            "    command:\n      - --model=m\n      - '--trust-remote-code'  # custom\n      - --port=8000\n",
            "    command:\n      - --model=m\n      - --port=8000\n",
        ),
        (
            "no-authentication", JUPYTER,
            '    command:\n      - start-notebook.py\n      - --IdentityProvider.token= # open\n    ports: ["127.0.0.1:8888:8888"]\n',
            ('    command:\n      - start-notebook.py\n      - "--IdentityProvider.token=${JUPYTER_SERVER_TOKEN:?set a long random token}" # open\n'
            '    ports: ["127.0.0.1:8888:8888"]\n'),
        ),
        (
            "no-authentication", JUPYTER,
            "    command: start-notebook.py --ServerApp.password='' --IdentityProvider.token='' # open\n",
            ("    command: start-notebook.py --ServerApp.password='' "
            '"--IdentityProvider.token=${JUPYTER_SERVER_TOKEN:?set a long random token}" # open\n'),
        ),
        (
            "no-authentication", JUPYTER,
            "    command: start-notebook.py --ServerApp.password '' --IdentityProvider.token ''\n",
            ("    command: start-notebook.py --ServerApp.password '' --IdentityProvider.token "
            '"${JUPYTER_SERVER_TOKEN:?set a long random token}"\n'),
        ),
    ],
)  # fmt: skip
def test_a_compose_fix_is_proved_by_scanning_again(tmp_path, check, image, before, after):
    assert mended(tmp_path, compose(before, image), check) == compose(after, image)


@pytest.mark.parametrize(
    ("check", "before", "after"),
    [
        ("privileged-container", "privileged: true   # the driver", "privileged: false   # the driver"),
        ("trust-remote-code", "            - --trust-remote-code\n", ""),
        ("public-service", "type: LoadBalancer # for the demo", "type: ClusterIP # for the demo"),
    ],
)
def test_a_kubernetes_fix_is_proved_by_scanning_again(tmp_path, check, before, after):
    assert mended(tmp_path, DEPLOYMENT, check, "llm.yaml") == DEPLOYMENT.replace(before, after)


def test_a_service_in_a_json_manifest_keeps_its_quotes(tmp_path):
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "llm"},
        "spec": {"type": "LoadBalancer", "selector": {"app": "llm"}, "ports": [{"port": 80, "targetPort": 8000}]},
    }
    (tmp_path / "llm.yaml").write_text(DEPLOYMENT.partition("---")[0])
    text = mended(tmp_path, json.dumps(service, indent=1), "public-service", "service.json")
    assert json.loads(text)["spec"]["type"] == "ClusterIP"


def test_a_service_with_a_node_port_gets_no_patch_that_the_api_server_would_refuse(tmp_path):
    text = DEPLOYMENT.replace("LoadBalancer", "NodePort").replace(
        "targetPort: 8000", "targetPort: 8000, nodePort: 30080"
    )
    (tmp_path / "llm.yaml").write_text(text)
    assert harden([str(tmp_path)], scanned, select=frozenset({"public-service"})).outcomes == ()


def test_a_range_of_ports_gets_no_patch_that_would_lose_some(tmp_path):
    (tmp_path / "compose.yaml").write_text(compose('    ports: ["8000-8005:8000-8005"]\n'))
    assert harden([str(tmp_path)], scanned, select=frozenset({"exposed-port"})).outcomes == ()


def test_line_ends_mark_and_missing_last_line_end_survive(tmp_path):
    text = compose("    privileged: true\n    ports:\n      - 8000:8000").replace("\n", "\r\n")
    path = tmp_path / "compose.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    harden([str(tmp_path)], scanned, write=True)
    wanted = text.replace("privileged: true", "privileged: false").replace("- 8000:8000", '- "127.0.0.1:8000:8000"')
    assert path.read_bytes() == b"\xef\xbb\xbf" + wanted.encode()


@pytest.fixture
def weak(tmp_path):
    path = tmp_path / "compose.yaml"
    path.write_text(compose("    privileged: true\n    ports:\n      - 8000:8000\n"))
    return path


def test_nothing_is_written_unless_asked(weak):
    before = weak.read_bytes()
    done = harden([str(weak.parent)], scanned)
    assert {o.state for o in done.outcomes} == {State.PROVED}
    assert weak.read_bytes() == before
    assert [p.name for p in weak.parent.iterdir()] == ["compose.yaml"]
    assert "+    privileged: false" in done.changes[0].diff


def test_a_single_file_can_be_hardened(weak):
    done = harden([str(weak)], scanned, write=True)
    assert {o.state for o in done.outcomes} == {State.APPLIED}
    assert "privileged: false" in weak.read_text()


def test_a_backup_holds_the_old_bytes_and_is_not_scanned(weak):
    before = weak.read_bytes()
    done = harden([str(weak.parent)], scanned, write=True)
    assert (weak.parent / done.changes[0].backup).read_bytes() == before
    assert scanned((str(weak.parent),)).result.files == 1


def test_a_file_changed_between_scan_and_patch_is_refused_by_name(weak):
    def late(targets):
        observed = scanned(targets)
        if str(weak.parent) in targets:
            weak.write_text(weak.read_text().replace("privileged: true", "privileged: true "))
        return observed

    done = harden([str(weak.parent)], late, write=False, select=frozenset({"privileged-container"}))
    assert [(o.state, o.reason) for o in done.outcomes] == [
        (State.REJECTED, "compose.yaml:4: the line has changed since it was scanned; scan it again")
    ]
    assert done.changes == ()


def broken(check, new):
    """A scan whose fix for ``check`` puts ``new`` where the right text belongs."""
    from dataclasses import replace

    def worse(finding):
        if finding.check != check:
            return finding
        edits = tuple(replace(edit, new=new) for edit in finding.fix.edits)
        return replace(finding, fix=replace(finding.fix, edits=edits))

    def scan_it(targets):
        observed = scanned(targets)
        return replace(observed, result=replace(observed.result, findings=tuple(map(worse, observed.result.findings))))

    return scan_it


def states(done):
    return {o.finding.check: (o.state, o.reason) for o in done.outcomes}


@pytest.mark.parametrize("write", [False, True])
def test_a_patch_that_does_not_remove_its_finding_is_left_out_and_the_others_stay(weak, write):
    done = harden([str(weak.parent)], broken("privileged-container", "true"), write=write)
    assert states(done)["privileged-container"] == (
        State.REJECTED,
        "the finding is still there: The container runs privileged",
    )
    assert states(done)["exposed-port"][0] is (State.APPLIED if write else State.PROVED)
    assert ("127.0.0.1" in weak.read_text()) is write
    assert "privileged: true" in weak.read_text()


def test_a_patch_that_breaks_the_file_is_rejected_although_its_finding_is_gone(weak):
    done = harden([str(weak.parent)], broken("privileged-container", "[}"))
    state, reason = states(done)["privileged-container"]
    assert (state, "can then not be read" in reason) == (State.REJECTED, True)


def test_a_patch_that_brings_another_finding_is_rejected(weak):
    done = harden([str(weak.parent)], broken("privileged-container", "false\n    pid: host"))
    state, reason = states(done)["privileged-container"]
    assert (state, "it brings a new finding, host-namespace" in reason) == (State.REJECTED, True)


def test_a_patch_that_hides_the_component_is_rejected(weak):
    done = harden([str(weak.parent)], broken("privileged-container", "false\n    image: other"))
    state, reason = states(done)["privileged-container"]
    assert (state, "no longer recognised" in reason) == (State.REJECTED, True)


def test_real_files_that_disagree_with_the_copy_are_put_back(weak):
    before = weak.read_bytes()

    def stubborn(targets):
        observed = scanned(targets)
        if str(weak.parent) in targets and weak.read_bytes() != before:
            return first  # as if something outside the tree kept the findings alive
        return observed

    first = scanned((str(weak.parent),))
    done = harden([str(weak.parent)], stubborn, write=True)
    assert {o.state for o in done.outcomes} == {State.REJECTED}
    assert weak.read_bytes() == before
    assert [p.name for p in weak.parent.iterdir()] == ["compose.yaml"]


def test_a_write_that_fails_half_way_leaves_every_file_as_it_was(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(compose("    privileged: true\n"))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    calls = []

    def second_fails(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", str(target))
        source.replace(target)

    with pytest.raises(CannotHarden, match="No space left on device; every file is as it was"):
        harden([str(tmp_path)], scanned, write=True, rename=second_fails)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_an_interrupt_during_the_proof_puts_everything_back(weak):
    before = weak.read_bytes()

    def interrupted(targets):
        if str(weak.parent) in targets and weak.read_bytes() != before:
            raise KeyboardInterrupt
        return scanned(targets)

    with pytest.raises(KeyboardInterrupt):
        harden([str(weak.parent)], interrupted, write=True)
    assert weak.read_bytes() == before
    assert [p.name for p in weak.parent.iterdir()] == ["compose.yaml"]


def test_a_tree_too_large_to_copy_is_shown_unproved_and_proved_in_place(weak, monkeypatch):
    monkeypatch.setattr("undercroft.loop.files.MAX_COPIED_FILES", 0)
    assert {o.state for o in harden([str(weak.parent)], scanned).outcomes} == {State.UNPROVED}
    done = harden([str(weak.parent)], broken("privileged-container", "true"), write=True)
    assert {check: state for check, (state, _) in states(done).items()} == {
        "privileged-container": State.REJECTED, "exposed-port": State.APPLIED,
    }  # fmt: skip
    assert "privileged: true" in weak.read_text()


def test_two_targets_with_a_file_of_one_name_are_not_mixed_up(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "compose.yaml").write_text(compose("    privileged: true\n"))
    done = harden([str(tmp_path / "a"), str(tmp_path / "b")], scanned, select=frozenset({"privileged-container"}))
    assert {o.reason for o in done.outcomes} == {
        "compose.yaml is in more than one of the targets; harden them one at a time"
    }


def test_a_symlink_given_as_target_stays_a_symlink(weak):
    link = weak.parent / "link.yaml"
    link.symlink_to(weak)
    harden([str(link)], scanned, write=True)
    assert link.is_symlink()
    assert "privileged: false" in weak.read_text()


def test_no_form_of_the_report_holds_the_secret_that_is_taken_out(tmp_path):
    secret = "Zk39xPq7LmT2"
    (tmp_path / "compose.yaml").write_text(compose(f"    environment:\n      API_KEY: {secret} # note {secret}\n"))
    done = harden([str(tmp_path)], scanned)
    assert done.changes[0].masked
    for text in (
        show.hardening(done),
        show.hardening(done, colour=True),
        show.hardening_diff(done),
        show.hardening_json(done),
    ):
        assert secret not in text
    assert "masked" in show.hardening(done)
    assert show.hardening_diff(done).startswith("# Lines of compose.yaml hold secrets")


def test_a_diff_for_people_does_not_act_on_their_terminal(tmp_path):
    (tmp_path / "compose.yaml").write_text(compose("    # \u202e hidden\n    privileged: true\n"))
    assert "\u202e" not in show.hardening(harden([str(tmp_path)], scanned))


def test_reasons_cover_every_state_that_a_patch_can_end_in():
    assert set(module._REASONS) == set(State) - {State.REJECTED}
