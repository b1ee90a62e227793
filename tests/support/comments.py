"""A server that keeps comments as GitHub's REST interface does, for the real ``gh`` to talk to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Comment = dict[str, Any]
_ISSUE = re.compile(r"/repos/a/b/issues/7/comments")
_ONE = re.compile(r"/repos/a/b/issues/comments/(\d+)")


class _Server(ThreadingHTTPServer):
    comments: list[Comment]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """One page of the comments of pull request 7, and where the next one is."""
        asked = urlsplit(self.path)
        query = parse_qs(asked.query)
        size, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
        found = self.server.comments[(page - 1) * size : page * size]
        there = len(self.server.comments) > page * size
        link = f'<http://api.github.localhost{asked.path}?per_page={size}&page={page + 1}>; rel="next"' if there else ""
        self._answer(200 if _ISSUE.fullmatch(asked.path) else 404, found, link)

    def do_POST(self) -> None:
        """A new comment."""
        body, known = self._body(), _ISSUE.fullmatch(urlsplit(self.path).path)
        if known:
            self.server.comments.append(comment(len(self.server.comments) + 1, body))
        self._answer(201 if known else 404, {})

    def do_PATCH(self) -> None:
        """Another text for a comment."""
        body, found = self._body(), _ONE.fullmatch(urlsplit(self.path).path)
        for known in self.server.comments:
            if found and known["id"] == int(found[1]):
                known["body"] = body
        self._answer(200 if found else 404, {})

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def _body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def _answer(self, code: int, value: Any, link: str = "") -> None:
        content = json.dumps(value).encode()
        self.send_response(code)
        for name, told in (("Content-Type", "application/json"), ("Content-Length", str(len(content))), ("Link", link)):
            if told:
                self.send_header(name, told)
        self.end_headers()
        self.wfile.write(content)


def comment(number: int, body: str, user: str = "Bot") -> Comment:
    """A comment of a kind of user."""
    return {"id": number, "body": body, "user": {"login": "x", "type": user}}


@contextmanager
def comments(*there: Comment) -> Iterator[tuple[dict[str, str], list[Comment]]]:
    """The variables by which ``gh`` finds the server, and the comments that it holds."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.comments = list(there)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield {
            "GH_HOST": "github.localhost", "GH_TOKEN": "x", "http_proxy": f"http://127.0.0.1:{server.server_port}",
            "no_proxy": "",
        }, server.comments  # fmt: skip
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
