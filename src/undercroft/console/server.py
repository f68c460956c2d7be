"""Serves one page on loopback to whoever holds the link.

A server on loopback is reachable by every web page its owner visits (DNS rebinding) and by every account on the machine. So the
``Host`` header has to name loopback and the port, the path carries a random token, and nothing but GET and HEAD is answered.
"""

import hmac
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every answer. The page's own policy is stricter still; both hold."""

PATIENCE = 10.0
"""Seconds a client may take for its request."""


class Console(ThreadingHTTPServer):
    """The server. Binds to 127.0.0.1 and nothing else; ``port`` 0 takes a free one."""

    daemon_threads = True

    def __init__(self, page: Callable[[], str], *, port: int = 0, token: str | None = None) -> None:
        """``page`` gives the HTML anew for each request and raises ``ValueError`` or ``OSError`` with a sentence when it cannot."""
        self.page = page
        self.token = secrets.token_urlsafe(24) if token is None else token
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """The link to open; it holds the token."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away or dawdles is nobody's business; the standard server would print a traceback."""


class _Handler(BaseHTTPRequestHandler):
    server: Console
    timeout = PATIENCE

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in {
            f"127.0.0.1:{self.server.port}",
            f"localhost:{self.server.port}",
        }:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, "This page answers to 127.0.0.1 and localhost only.")
        elif not hmac.compare_digest(self.path.encode("utf-8", "replace"), f"/{self.server.token}/".encode()):
            self._send(HTTPStatus.NOT_FOUND, "Not found. Use the whole link that was printed at the start.")
        else:
            try:
                self._send(HTTPStatus.OK, self.server.page(), "text/html")
            except (OSError, ValueError) as error:
                self._send(HTTPStatus.INTERNAL_SERVER_ERROR, f"The report cannot be shown: {error}")

    def _send(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        body = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base's signature
        """Errors of the base class (bad request line, unknown method) in the same plain dress, without echoing the request."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        self.close_connection = True
        self.command = getattr(self, "command", None) or "GET"
        self._send(status, status.phrase)

    def version_string(self) -> str:
        return "undercroft"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's signature
        """Requests are not logged: their path holds the token."""
