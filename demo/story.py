"""The whole story on real servers, on loopback: scan, harden, drill, guard, drill again, watch, drift, report.

It starts what ``demo/stack/compose.yaml`` describes (a Jupyter Server without a token, an MLflow, a small OpenAI-compatible model
server), runs the same commands a user would, and reads what it says at the end from what those commands wrote. Everything it makes
is in ``.demo``; everything it starts is stopped, whatever happens.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from demo import make_auth_log  # noqa: E402

from lab import serve  # noqa: E402
from undercroft.model.alert import Alert  # noqa: E402
from undercroft.model.result import Difference, DrillResult, ScanResult  # noqa: E402
from undercroft.model.risk import Risk  # noqa: E402
from undercroft.model.verdict import Severity, Verdict  # noqa: E402
from undercroft.report import drills, html  # noqa: E402
from undercroft.report import json as scan_json  # noqa: E402

WORK = ROOT / ".demo"
UNDERCROFT = Path(sys.executable).with_name("undercroft")
DRILLS = "no-key,large-header,header-drip,huge-n"
DRIP_SECONDS = "15"
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


class DemoError(RuntimeError):
    """A step did not do what the story needs. The message says which and where to look."""


def say(text: str = "") -> None:
    print(text, flush=True)


def chapter(number: int, title: str) -> None:
    bold, plain = ("\x1b[1m", "\x1b[0m") if COLOUR else ("", "")
    say(f"\n{bold}{number}. {title}{plain}")


def undercroft(*arguments: str, may: Sequence[int] = (0, 1), show: int = 0, env: dict[str, str] | None = None) -> str:
    """Run the command as a user would, print it and up to ``show`` lines of what it said; its output comes back."""
    say(f"   $ undercroft {' '.join(arguments)}")
    done = subprocess.run(
        [str(UNDERCROFT), *arguments],
        cwd=WORK,
        capture_output=True,
        text=True,
        timeout=180,
        env=os.environ | (env or {}),
        check=False,
    )
    if done.returncode not in may:
        raise DemoError(
            f"undercroft {arguments[0]} ended with {done.returncode}: {done.stderr.strip() or done.stdout.strip()}"
        )
    lines = done.stdout.splitlines()
    for line in lines[:show]:
        say(f"     {line}")
    if show and len(lines) > show:
        say(f"     … {len(lines) - show} more lines")
    return done.stdout


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on right now."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def counted(result: ScanResult) -> str:
    """``1 critical, 5 high …`` of the findings that are present."""
    present = [f for f in result.findings if f.verdict is Verdict.PRESENT]
    parts = [f"{n} {s}" for s in sorted(Severity, reverse=True) if (n := sum(f.severity is s for f in present))]
    return ", ".join(parts) or "nothing"


def scan(name: str, *targets: str) -> ScanResult:
    """Scan, keep the JSON, and read it back."""
    undercroft("scan", *targets, "--format", "json", "--output", f"{name}.json")
    return scan_json.parse((WORK / f"{name}.json").read_text(encoding="utf-8"))


def worst(result: ScanResult, count: int) -> None:
    for finding in result.findings[:count]:
        where = finding.evidence[0].where if finding.evidence else ""
        say(f"     {finding.severity!s:<9}{finding.title}  [{where}]")
    if len(result.findings) > count:
        say(f"     … and {len(result.findings) - count} more")


def prove(name: str, url: str, key: str = "") -> tuple[DrillResult, ...]:
    """Run the drills and read their results back."""
    env = {"UNDERCROFT_KEY": key}
    text = undercroft("prove", url, "--drills", DRILLS, "--seconds", DRIP_SECONDS, "--format", "json", env=env)
    (WORK / f"{name}.json").write_text(text, encoding="utf-8")
    document = json.loads(text)
    rows = next(value for value in document.values() if isinstance(value, list))
    return tuple(msgspec.convert(row, DrillResult) for row in rows)


def start_guard(model_url: str, port: int) -> "tuple[subprocess.Popen[str], str]":
    """Make a key, start the guard in front of the model server, and wait for its ``ready``."""
    key = undercroft("keys", "new", "--file", "keys.jsonl", "--owner", "demo").strip()
    words = [
        "guard",
        "--upstream",
        model_url,
        "--profile",
        "openai",
        "--listen",
        f"127.0.0.1:{port}",
        "--keys",
        "keys.jsonl",
        "--events",
        "guard.jsonl",
    ]
    say(f"   $ undercroft {' '.join(words)} &")
    process = subprocess.Popen([str(UNDERCROFT), *words], cwd=WORK, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        say(f"     {line.rstrip()}")
        if line.strip() == "ready":
            return process, key
    raise DemoError(f"the guard ended with {process.wait(timeout=10)} before it was ready")


def stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def legitimate(url: str, key: str) -> int:
    """One small request with the key, by the openai client, unchanged; returns the answer's length."""
    from openai import OpenAI

    with OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=30) as client:
        answer = client.chat.completions.create(
            model="demo", messages=[{"role": "user", "content": "hello from a real client"}]
        )
    return len(answer.choices[0].message.content or "")


def alert_of(row: dict[str, Any]) -> Alert:
    times = {name: datetime.fromisoformat(row[name]).timestamp() for name in ("first_seen", "last_seen")}
    return msgspec.convert(row | times, Alert)


def difference_of(row: dict[str, Any]) -> Difference:
    kept = {key: value for key, value in row.items() if key != "evidence"}
    return Difference(**kept | {"risk": Risk(row["risk"]), "severity": Severity(row["severity"])})


