"""A receiver of alerts that misbehaves as told, and remembers every key it has accepted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Heard:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes


@dataclass
class LocalReceiver:
    """``answer`` is asked for every request: a status, or ``hang``, ``drip``, ``drop`` (accepted, no answer)."""

    answer: Callable[[], int | str] = lambda: 204
    requests: list[Heard] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def start(self) -> None:
        """Listen on the loopback; on the same port again after ``stop``."""
        receiver = self
        self._released = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(Heard({k.lower(): v for k, v in self.headers.items()}, body))
                answer = receiver.answer()
                if answer == "hang":
                    receiver._released.wait(5)
                elif answer == "drip":
                    while not receiver._released.wait(0.05):
                        self.wfile.write(b"H")
                elif answer == "drop":
                    receiver.accepted[self.headers["Idempotency-Key"]] += 1
                else:
                    if 200 <= int(answer) < 300:
                        receiver.accepted[self.headers["Idempotency-Key"]] += 1
                    self.send_response(int(answer))
                    if 300 <= int(answer) < 400:
                        self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True

            def handle_error(self, *_arguments: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/not-for-logs"
