"""The real servers still answer as the catalogue says they do."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator

import pytest

from lab import serve
from undercroft.catalogue import compiler, loader
from undercroft.model.verdict import Verdict
from undercroft.scan.exchange import Ask, Heard, Silent
from undercroft.scan.wire import Identity, converse
from undercroft.stimuli import requests
from undercroft.stimuli.stimulus import Observation, StatusReader, Stimulus, Target, judge

pytestmark = pytest.mark.real

CHAT = {"model": "demo", "messages": [{"role": "user", "content": "ping pong"}]}


@pytest.fixture(scope="module", params=["jupyter", "jupyter-token", "mlflow", "model"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[serve.Server]:
    with serve.running(request.param, workdir=tmp_path_factory.mktemp(request.param)) as started:
        yield started


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[serve.Server]:
    with serve.running("model", workdir=tmp_path_factory.mktemp("model-alone")) as started:
        yield started


def ask(server: serve.Server, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None):
    connection = http.client.HTTPConnection(serve.HOST, server.port, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, tuple((name.lower(), value) for name, value in reply.getheaders()), reply.read()
    finally:
        connection.close()


def chat(server: serve.Server, **fields):
    status, _, body = ask(
        server, "POST", "/v1/chat/completions", json.dumps(CHAT | fields), {"Content-Type": "application/json"}
    )
    return status, body


def identify(server: serve.Server) -> Identity:
    talk = converse(loader.load().components, "k3v9x2", server.url)
    question: Ask = next(talk)
    while True:
        try:
            reply = Heard(*ask(server, question.method, question.path, question.body or None, dict(question.headers)))
        except (OSError, http.client.HTTPException) as error:
            reply = Silent(str(error))
        try:
            question = talk.send(reply)
        except StopIteration as end:
            return end.value


EXPECTED = {
    "jupyter": ("jupyter-server", "off"),
    "jupyter-token": ("jupyter-server", "on"),
    "mlflow": ("mlflow", "off"),
    "model": ("litserve", "off"),
}


def test_the_catalogue_recognises_the_server_its_version_and_whether_it_asks(server):
    slug, authentication = EXPECTED[server.name]
    identity = identify(server)
    assert identity.component is not None, identity.reason
    assert identity.component.slug == slug
    assert identity.observed["authentication"].value == authentication
    verified = {entry.version for entry in loader.load().components[slug].verified}
    assert identity.component.version in verified | ({None} if slug == "litserve" else set())


def test_the_secret_opens_the_server_that_asks_and_is_in_no_log(server):
    if not server.secret:
        assert server.name != "jupyter-token"
        return
    assert ask(server, "GET", "/api/status")[0] == 403
    assert ask(server, "GET", "/api/status", headers={"Authorization": f"token {server.secret}"})[0] == 200
    assert server.secret not in server.log.read_text(encoding="utf-8")
    assert server.secret not in repr(server)


def test_a_line_of_its_own_log_is_read_by_the_catalogue(server):
    slug, _ = EXPECTED[server.name]
    ask(server, "GET", "/undercroft-nobody")
    access = next(log for log in loader.load().components[slug].logs if log.name == "access")
    deadline = time.monotonic() + 10
    found = None
    while found is None and time.monotonic() < deadline:
        lines = server.log.read_text(encoding="utf-8", errors="replace").splitlines()
        found = next(
            (m for line in lines if "/undercroft-nobody" in line and (m := re.search(access.pattern, line))), None
        )
    assert found is not None
    assert (found["method"], found["path"], found["status"], found["source"]) == (
        "GET",
        "/undercroft-nobody",
        "404",
        "127.0.0.1",
    )


def test_the_model_echoes_and_counts(model):
    status, body = chat(model)
    answer = json.loads(body)
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "echo: ping pong"
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 3, "total_tokens": 5}


def test_the_model_keeps_to_a_cap(model):
    answer = json.loads(chat(model, max_tokens=1)[1])
    assert answer["choices"][0]["message"]["content"] == "echo:"
    assert answer["usage"]["completion_tokens"] == 1


def test_the_model_streams_a_chunk_a_word_and_says_when_it_is_done(model):
    status, body = chat(model, stream=True)
    chunks = [line.removeprefix("data: ") for line in body.decode().split("\n\n") if line]
    assert status == 200
    assert chunks[-1] == "[DONE]"
    said = [json.loads(chunk)["choices"][0]["delta"]["content"] for chunk in chunks[:-1]]
    assert said == ["echo:", " ping", " pong", None]


def play(server: serve.Server, stimulus: Stimulus) -> Observation:
    """Send a stimulus over one socket, as a drill does."""
    reader, status, closed, sent = StatusReader("POST"), None, False, 0
    began = time.monotonic()
    with socket.create_connection((serve.HOST, server.port), timeout=5) as peer:
        for step in stimulus.steps:
            try:
                peer.sendall(step.send)
                sent += len(step.send)
                last = step is stimulus.steps[-1]
                left = began + stimulus.deadline - time.monotonic()
                peer.settimeout(max(0.05, left if last and not step.pause else min(step.pause, left)))
                while status is None and not closed:
                    data = peer.recv(65536)
                    closed = not data
                    status = reader.feed(data) if data else None
            except TimeoutError:
                continue
            except OSError:
                closed = True
            if status is not None or closed:
                break
    return Observation(status, closed, time.monotonic() - began, sent)


@pytest.mark.parametrize(
    "make", [requests.no_key, requests.large_header, lambda target: requests.header_drip(target, 5.0), requests.huge_n],
    ids=["no key", "a header of 64 KiB", "five seconds of header drip", "a thousand answers"],
)  # fmt: skip
def test_the_bare_model_server_has_none_of_the_defences(model, make):
    stimulus = make(Target(f"{serve.HOST}:{model.port}"))
    verdict, why = judge(stimulus, play(model, stimulus))
    assert verdict is Verdict.PRESENT, why


def test_an_unknown_server_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(serve.LabError, match="jupyter-token, mlflow, model"):
        serve.start("nothing", workdir=tmp_path)


def test_a_missing_environment_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERCROFT_LAB_VENV", str(tmp_path / "nowhere"))
    with pytest.raises(serve.LabError, match="make lab-env"):
        serve.start("model", workdir=tmp_path)


def test_a_server_that_ends_at_once_is_reported_with_its_log(tmp_path, monkeypatch):
    recipe = serve.Recipe(lambda _port, _folder: ["python", "-c", "raise SystemExit('no licence')"], "/")
    monkeypatch.setitem(serve.RECIPES, "broken", recipe)
    with pytest.raises(serve.LabError, match=r"ended with status 1[\s\S]*no licence"):
        serve.start("broken", workdir=tmp_path)


def test_stopping_twice_leaves_nothing_running(tmp_path):
    server = serve.start("model", workdir=tmp_path)
    server.stop()
    server.stop()
    assert server.process.poll() is not None
    with pytest.raises(ConnectionError):
        ask(server, "GET", "/health")


def test_every_component_of_the_lab_ships_its_recorded_answers():
    for slug, _ in EXPECTED.values():
        assert any(case.source for case in compiler.cases(slug).wire)
