# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine sees: real HTTP on loopback, real programs."""

from __future__ import annotations

import http.server
import pathlib
import socket
import threading
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.preflight import Answer
from ansible_collections.golden.windows_ami.plugins.plugin_utils.probes import ask, free_mib, run_packer


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers by path; keeps what was asked for."""

    seen: list[tuple[str, str, str | None]]

    def _answer(self) -> None:
        self.seen.append((self.command, self.path, self.headers["Range"]))
        status = 405 if self.path.endswith("/no-head") and self.command == "HEAD" else 200
        self.send_response(404 if self.path.endswith("/gone") else status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = _answer  # noqa: N815

    def log_message(self, format: str, *args: t.Any) -> None:  # noqa: A002
        """Stay quiet."""


@pytest.fixture
def server() -> t.Iterator[tuple[str, list[tuple[str, str, str | None]]]]:
    """Return the address of a server and what it was asked."""
    handler = type("Counting", (Handler,), {"seen": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", handler.seen
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def no_proxy_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_a_file_is_asked_for_and_not_fetched(server: tuple[str, list[t.Any]]) -> None:
    url, seen = server
    assert ask(f"{url}/a.msi") == Answer(200)
    assert seen == [("HEAD", "/a.msi", None)]


def test_a_server_that_does_not_like_head_is_asked_for_one_byte(server: tuple[str, list[t.Any]]) -> None:
    url, seen = server
    assert ask(f"{url}/no-head") == Answer(200)
    assert seen[1] == ("GET", "/no-head", "bytes=0-0")


def test_a_missing_file_says_so(server: tuple[str, list[t.Any]]) -> None:
    assert ask(f"{server[0]}/gone") == Answer(404)


def test_a_proxy_is_asked_instead(server: tuple[str, list[t.Any]]) -> None:
    url, seen = server
    assert ask("http://files.invalid/a.msi", proxy=url) == Answer(200)
    assert seen == [("HEAD", "http://files.invalid/a.msi", None)]


def test_no_answer_says_why() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        answer = ask(f"http://127.0.0.1:{taken.getsockname()[1]}/a")
    assert answer.status is None
    assert "refused" in answer.problem


@pytest.mark.parametrize("url", ["http://", "nonsense"])
def test_a_bad_address_says_why(url: str) -> None:
    assert ask(url).problem


def test_packer_that_is_not_there_is_none(tmp_path: pathlib.Path) -> None:
    assert run_packer(str(tmp_path / "packer"), "version") is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho Packer v9.9.9 $1\n", "Packer v9.9.9 version\n"),
        ("#!/bin/sh\nexec sleep 60\n", "no answer within 0.5 seconds"),
        ("#!/no/such/shell\n", "it cannot be run: No such file or directory"),
    ],
)
def test_what_packer_says(tmp_path: pathlib.Path, script: str, said: str) -> None:
    program = tmp_path / "packer"
    program.write_text(script)
    program.chmod(0o700)
    assert run_packer(str(program), "version", timeout=0.5) == said


def test_free_space_of_a_directory_that_is_still_to_be_made(tmp_path: pathlib.Path) -> None:
    assert free_mib(tmp_path / "a" / "b") > 0
