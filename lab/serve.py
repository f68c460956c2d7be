"""Starts one real server of the lab on loopback, and stops it again.

The demo and the integration tests need real products, because what a product answers is the fact the catalogue rests on.
Each server runs in a process group of its own, in a folder of its own, and listens on 127.0.0.1 alone. Readiness is a
condition (its own ready path answers 200), never a length of time; every wait is bounded and every start has an end.

``with lab.serve.running("jupyter", workdir=folder) as server: ...`` is the short form.
"""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 240.0
"""A start that takes longer has failed. MLflow imports itself twice: 27 s measured on two cores, 57 s while they were busy."""
STOP_SECONDS = 10.0
"""How long a server may take to end by itself before it is killed."""
POLL_SECONDS = 0.1
ATTEMPTS = 3
"""Starts tried when the port was ours to choose: another process may take it between choosing and listening."""


class LabError(RuntimeError):
    """A server could not be started. The message says what to do, and ends with the tail of its log."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one server of the lab is started."""

    command: Callable[[int, Path], list[str]]
    """Port and folder → argv; the first word is a program in the lab's environment."""
    ready: str
    """Path that answers 200 once it serves."""
    environment: Callable[[Path, str], dict[str, str]] = lambda _folder, _secret: {}
    """Folder and secret → variables set for it."""
    protected: bool = False
    """Whether it asks for the secret."""


def _jupyter(port: int, folder: Path) -> list[str]:
    return [
        "jupyter-server", "--no-browser", "--allow-root", f"--ip={HOST}", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip


def _jupyter_environment(folder: Path, secret: str) -> dict[str, str]:
    places = {
        name: str(folder / "jupyter" / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    return places | ({"JUPYTER_TOKEN": secret} if secret else {})


def _mlflow(port: int, folder: Path) -> list[str]:
    return [
        "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder / "artifacts"),
    ]  # fmt: skip


def _mlflow_environment(_folder: Path, _secret: str) -> dict[str, str]:
    # No telemetry leaves the machine, and no job runner is started beside the server.
    return {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


RECIPES: dict[str, Recipe] = {
    "jupyter": Recipe(
        lambda port, folder: [*_jupyter(port, folder), "--IdentityProvider.token="], "/api", _jupyter_environment
    ),
    "jupyter-token": Recipe(_jupyter, "/api", _jupyter_environment, protected=True),
    "mlflow": Recipe(_mlflow, "/health", _mlflow_environment),
    "model": Recipe(
        lambda port, _folder: [
            "python",
            str(ROOT / "lab" / "model" / "server.py"),
            "--host",
            HOST,
            "--port",
            str(port),
        ],
        "/health",
    ),
}
_OURS = ("JUPYTER_", "MLFLOW_", "LIT_")
"""Variables of these products are taken out of the caller's environment: a token set there would change what is measured."""


def environment() -> Path:
    """The folder of the lab's virtual environment. ``UNDERCROFT_LAB_VENV`` points elsewhere when set."""
    return Path(os.environ.get("UNDERCROFT_LAB_VENV") or ROOT / ".lab" / "venv")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether ``condition`` came true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    name: str
    """Its recipe."""
    port: int
    """Port it listens on, on 127.0.0.1."""
    process: "subprocess.Popen[bytes]"
    """The process started; it leads a process group of its own."""
    url: str
    """``http://127.0.0.1:port``, without a trailing slash."""
    log: Path
    """File its standard output and standard error go to."""
    seconds: float
    """Seconds from the start to the first answer on its ready path."""
    secret: str = field(default="", repr=False)
    """Token it asks for; empty for an open server."""

    def stop(self) -> None:
        """End it and all it started: politely first, by force after ``STOP_SECONDS``. A second call does nothing."""
        _end(self.process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    group = process.pid
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(group, sign)
        except ProcessLookupError:
            break
        if _wait(lambda: process.poll() is not None and not _group_lives(group), STOP_SECONDS):
            break
    process.wait(timeout=STOP_SECONDS)


def _launch(name: str, recipe: Recipe, port: int, workdir: Path) -> Server:
    program, *words = recipe.command(port, workdir)
    secret = secrets.token_hex(24) if recipe.protected else ""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(_OURS)}
    variables = kept | {"PYTHONUNBUFFERED": "1"} | recipe.environment(workdir, secret)
    log = workdir / f"{name}.log"
    began = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [str(environment() / "bin" / program), *words],
            cwd=workdir, env=variables, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        reached = _wait(lambda: process.poll() is not None or _answers(port, recipe.ready), START_SECONDS)
    except BaseException:
        _end(process)
        raise
    if not reached or process.poll() is not None:
        why = "answered nothing" if process.poll() is None else f"ended with status {process.returncode}"
        _end(process)
        tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
        raise LabError(
            f"{name} {why} after {time.monotonic() - began:.0f} s on port {port}. The end of its log:\n{tail}"
        )
    return Server(name, port, process, f"http://{HOST}:{port}", log, time.monotonic() - began, secret)


def start(name: str, port: int = 0, workdir: Path | None = None) -> Server:
    """Start ``name`` (a key of ``RECIPES``) and wait until it answers.

    ``port`` 0 picks a free one. ``workdir`` takes the server's files and its log; by default ``.lab/run/<name>``.
    Raises :class:`LabError` for an unknown name, a missing environment and a server that does not come up.
    """
    recipe = RECIPES.get(name)
    if recipe is None:
        raise LabError(f"the lab has no server {name!r}; it has {', '.join(sorted(RECIPES))}")
    if not (environment() / "bin" / "python").exists():
        raise LabError("the lab's environment is missing; run `make lab-env` first")
    folder = (workdir or ROOT / ".lab" / "run" / name).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return _launch(name, recipe, port or _free_port(), folder)
        except LabError as error:
            if port or attempt == ATTEMPTS or "in use" not in str(error):
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


@contextmanager
def running(name: str, port: int = 0, workdir: Path | None = None) -> Iterator[Server]:
    """:func:`start` as a context: the server is stopped on the way out, whatever happened inside."""
    server = start(name, port, workdir)
    try:
        yield server
    finally:
        server.stop()
