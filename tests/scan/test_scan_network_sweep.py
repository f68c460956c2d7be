"""Targets to workloads, over real sockets on loopback."""

import asyncio
import contextlib

import pytest

from undercroft.catalogue.schema import (
    Answer,
    ComponentFact,
    Exchange,
    Expect,
    Fingerprint,
    Port,
    Source,
    VersionRead,
    WireSetting,
)
from undercroft.model.exposure import Reach
from undercroft.scan.collect.host.sockets import Sockets
from undercroft.scan.collect.network import client, live
from undercroft.scan.collect.network.client import Peer
from undercroft.scan.collect.network.limits import Limits
from undercroft.scan.collect.network.scope import Scope
from undercroft.scan.collect.network.sweep import gather
from undercroft.scan.collect.network.target import Candidate
from undercroft.scan.exchange import Heard, Silent

LIMITS = Limits(connect=2.0, exchange=5.0)
MUSE = ComponentFact(
    slug="muse", name="Muse", kind="model-server", summary="", depth="basic", sources={"s": Source(title="s")},
    ports=(Port(number=8000, role="inference", source="s"), Port(number=8001, role="inference", protocol="grpc", source="s")),
    fingerprints=(
        Fingerprint(
            name="version", specificity="product", version=VersionRead(json="version"), source="s",
            exchanges=(Exchange(path="/version", expect=Expect(json={"product": "muse"})),),
        ),
    ),
    wire_settings=(
        WireSetting(
            setting="authentication", exchange=Exchange(path="/list", expect=Expect()), source="s",
            answers=(Answer(expect=Expect(status=(200,)), value="off"), Answer(expect=Expect(status=(401,)), value="on")),
        ),
    ),
)  # fmt: skip
PAGES = {"/version": (200, b'{"product":"muse","version":"1.2.3"}'), "/list": (401, b"{}")}


@contextlib.asynccontextmanager
async def serving(pages, raw=None):
    """A server that answers ``pages`` and 404 elsewhere, or ``raw`` bytes to everything; yields its port and the paths asked for."""
    asked = []

    async def handle(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            asked.append(head.split()[1].decode())
            status, body = pages.get(asked[-1], (404, b"{}"))
            writer.write(raw or b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], asked
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0)


async def scan(*targets, scope=(), limits=LIMITS, progress=None):
    return await gather(targets, {"muse": MUSE}, scope=Scope.of(scope), limits=limits, token="k3v9", progress=progress)


def test_a_product_becomes_a_workload_with_version_settings_and_exposure():
    async def run():
        async with serving(PAGES) as (port, asked):
            return *await scan(f"http://127.0.0.1:{port}"), port, asked

    workloads, unread, answered, port, asked = asyncio.run(run())
    assert (unread, answered) == ([], 1)
    (workload,) = workloads
    assert (workload.asset.key, workload.asset.kind, workload.asset.name) == (
        f"live:127.0.0.1:{port}",
        "endpoint",
        "Muse",
    )
    assert workload.format == "live"
    (running,) = workload.running
    assert running.component.version == "1.2.3"
    assert {name: s.value for name, s in running.observed.items()} == {
        "tls": "off",
        "authentication": "on",
        "bind": "127.0.0.1",
    }
    assert workload.listeners[0].role == "inference"
    assert workload.listeners[0].addresses == (f"127.0.0.1:{port}",)
    assert workload.exposure.reach is Reach.LOOPBACK
    assert asked == ["/undercroft-k3v9", "/version", "/list"]


def test_a_server_the_catalogue_does_not_know_is_seen_all_the_same():
    async def run():
        async with serving({}) as (port, _):
            return await scan(f"127.0.0.1:{port}")

    workloads, unread, answered = asyncio.run(run())
    assert (unread, answered) == ([], 1)
    assert workloads[0].asset.name == live.UNRECOGNISED
    assert workloads[0].running == ()
    assert "no product of the catalogue" in workloads[0].head.response


def test_an_open_port_that_speaks_something_else_is_reported_and_no_workload():
    async def run():
        async with serving({}, raw=b"SSH-2.0-OpenSSH_9.2\r\n") as (port, _):
            return await scan(f"127.0.0.1:{port}", limits=Limits(connect=0.3))

    workloads, unread, answered = asyncio.run(run())
    assert (workloads, answered) == ([], 0)
    assert "not an HTTP/1.1 answer" in unread[0].reason
    assert unread[0].remedy


