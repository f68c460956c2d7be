"""The two verbs as people run them: separate processes, real signals, real files."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from guard_playbook import chat
from guard_server import ModelServer

from undercroft.guard.adapters.drive import play
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Target

PROGRAM = (sys.executable, "-c", "import sys; from undercroft.cli.main import main; sys.exit(main())")


async def start(*words: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *PROGRAM, *words, stdout=pipe, stderr=pipe, env=os.environ | {"PYTHONWARNINGS": "error"}
    )


async def run(*words: str) -> tuple[int, str, str]:
    process = await start(*words)
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def listening(process: asyncio.subprocess.Process) -> tuple[list[str], int]:
    """Lines up to ``ready``, and the port."""
    lines: list[str] = []
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while lines[-1:] != ["ready"]:
            line = await process.stderr.readline()
            assert line, lines
            lines.append(line.decode().rstrip())
    return lines, int(lines[0].partition("listening on 127.0.0.1:")[2].partition(",")[0])


def test_from_a_new_key_to_a_served_request_to_a_revoked_key_to_a_clean_stop(tmp_path: Path) -> None:
    async def main() -> None:
        keys, events = str(tmp_path / "keys"), tmp_path / "events"
        status, out, err = await run("keys", "new", "--file", keys, "--owner", "team-a")
        assert (status, err) == (0, "")
        key = out.strip()
        assert out == key + "\n"
        upstream = ModelServer()
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        process = await start(
            "guard", "--upstream", url, "--profile", "openai", "--listen", "127.0.0.1:0", "--keys", keys, "--events", str(events),
            "--header-timeout", "1",
        )  # fmt: skip
        try:
            lines, port = await listening(process)
            assert len(lines) == 5
            assert [line.partition(": ")[2].partition(":")[0] for line in lines[1:4]] == ["enforced"] * 3
            target = Target("guard.test", key=key)
            assert (await play(requests.plain(target), "127.0.0.1", port)).status == 200
            assert (await play(requests.no_key(target), "127.0.0.1", port)).status == 401
            assert (await run("keys", "list", "--file", keys))[1].split()[:2] == [key.split("_")[1], "team-a"]
            assert (await run("keys", "revoke", key.split("_")[1], "--file", keys))[0] == 0
            async with asyncio.timeout(20):
                while (await play(requests.plain(target), "127.0.0.1", port)).status != 401:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
            os.chmod(keys, 0o644)  # noqa: PTH101 - one call on a local file
            async with asyncio.timeout(20):
                while (await play(requests.plain(target), "127.0.0.1", port)).status != 503:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.2)
        finally:
            process.send_signal(signal.SIGTERM)
            out_rest, err_rest = await process.communicate()
            server.close()
        assert process.returncode == 0, err_rest
        assert b"everybody is refused" in err_rest
        records = [json.loads(line) for line in events.read_text().splitlines()]
        assert [record["status"] for record in records[:2]] == [200, 401]
        assert records[0]["cost"] == 7
        everything = events.read_text() + out_rest.decode() + err_rest.decode() + "\n".join(lines)
        assert key not in everything
        assert chat().decode() not in everything

    asyncio.run(main())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--keys", "none"], "not serving: none: No such file"),
        (["--keys", "empty"], "not serving: empty: holds no key"),
        (["--keys", "open"], "chmod 600"),
        (["--keys", "good", "--profile", "nothing"], "no profile 'nothing'"),
        (["--keys", "good", "--upstream", "ftp://a"], "upstream must look like"),
        (["--keys", "good", "--upstream", "http://user:pass@a"], "upstream must look like"),
        (["--keys", "good", "--max-body", "0"], "max_body must be greater than 0"),
        (["--keys", "good", "--max-body", "16"], "self-probe: a valid request is served does not hold"),
    ],
)
def test_a_guard_that_cannot_be_relied_on_does_not_serve_and_says_why(
    tmp_path: Path, monkeypatch, words: list[str], says: str
) -> None:
    from undercroft.guard.state import add_key

    monkeypatch.chdir(tmp_path)
    add_key(tmp_path / "good", "a")
    (tmp_path / "empty").touch(mode=0o600)
    add_key(tmp_path / "open", "a")
    (tmp_path / "open").chmod(0o644)
    usual = [
        "guard",
        "--upstream",
        "http://127.0.0.1:9",
        "--profile",
        "openai",
        "--listen",
        "127.0.0.1:0",
        "--header-timeout",
        "0.5",
    ]
    status, out, err = asyncio.run(run(*usual, *words))
    assert (status, out) == (2, "")
    assert says in err
    assert "ready" not in err.splitlines()
    assert "pass" not in err
    assert "Traceback" not in err