def main() -> int:
    began = time.monotonic()
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.copytree(ROOT / "demo" / "stack", WORK / "stack")
    shutil.copy(ROOT / "demo" / "expected.yaml", WORK)
    notebook, tracking, model, guarded = free_ports(4)
    (WORK / "stack" / ".env").write_text(f"NOTEBOOK_PORT={notebook}\nTRACKING_PORT={tracking}\nMODEL_PORT={model}\n")
    places = [f"127.0.0.1:{port}" for port in (notebook, tracking, model)]
    with ExitStack() as cleanup:
        chapter(1, "A team's stack: files, and what they start")
        say("   starting Jupyter Server without a token, MLflow and a model server on loopback (MLflow takes its time)")
        for name, port in (("mlflow", tracking), ("jupyter", notebook), ("model", model)):
            server = cleanup.enter_context(serve.running(name, port, WORK / "servers" / name))
            say(f"     {name:<8} {server.url}  up after {server.seconds:.0f} s")

        chapter(2, "Scan: files and live endpoints, one list")
        before = scan("before", "stack", *places)
        worst(before, 8)
        say(f"     {before.files} files, {before.endpoints} endpoints: {counted(before)}")
        for sentence in before.joined:
            say(f"     joined: {sentence}")

        chapter(3, "Harden: the fixes as a diff, proved in a copy, then written")
        undercroft("harden", "stack", show=24)
        undercroft("harden", "stack", "--write", may=(0, 1), show=0)
        after = scan("after", "stack", *places)
        again = undercroft("harden", "stack", may=(0,)).strip()
        say(
            f"     before: {counted(before)}\n     after:  {counted(after)}\n     a second run: {again.splitlines()[0]}"
        )

        say("   the same kind of stack twice, weak and hardened (examples/):")
        for name in ("weak-stack", "hardened-stack"):
            say(f"     {name:<15}{counted(scan(name, str(ROOT / 'examples' / name)))}")

        chapter(4, "Prove: bounded drills against the bare model server")
        bare = prove("drills-before", f"http://{places[2]}")
        say(_indented(drills.render(bare, colour=COLOUR)))

        chapter(5, "Guard: the same server behind keys, limits and deadlines")
        process, key = start_guard(f"http://{places[2]}", guarded)
        cleanup.callback(stop, process)
        length = legitimate(f"http://127.0.0.1:{guarded}", key)
        say(f"     a real client with the key: answered, {length} characters")
        held = prove("drills-after", f"http://127.0.0.1:{guarded}", key)
        say(_indented(drills.render(bare, held, colour=COLOUR)))
        stop(process)

        chapter(6, "Watch: who tried what")
        (WORK / "auth.log").write_text("\n".join(make_auth_log.lines()) + "\n", encoding="utf-8")
        found = undercroft("watch", "auth.log", "guard.jsonl", "--format", "json")
        (WORK / "alerts.jsonl").write_text(found, encoding="utf-8")
        alerts = tuple(alert_of(json.loads(line)) for line in found.splitlines())
        for alert in sorted(alerts, key=lambda a: a.severity, reverse=True):
            say(f"     {alert.severity!s:<9}{alert.title}  [{alert.detection}]")

        chapter(7, "Drift: what runs against what was expected")
        text = undercroft("drift", "stack", *places, "--expected", "expected.yaml", "--format", "json")
        (WORK / "drift.json").write_text(text, encoding="utf-8")
        rows = next(value for value in json.loads(text).values() if isinstance(value, list))
        differences = tuple(difference_of(row) for row in rows)
        for each in differences:
            say(f"     {each.severity!s:<9}{each.subject}: {each.field} expected {each.expected}, found {each.found}")

    report = WORK / "report.html"
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    report.write_text(
        html.render(
            before, drills_before=bare, drills_after=held, alerts=alerts, differences=differences, made_at=made
        ),
        encoding="utf-8",
    )
    chapter(8, "In short")
    weak = sum(d.verdict is Verdict.PRESENT for d in bare)
    kept = sum(d.verdict is Verdict.ABSENT for d in held)
    mended = {f.fingerprint for f in before.findings} - {f.fingerprint for f in after.findings}
    say(f"   found     {counted(before)}, in {before.files} files and {before.endpoints} endpoints")
    say(f"   mended    {len(mended)} findings by patch; what is left: {counted(after)}")
    say(
        f"   drilled   {weak} of {len(bare)} drills went through before the guard; behind it {kept} of {len(held)} are held"
    )
    say(
        f"   watched   {len(alerts)} alerts from {(WORK / 'auth.log').stat().st_size} bytes of sshd log and {_count('guard.jsonl')} guard events"
    )
    say(f"   drifted   {len(differences)} differences from what was expected")
    say(f"   report    {report.relative_to(ROOT)}")
    say(f"   {time.monotonic() - began:.0f} seconds; everything that was started is stopped")
    sound = weak > 0 and kept == len(held) and alerts and differences and mended
    if not sound:
        say(
            "   this is not the story it should be: a drill was not held, or a room found nothing; see the files in .demo"
        )
    return 0 if sound else 1


def _indented(text: str) -> str:
    return "\n".join(f"     {line}" for line in text.rstrip().splitlines())


def _count(name: str) -> int:
    path = WORK / name
    return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (DemoError, serve.LabError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("demo: interrupted; what was started is stopped", file=sys.stderr)
        sys.exit(130)
