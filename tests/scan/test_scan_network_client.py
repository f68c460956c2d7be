"""One question to peers that behave, and to peers that do not."""

import asyncio
import contextlib
import socket
import struct

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.scan.collect.network.client import USER_AGENT, NotReadOnlyError, Peer, exchange, read, request, trusting
from undercroft.scan.collect.network.limits import Limits
from undercroft.scan.exchange import Ask, Heard, Silent

QUICK = Limits(connect=2.0, exchange=0.3)
PATIENT = Limits(connect=5.0, exchange=20.0)
ASK = Ask("GET", "/")


async def _flood(writer, piece):
    with contextlib.suppress(OSError):
        while True:
            writer.write(piece)
            await writer.drain()


@contextlib.asynccontextmanager
async def listening(serve):
    """The port of a server on loopback whose every connection is handed to ``serve`` and ended behind it."""
    tasks = set()

    async def handle(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def conversation(serve, ask=ASK, limits=PATIENT, reads=frozenset(), base=""):
    """The reply of a peer that does ``serve(reader, writer)`` once it has read a head, and that head."""
    received = bytearray()

    async def after_the_head(reader, writer):
        received.extend(await reader.readuntil(b"\r\n\r\n"))
        await serve(reader, writer)

    async def run():
        async with listening(after_the_head) as port:
            return await exchange(ask, Peer("127.0.0.1", port, "127.0.0.1", base=base), limits, reads, None)

    reply = asyncio.run(run())
    return reply, bytes(received)


def sends(data: bytes, then_close=True):
    async def serve(reader, writer):
        writer.write(data)
        await writer.drain()
        if then_close:
            writer.write_eof()
        await reader.read()

    return serve


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: test\r\nX-Two: a\r\nX-Two: b\r\n\r\nok"


def test_an_answer_is_read_with_all_its_headers():
    reply, sent = conversation(sends(OK))
    assert reply == Heard(200, (("content-length", "2"), ("server", "test"), ("x-two", "a"), ("x-two", "b")), b"ok")
    head = sent.decode().lower()
    assert head.startswith("get / http/1.1\r\n")
    assert f"user-agent: {USER_AGENT}\r\n" in head
    assert "accept-encoding: identity\r\n" in head
    assert "mozilla" not in head


def test_a_chunked_answer_and_one_that_ends_with_the_connection_are_read():
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    assert conversation(sends(chunked))[0].body == b"ok"
    assert conversation(sends(b"HTTP/1.0 200 OK\r\n\r\nuntil the end"))[0].body == b"until the end"


def test_the_base_path_stands_in_front_of_every_question():
    assert conversation(sends(OK), base="/hub")[1].startswith(b"GET /hub/ HTTP/1.1")


def test_a_redirect_is_recorded_and_not_followed():
    connections = []

    async def serve(reader, writer):
        connections.append(1)
        await sends(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n")(reader, writer)

    reply, _ = conversation(serve)
    assert (reply.status, dict(reply.headers)["location"]) == (302, "http://192.0.2.1/")
    assert connections == [1]


async def endless_headers(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    await _flood(writer, b"X-A: " + b"a" * 1000 + b"\r\n")


async def endless_header(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    await _flood(writer, b"a" * 4096)


async def endless_interim(reader, writer):
    await _flood(writer, b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


async def endless_extension(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;")
    await _flood(writer, b"a" * 4096)


async def cookies(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: a=b\r\n" * 100_000 + b"Content-Length: 0\r\n\r\n")
    await writer.drain()


async def reset(reader, writer):
    linger = struct.pack("ii", 1, 0)  # closing with a zero linger time sends RST in place of FIN
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (endless_headers, "not an HTTP/1.1 answer"),
        (endless_header, "not an HTTP/1.1 answer"),
        (endless_interim, "without end"),
        (endless_extension, "not an HTTP/1.1 answer"),
        (cookies, "not an HTTP/1.1 answer"),
        (reset, "reset"),
        (sends(b""), "closed without an answer"),
        (sends(b"<html>HTTP/0.9 page</html>"), "not an HTTP/1.1 answer"),
        (sends(b"\x00\xff\x1b[2J\r\n\r\n" * 50), "not an HTTP/1.1 answer"),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n"), "not an HTTP/1.1 answer"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), "not an HTTP/1.1 answer"),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"), "not an HTTP/1.1 answer"),
        (sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "not an HTTP/1.1 answer"),
        (sends(b"HTTP/1.1 200"), "unexpectedly closed"),
    ],
)  # fmt: skip
def test_a_peer_that_misbehaves_is_silent_with_a_reason(serve, words):
    reply, _ = conversation(serve)
    assert isinstance(reply, Silent)
    assert words in reply.reason
    assert reply.reason.isprintable()
    assert len(reply.reason) < 250


async def drips(reader, writer):
    for byte in OK * 100:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def stalls(reader, writer):
    await reader.read()


@pytest.mark.parametrize(
    "serve", [drips, stalls, sends(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", then_close=False)]
)
def test_the_deadline_is_absolute_whatever_the_peer_drips(serve):
    reply, _ = conversation(serve, limits=QUICK)
    assert reply == Silent("no complete answer within 0.3 s")


async def endless_body(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await _flood(writer, b"a" * 65536)


async def endless_chunks(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    await _flood(writer, b"1\r\na\r\n" * 1000)


def test_a_body_without_end_is_cut():
    reply, _ = conversation(endless_body)
    assert isinstance(reply, Heard)
    assert reply.cut
    assert len(reply.body) == PATIENT.body


def test_a_body_of_tiny_chunks_without_end_is_cut_by_what_it_costs():
    reply, _ = conversation(endless_chunks)
    assert isinstance(reply, Heard)
    assert reply.cut
    assert 0 < len(reply.body) < PATIENT.body


def test_a_closed_port_is_refused():
    async def run():
        async with listening(stalls) as port:
            pass
        return await exchange(ASK, Peer("127.0.0.1", port, "localhost"), PATIENT, frozenset(), None)

    assert asyncio.run(run()) == Silent("connection refused")


def test_a_port_that_speaks_no_tls_is_silent():
    async def run():
        async with listening(sends(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
            return await exchange(ASK, Peer("127.0.0.1", port, "localhost", tls=True), PATIENT, frozenset(), trusting())

    reply = asyncio.run(run())
    assert isinstance(reply, Silent)
    assert "TLS" in reply.reason


@pytest.mark.parametrize(
    "ask", [Ask("POST", "/x", (), "{}"), Ask("PUT", "/x"), Ask("DELETE", "/x"), Ask("GET", "/x", (), "body")]
)
def test_a_question_that_could_change_something_is_not_sent(ask):
    with pytest.raises(NotReadOnlyError):
        asyncio.run(exchange(ask, Peer("127.0.0.1", 9, "h"), QUICK, frozenset({Ask("POST", "/other", (), "{}")}), None))


def test_a_documented_read_call_is_sent_with_its_body():
    ask = Ask("POST", "/search", (), '{"max_results": 1}')

    async def serve(reader, writer):
        body = await reader.readexactly(18)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n" + body)
        await writer.drain()
        await reader.read()

    reply, sent = conversation(serve, ask, reads=frozenset({ask}))
    assert reply.body == b'{"max_results": 1}'
    assert b"content-length: 18" in sent.lower()


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX-Injected: 1", "/\N{SNOWMAN}"])
def test_a_path_that_cannot_be_sent_is_not(path):
    reply, sent = conversation(sends(OK), Ask("GET", path))
    assert isinstance(reply, Silent)
    assert not sent


@pytest.mark.parametrize(
    ("peer", "authority"),
    [
        (Peer("127.0.0.1", 8000, "localhost"), "localhost:8000"),
        (Peer("127.0.0.1", 80, "h"), "h"),
        (Peer("127.0.0.1", 443, "h", tls=True), "h"),
        (Peer("::1", 8000, "::1"), "[::1]:8000"),
    ],
)
def test_the_host_header_names_what_was_typed(peer, authority):
    head, _ = request(ASK, peer)
    assert dict(head.headers)[b"host"] == authority.encode()


def test_a_question_cannot_replace_how_the_scan_says_who_it_is():
    head, _ = request(
        Ask("GET", "/", (("origin", "https://a.invalid"), ("user-agent", "Mozilla/5.0"))), Peer("127.0.0.1", 1, "h")
    )
    headers = dict(head.headers)
    assert headers[b"user-agent"] == USER_AGENT.encode()
    assert headers[b"origin"] == b"https://a.invalid"
    assert isinstance(head, h11.Request)


STATUS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 X\r\n",
        b"HTTP/1.0 204 N\r\n",
        b"HTTP/1.1 100 C\r\n\r\n",
        b"HTTP/2 200\r\n",
        b"",
    ]
)
HEADER = st.sampled_from([
    b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"X: \xff\x00\r\n", b" folded\r\n", b":\r\n", b"Connection: upgrade\r\nUpgrade: h2c\r\n",
])  # fmt: skip


@given(
    st.builds(
        lambda status, headers, rest: status + b"".join(headers) + b"\r\n" + rest,
        STATUS,
        st.lists(HEADER, max_size=4),
        st.binary(max_size=60)
        | st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"FFFFFFFFFFFFFFFFFFFF\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]),
    )
    | st.binary(max_size=200),
    st.sampled_from(["GET", "HEAD", "OPTIONS"]),
)
def test_any_bytes_are_an_answer_or_a_protocol_error(data, method):
    async def run():
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=QUICK.head)
        head, _ = request(Ask(method, "/"), Peer("127.0.0.1", 1, "h"))
        talk.send(head)
        talk.send(h11.EndOfMessage())
        return await read(reader, talk, QUICK)

    with contextlib.suppress(h11.RemoteProtocolError):
        reply = asyncio.run(run())
        assert isinstance(reply, Heard | Silent)
