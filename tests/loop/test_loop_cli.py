"""The loop's verbs: what they print, and what their exit status says."""

import asyncio
import json
import threading

import pytest

from undercroft.cli.main import main

WEAK = "services:\n  it:\n    image: vllm/vllm-openai:v0.8.5\n    privileged: true\n    ports:\n      - 8000:8000\n"


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "compose.yaml").write_text(WEAK)
    return tmp_path


def test_harden_shows_then_applies_then_has_nothing_to_do(tree, capsys):
    assert main(["harden", str(tree)]) == 1
    shown = capsys.readouterr().out
    assert "proved by scanning a patched copy. Nothing was written" in shown
    assert (tree / "compose.yaml").read_text() == WEAK
    assert main(["harden", str(tree), "--write"]) == 0
    assert "2 patches applied; a scan of the patched files agrees." in capsys.readouterr().out
    assert main(["harden", str(tree), "--write"]) == 0
    assert "Nothing to mend by patch." in capsys.readouterr().out


def test_harden_diff_is_a_diff_and_nothing_else(tree, capsys):
    assert main(["harden", str(tree), "--format", "diff", "--select", "privileged-container"]) == 1
    assert capsys.readouterr().out == (
        "--- a/compose.yaml\n+++ b/compose.yaml\n@@ -1,6 +1,6 @@\n services:\n   it:\n     image: vllm/vllm-openai:v0.8.5\n"
        "-    privileged: true\n+    privileged: false\n     ports:\n       - 8000:8000\n"
    )


def test_harden_json_tells_each_patch(tree, capsys):
    assert main(["harden", str(tree), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {(p["check"], p["state"]) for p in told["patches"]} == {
        ("privileged-container", "proved"),
        ("exposed-port", "proved"),
    }
    assert told["written"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tree}/none"], "no such file or folder"),
        (["127.0.0.1:8000"], "only files can be hardened"),
        (["{tree}", "--select", "no-such-check"], "there is no check no-such-check"),
    ],
)
def test_harden_says_why_it_cannot_run(tree, capsys, arguments, message):
    assert main(["harden", *(a.format(tree=tree) for a in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_a_draft_is_no_drift_and_a_change_is(tree, capsys, tmp_path_factory):
    expected = tmp_path_factory.mktemp("expected") / "expected.yaml"
    assert main(["expect", "--from", str(tree), "--output", str(expected)]) == 0
    assert main(["drift", str(tree), "--expected", str(expected)]) == 0
    assert "0 differences" in capsys.readouterr().out
    expected.write_text(expected.read_text().replace("private network", "loopback"))
    assert main(["drift", str(tree), "--expected", str(expected), "--format", "json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert (difference["subject"], difference["field"], difference["found"]) == ("it", "exposure", "private network")
    assert difference["evidence"][0]["line"] == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nservices:\n  it: {component: vllm, exposed: no}\n", "unknown field `exposed`"),
        ("version: 1\nservices:\n  it: {component: vlm}\n", "'vlm' is none; there are"),
    ],
)
def test_drift_refuses_an_expectation_it_would_not_check(tree, capsys, text, message):
    expected = tree / "expected.yaml"
    expected.write_text(text)
    assert main(["drift", str(tree), "--expected", str(expected)]) == 2
    assert message in capsys.readouterr().err


def test_expect_says_why_it_cannot_write(tree, capsys):
    assert main(["expect", "--from", str(tree), "--output", str(tree / "none" / "expected.yaml")]) == 2
    assert "give a path that can be written" in capsys.readouterr().err


@pytest.fixture
def port():
    """A server on loopback that answers every request with an empty 200, without asking for a key."""
    ready, loop, ports = threading.Event(), asyncio.new_event_loop(), []
    stop = asyncio.Event()

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            writer.close()

    async def serve():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_an_unrecognised_server_on_a_given_port_is_drift(tree, capsys, port):
    expected = tree / "expected.yaml"
    expected.write_text("version: 1\nservices: {}\n")
    assert main(["drift", f"127.0.0.1:{port}", "--expected", str(expected), "--format", "json"]) == 1
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert (difference["kind"], difference["found"]) == ("unexpected", f"an unrecognised server at 127.0.0.1:{port}")


def test_prove_finds_an_open_endpoint(capsys, port, monkeypatch):
    monkeypatch.delenv("UNDERCROFT_KEY", raising=False)
    assert main(["prove", f"http://127.0.0.1:{port}", "--drills", "no-key,huge-n", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [d["verdict"] for d in told["drills"]] == ["present", "present"]
    assert "loopback" in told["authorisation"]


def test_prove_does_not_leave_the_scope(capsys):
    assert main(["prove", "http://192.0.2.1:8000"]) == 2
    assert "192.0.2.1 is not in scope" in capsys.readouterr().err


def test_prove_could_not_run_where_nothing_listens(capsys, tmp_path):
    key = tmp_path / "key"
    key.write_text("uc_a_key_that_is_not_shown\n")
    assert main(["prove", "http://127.0.0.1:1", "--key-file", str(key)]) == 2
    told = capsys.readouterr()
    assert "could not be drilled" in told.err
    assert "uc_a_key" not in told.out + told.err


def test_prove_says_which_key_file_is_missing(capsys, tmp_path):
    assert main(["prove", "http://127.0.0.1:1", "--key-file", str(tmp_path / "none")]) == 2
    assert "give a file that holds one key" in capsys.readouterr().err


def test_prove_prints_what_was_sent_when_it_is_interrupted(capsys, port, monkeypatch):
    from undercroft.guard.adapters import drive

    sound = drive.play

    async def interrupted(stimulus, host, where):
        if stimulus.name == "huge-n":
            raise KeyboardInterrupt
        return await sound(stimulus, host, where)

    monkeypatch.setattr(drive, "play", interrupted)
    assert main(["prove", f"http://127.0.0.1:{port}", "--drills", "no-key,huge-n"]) == 130
    told = capsys.readouterr().out
    assert "Interrupted" in told
    assert "no-key" in told
