"""Stands between a worker and the simulator, and answers some messages as no system should: with what they said."""

import json
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_HOST = "127.0.0.1"
_HOP_BY_HOP = {"host", "connection", "content-length", "transfer-encoding"}


class Mischief(Enum):
    """How a message is answered in place of its system; each answer repeats the whole message, and a mark."""

    REJECTED = auto()
    """422 with a problem document, the mark in its type, title and detail."""
    AWAY = auto()
    """503, the mark in its headers too."""
    PAGE = auto()
    """200 with a page of HTML."""
    OTHER_JSON = auto()
    """200 with JSON of no contract, the mark among its keys."""
    ELSEWHERE = auto()
    """A redirect to an address with the mark in it."""
    CUT = auto()
    """The answer breaks off."""


class Meddler:
    """What it is told to do, by dossier and system; everything else goes through."""

    def __init__(self, url: str, simulator: str, mark: str) -> None:
        self.url = url
        self.done: list[Mischief] = []
        self._simulator = simulator
        self._mark = mark
        self._plans: defaultdict[tuple[str, str], deque[Mischief]] = defaultdict(deque)
        self._http = httpx.Client(trust_env=False, timeout=30)

    def answer(self, code: str, system: str, *mischiefs: Mischief) -> None:
        """Answer the next messages about a dossier to a system like that, one after the other."""
        self._plans[code, system].extend(mischiefs)

    def mischief(self, code: str, system: str) -> Mischief | None:
        """What to do with a message, if not to pass it on."""
        plan = self._plans[code, system]
        if not plan:
            return None
        self.done.append(plan[0])
        return plan.popleft()

    def passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        """The simulator's own answer."""
        kept = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        return self._http.request(method, f"{self._simulator}{path}", headers=kept, content=body)

    def instead(self, mischief: Mischief, said: bytes) -> httpx.Response:
        """The answer in place of the system's."""
        mark, heard = self._mark, said.decode("utf-8", "replace")
        match mischief:
            case Mischief.REJECTED:
                problem = {"type": f"urn:person:{mark}", "title": mark, "detail": heard}
                return httpx.Response(422, json=problem, headers={"Content-Type": "application/problem+json"})
            case Mischief.AWAY:
                return httpx.Response(503, text=f"{mark} {heard}", headers={"X-About": mark, "Server": mark})
            case Mischief.PAGE:
                return httpx.Response(200, html=f"<h1>{mark}</h1>{heard}")
            case Mischief.OTHER_JSON:
                return httpx.Response(200, json={mark: heard, "receipt_at": mark})
            case Mischief.ELSEWHERE:
                return httpx.Response(302, headers={"Location": f"http://{mark}.example/{mark}?{mark}"})
            case Mischief.CUT:
                return httpx.Response(200, text=heard, headers={"X-Cut": mark})

    def close(self) -> None:
        """Close its connections."""
        self._http.close()


@contextmanager
def meddling(simulator: str, mark: str) -> Iterator[Meddler]:
    """A meddler on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            system = self.path.split("/")[1]
            mischief = meddler.mischief(self.headers.get("X-Dossier-Code", ""), system)
            if mischief:
                said = json.dumps({**self.headers}).encode() + body
                answer = meddler.instead(mischief, said)
            else:
                answer = meddler.passed_on(self.command, self.path, {**self.headers}, body)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            longer = 100 if mischief is Mischief.CUT else 0
            self.send_header("Content-Length", str(len(answer.content) + longer))
            self.end_headers()
            self.wfile.write(answer.content)
            self.close_connection = bool(longer)

        do_GET = do_POST = do_PUT = _serve

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer((_HOST, 0), Handler) as server:
        server.daemon_threads = True
        meddler = Meddler(f"http://{_HOST}:{server.server_port}", simulator, mark)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        serving.start()
        try:
            yield meddler
        finally:
            server.shutdown()
            serving.join()
            meddler.close()
