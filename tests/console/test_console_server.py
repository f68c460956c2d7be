"""The local page: who gets it, and who does not."""

import http.client
import socket
import threading

import pytest

from undercroft.console import report
from undercroft.console.server import HEADERS, Console
from undercroft.model.result import ScanResult
from undercroft.report import json as report_json


@pytest.fixture
def console():
    with Console(lambda: "<p>page</p>", token="secret-token") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(console, method="GET", path="/secret-token/", headers=None, host=None):
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    for name, value in [("Host", host or f"127.0.0.1:{console.port}"), *(headers or [])]:
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer, body


def test_the_link_shows_the_page_with_every_security_header(console):
    answer, body = ask(console)
    assert (answer.status, body) == (200, "<p>page</p>")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Server"] == "undercroft"


def test_localhost_is_a_good_name_too(console):
    assert ask(console, host=f"localhost:{console.port}")[0].status == 200


@pytest.mark.parametrize(
    "host", ["rebound.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.nip.example:80", "[::1]:80"]
)
def test_any_other_host_name_is_refused(console, host):
    answer, body = ask(console, host=host)
    assert answer.status == 421
    assert "page" not in body.replace("This page", "")


def test_two_host_headers_are_refused(console):
    assert ask(console, headers=[("Host", "rebound.example")])[0].status == 421


@pytest.mark.parametrize(
    "path", ["/", "/secret-token", "/secret-token/../secret-token/", "/secret-tokem/", "/secret-token/?x", "//"]
)
def test_without_the_exact_token_there_is_nothing(console, path):
    answer, body = ask(console, path=path)
    assert answer.status == 404
    assert "secret" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_only_reading_is_allowed(console, method):
    answer, _ = ask(console, method=method)
    assert answer.status == 405
    assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def test_head_answers_without_a_body(console):
    answer, body = ask(console, method="HEAD")
    assert (answer.status, body, answer.headers["Content-Length"]) == (200, "", "11")


@pytest.mark.parametrize(
    "request_bytes",
    [b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n"],
)
def test_a_broken_request_gets_no_page_and_does_not_end_the_server(console, request_bytes):
    with socket.create_connection(("127.0.0.1", console.port), timeout=10) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        said = client.recv(65536)
    assert b"<p>page</p>" not in said
    assert ask(console)[0].status == 200


def test_it_listens_on_loopback_only_and_makes_its_own_token():
    with Console(lambda: "") as one, Console(lambda: "") as other:
        assert one.server_address[0] == "127.0.0.1"
        assert one.token != other.token
        assert len(one.token) >= 32
        assert one.url == f"http://127.0.0.1:{one.port}/{one.token}/"


def test_a_page_that_cannot_be_made_is_said_without_a_traceback():
    def broken():
        raise ValueError("report.findings is missing")

    with Console(broken, token="t") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        answer, body = ask(server, path="/t/")
        server.shutdown()
        thread.join()
    assert (answer.status, body) == (500, "The report cannot be shown: report.findings is missing")


def test_a_json_report_becomes_the_page_and_a_damaged_one_an_error(tmp_path):
    file = tmp_path / "scan.json"
    file.write_text(report_json.render(ScanResult((".",), (), (), (), (), 3, 0)), encoding="utf-8")
    assert "Nothing found" in report.from_json(file)
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError, match="schema"):
        report.from_json(file)


def test_a_gigantic_report_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "LARGEST", 10)
    file = tmp_path / "scan.json"
    file.write_bytes(b"x" * 11)
    with pytest.raises(ValueError, match="larger than"):
        report.from_html(file)
