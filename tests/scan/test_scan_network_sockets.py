"""Which address a port is bound to, from the kernel's tables."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercroft.model.exposure import Reach
from undercroft.scan.collect.host.sockets import Bound, Sockets, listeners, read

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 00000000:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0
   2: 0100007F:22B8 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:22B9 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000000000000:22BA 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:22BB 00000000000000000000000000000000:0000 0A
"""


@pytest.fixture(autouse=True)
def little_endian(monkeypatch):
    monkeypatch.setattr("sys.byteorder", "little")  # the tables above were written on such a machine


def test_listening_sockets_are_read_from_both_tables():
    assert [b.place for b in listeners(TCP, "t")] == ["127.0.0.1:8888", "0.0.0.0:5000"]
    assert [b.place for b in listeners(TCP6, "t")] == ["[::1]:8889", "[::]:8890", "127.0.0.1:8891"]


@given(st.text(max_size=300) | st.from_regex(r"h\n( *\d+: [0-9A-Fx]{8,32}:[0-9A-F]{0,5} 0 0A\n)*", fullmatch=True))
def test_any_text_is_a_table(text):
    assert all(b.table == "t" for b in listeners(text, "t"))


def sockets(*bound: str) -> Sockets:
    return Sockets(tuple(Bound(address, 8000, "/proc/net/tcp") for address in bound))


@pytest.mark.parametrize(
    ("bound", "asked", "reach"),
    [
        (["127.0.0.1"], "127.0.0.1", Reach.LOOPBACK),
        (["::1"], "::1", Reach.LOOPBACK),
        (["0.0.0.0"], "127.0.0.1", Reach.PRIVATE),
        (["::"], "127.0.0.1", Reach.PRIVATE),
        (["127.0.0.1", "0.0.0.0"], "127.0.0.1", Reach.LOOPBACK),
        (["192.168.1.5"], "127.0.0.1", None),
        ([], "127.0.0.1", None),
    ],
)
def test_the_bound_address_tells_who_can_reach_a_loopback_listener(bound, asked, reach):
    exposure = sockets(*bound).exposure(asked, 8000)
    assert exposure.reach is reach
    if reach is None:
        assert exposure.reason
    else:
        assert exposure.path[0].what == f"listens on {Bound(bound[0], 8000, '').place}"


def test_tables_that_cannot_be_read_leave_the_exposure_unknown_with_the_reason(tmp_path):
    found = read(tmp_path)
    exposure = found.exposure("127.0.0.1", 8000)
    assert exposure.reach is None
    assert "/proc/net/tcp does not exist" in exposure.reason


def test_a_machine_without_ipv6_is_read_all_the_same(tmp_path):
    (tmp_path / "tcp").write_text(TCP)
    assert [b.port for b in read(tmp_path).bound] == [8888, 5000]


def test_a_real_listener_of_this_process_is_found(monkeypatch):
    monkeypatch.undo()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert read().exposure("127.0.0.1", port).reach is Reach.LOOPBACK