def test_a_closed_port_is_reported_where_it_was_named_and_not_in_a_range():
    async def run():
        async with serving({}) as (port, _):
            pass
        return await scan(f"127.0.0.1:{port}"), await scan(f"127.0.0.0/31:{port}"), port

    named, swept, port = asyncio.run(run())
    assert [(u.place, u.reason) for u in named[1]] == [(f"127.0.0.1:{port}", "connection refused")]
    assert swept == ([], [], 0)


@pytest.mark.parametrize(
    ("target", "scope", "words"),
    [
        ("192.0.2.1:8000", (), "not in scope"),
        ("http://192.0.2.1/", ("10.0.0.0/8",), "not in scope"),
        ("0.0.0.0:8000", (), "not in scope"),
        ("169.254.169.254", (), "not in scope"),
        ("ftp://127.0.0.1/", (), "only http"),
    ],
)
def test_what_is_out_of_scope_or_no_target_is_said_and_not_spoken_to(monkeypatch, target, scope, words):
    async def never(*_args, **_kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(asyncio, "open_connection", never)
    workloads, unread, answered = asyncio.run(scan(target, scope=scope))
    assert (workloads, answered) == ([], 0)
    assert unread
    assert all(words in u.reason for u in unread)
    assert all(u.remedy for u in unread)


def test_two_names_of_one_endpoint_are_looked_at_once():
    async def run():
        async with serving(PAGES) as (port, asked):
            return *await scan(f"localhost:{port}", f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"), asked

    workloads, _, answered, asked = asyncio.run(run())
    assert (len(workloads), answered) == (1, 1)
    assert len(asked) == len(set(asked))


def test_a_redirect_out_of_scope_is_never_followed(monkeypatch):
    hosts = []
    connect = asyncio.open_connection

    async def recording(host, *args, **kwargs):
        hosts.append(host)
        return await connect(host, *args, **kwargs)

    monkeypatch.setattr(asyncio, "open_connection", recording)

    async def run():
        async with serving(
            {}, raw=b"HTTP/1.1 307 X\r\nLocation: http://192.0.2.1/version\r\nContent-Length: 0\r\n\r\n"
        ) as (port, _):
            return await scan(f"127.0.0.1:{port}")

    workloads, _, _ = asyncio.run(run())
    assert set(hosts) == {"127.0.0.1"}
    assert workloads[0].running == ()


def test_the_whole_scan_has_an_end_and_says_what_it_did_not_reach():
    async def run():
        async with serving(PAGES) as (port, _):
            return await scan(f"127.0.0.1:{port}", limits=Limits(total=0.0))

    workloads, unread, _ = asyncio.run(run())
    assert workloads == []
    assert "ran out" in unread[0].reason


def test_one_endpoint_has_an_end_of_its_own():
    async def run():
        async with serving(PAGES) as (port, _):
            return await scan(f"127.0.0.1:{port}", limits=Limits(endpoint=0.0))

    _, unread, answered = asyncio.run(run())
    assert answered == 0
    assert "used up" in unread[0].reason


def test_progress_counts_every_endpoint():
    seen = []

    async def run():
        async with serving(PAGES) as (port, _):
            await scan(f"127.0.0.0/31:{port}", progress=lambda done, total, _place: seen.append((done, total)))

    asyncio.run(run())
    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("address", "reach"), [("10.0.0.5", Reach.PRIVATE), ("8.8.8.8", Reach.INTERNET), ("fd00::1", Reach.PRIVATE)]
)
def test_what_answers_from_elsewhere_is_exposed_as_far_as_its_address_reaches(address, reach):
    exposure = live.exposure(Candidate(address, 80), Peer(address, 80, address), Sockets())
    assert exposure.reach is reach
    assert exposure.reason


@pytest.mark.parametrize(
    "plain",
    [
        Silent("the connection was reset"),
        Silent("not an HTTP/1.1 answer: illegal status line"),
        Heard(400, (), b"Client sent an HTTP request to an HTTPS server.\n"),
    ],
)
def test_a_port_that_speaks_tls_is_spoken_to_in_tls_and_its_setting_says_so(monkeypatch, plain):
    async def answering(ask, peer, *_):
        status, body = PAGES.get(ask.path, (404, b"{}"))
        return Heard(status, (), body) if peer.tls else plain

    monkeypatch.setattr(client, "exchange", answering)

    async def run():
        async with serving(PAGES) as (port, _):
            return await scan(f"127.0.0.1:{port}"), await scan(f"http://127.0.0.1:{port}")

    unstated, stated = asyncio.run(run())
    (running,) = unstated[0][0].running
    assert running.observed["tls"].value == "on"
    assert "not verified" in running.observed["tls"].reason
    assert unstated[0][0].head.endpoint.startswith("https://")
    assert all(not w.running for w in stated[0])  # http:// was asked for, so nothing else is tried
