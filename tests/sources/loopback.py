"""A server on loopback that hands out bytes and misbehaves on request."""

import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Requests after which the server gives up on its client: no test may ask forever.
MOST_REQUESTS = 60


@dataclass
class Request:
    """What a client asked for and how many bytes of a body it was sent."""

    path: str
    headers: dict[str, str]
    sent: int = 0
    method: str = "GET"

    @property
    def first_byte(self) -> int | None:
        """The offset in its Range header."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else None


Behaviour = Callable[["Handler", Request], None]


class _QuietServer(ThreadingHTTPServer):
    """Clients that hang up are what the tests are about, no news."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of lost connections."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@dataclass
class LoopbackServer:
    """Behaviours by path; `requests` is the log."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        outer = self

        class Bound(Handler):
            server_state = outer

        self._server = _QuietServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """The address of the root."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, path: str, *behaviours: Behaviour) -> str:
        """Answer requests for `path` with `behaviours` in turn, the last one for good."""
        answered = iter(range(10**6))

        def in_turn(handler: "Handler", request: Request) -> None:
            behaviours[min(next(answered), len(behaviours) - 1)](handler, request)

        self.behaviours[path] = in_turn
        return self.address + path

    def asked(self, path: str) -> list[Request]:
        """The requests for `path` so far."""
        return [each for each in self.requests if each.path == path]

    def close(self) -> None:
        """Stop, and let go of clients that are kept waiting."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Looks the behaviour up and keeps the log."""

    protocol_version = "HTTP/1.1"
    server_state: LoopbackServer
    current: Request

    def do_GET(self) -> None:
        """Answer as told."""
        self.current = Request(self.path, dict(self.headers.items()), method=self.command)
        self.server_state.requests.append(self.current)
        behaviour = self.server_state.behaviours.get(self.path.partition("?")[0])
        if behaviour is None or len(self.server_state.requests) > MOST_REQUESTS:
            behaviour = status(404)
        try:
            behaviour(self, self.current)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET  # with behaviours that send no body

    def log_message(self, format: str, *args: object) -> None:
        """Silence: `LoopbackServer.requests` is the log."""

    def answer(self, code: int, headers: dict[str, str], body: bytes = b"") -> None:
        """Send a whole answer; a Content-Length is added unless one is given."""
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.send(body)

    def send(self, body: bytes) -> None:
        """Send a piece of a body."""
        for start in range(0, len(body), 65536):
            piece = body[start : start + 65536]
            self.current.sent += len(piece)  # first: the client may be done before we are
            self.wfile.write(piece)


def status(code: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Always this status."""
    return lambda handler, request: handler.answer(code, headers, body)


def whole(body: bytes, **headers: str) -> Behaviour:
    """The whole body with status 200, whatever part was asked for."""
    return lambda handler, request: handler.answer(200, headers, body)


def ranged(body: bytes, etag: str | None = '"one"') -> Behaviour:
    """The part that was asked for, if the client's validator still holds (RFC 9110)."""

    def behave(handler: Handler, request: Request) -> None:
        validator = {"ETag": etag} if etag else {}
        first, condition = request.first_byte, request.headers.get("If-Range")
        if first is None or (condition is not None and condition != etag):
            handler.answer(200, validator, body)
        elif first >= len(body):
            handler.answer(416, {"Content-Range": f"bytes */{len(body)}"})
        else:
            described = {"Content-Range": f"bytes {first}-{len(body) - 1}/{len(body)}"}
            handler.answer(206, {**validator, **described}, body[first:])

    return behave


def dropped(body: bytes, fraction: float = 0.6, etag: str | None = '"one"') -> Behaviour:
    """The headers of the whole, part of the body, then the connection is closed."""

    def behave(handler: Handler, request: Request) -> None:
        _promise(handler, len(body), etag)
        handler.send(body[: int(fraction * len(body))])
        handler.wfile.flush()
        handler.close_connection = True

    return behave


def stalled(body: bytes, fraction: float = 0.6, etag: str | None = '"one"') -> Behaviour:
    """Part of the body, then silence while the connection stays open, to the end of the test."""

    def behave(handler: Handler, request: Request) -> None:
        _promise(handler, len(body), etag)
        handler.send(body[: int(fraction * len(body))])
        handler.wfile.flush()
        handler.server_state.released.wait()
        handler.close_connection = True

    return behave


def slow(body: bytes, pieces: int = 10, pause: float = 0.02) -> Behaviour:
    """The body in pieces with pauses between."""

    def behave(handler: Handler, request: Request) -> None:
        _promise(handler, len(body), '"one"')
        step = -(-len(body) // pieces)
        for start in range(0, len(body), step):
            handler.send(body[start : start + step])
            time.sleep(pause)

    return behave


def endless(handler: Handler, request: Request) -> None:
    """Chunks of a body without a length, to the end of the test."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while not handler.server_state.released.wait(0.02):
        handler.wfile.write(b"%x\r\n%s\r\n" % (100_000, bytes(100_000)))


def chunked(body: bytes, complete: bool = True) -> Behaviour:
    """The body in chunks, without a length; incomplete ones end without the last chunk."""

    def behave(handler: Handler, request: Request) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(body), 100_000):
            piece = body[start : start + 100_000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            handler.current.sent += len(piece)
        if complete:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    return behave


def _promise(handler: Handler, length: int, etag: str | None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(length))
    if etag:
        handler.send_header("ETag", etag)
    handler.end_headers()
