# SPDX-License-Identifier: GPL-3.0-or-later
"""NTLM and sealing, token by token, against pyspnego's client."""

from __future__ import annotations

import threading
import typing as t

import pytest
import spnego
from spnego._ntlm_raw.messages import AvId, Challenge
from spnego.channel_bindings import GssChannelBindings

from lab.wsman import sealing
from lab.wsman.auth import Logon, LogonError, channel_bindings
from tests.lab.wsman.guests import make_certificate

PROTOCOLS = ["ntlm", "negotiate"]


def users(**passwords: str) -> t.Callable[[str], str | None]:
    return lambda user: passwords.get(user.casefold())


def logon(passwords: t.Callable[[str], str | None], bindings: GssChannelBindings | None = None) -> Logon:
    return Logon("EC2AMAZ-1", passwords, bindings)


def client(user: str, password: str, protocol: str = "ntlm", **options: t.Any) -> t.Any:
    return spnego.client(user, password, protocol=protocol, hostname="guest", service="http", **options)


def converse(client_: t.Any, server: Logon) -> None:
    token = client_.step()
    while token is not None:
        answer = server.step(token)
        token = client_.step(answer) if answer is not None else None


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("user", ["Ann", "ANN", "SOMEWHERE\\ann"])
def test_a_user_logs_on(protocol: str, user: str) -> None:
    server = logon(users(ann="pä:ss"))

    converse(client(user, "pä:ss", protocol), server)

    assert server.complete
    assert server.user == user.rpartition("\\")[2]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("user", "password"), [("Ann", "wrong"), ("Ann", ""), ("Bob", "right")])
def test_a_stranger_does_not(protocol: str, user: str, password: str) -> None:
    server = logon(users(ann="right"))

    with pytest.raises(LogonError):
        converse(client(user, password, protocol), server)
    assert not server.complete


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"x",
        b"NTLMSSP\x00",
        b"NTLMSSP\x00\x01\x00\x00\x00",
        b"NTLMSSP\x00\x03\x00\x00\x00" + bytes(64),
        b"\x60\x03abc",
    ],
)
def test_rubbish_is_refused(token: bytes) -> None:
    with pytest.raises(LogonError):
        logon(users(ann="x")).step(token)


def test_an_answer_to_another_challenge_is_refused() -> None:
    replayed = client("Ann", "right")
    first, second = logon(users(ann="right")), logon(users(ann="right"))
    negotiate = replayed.step()
    authenticate = replayed.step(first.step(negotiate))
    second.step(negotiate)

    with pytest.raises(LogonError):
        second.step(authenticate)


def test_the_challenge_names_the_guest_not_this_machine() -> None:
    challenge = Challenge.unpack(logon(users()).step(client("Ann", "x").step()) or b"")

    assert challenge.target_name == "EC2AMAZ-1"
    assert challenge.target_info is not None
    assert challenge.target_info[AvId.nb_computer_name] == "EC2AMAZ-1"
    assert challenge.target_info[AvId.nb_domain_name] == "EC2AMAZ-1"


def test_the_environment_of_the_process_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "/nowhere")
    monkeypatch.setenv("LM_COMPAT_LEVEL", "5")
    server = logon(users(ann="right"))

    converse(client("Ann", "right"), server)

    assert server.complete


def test_guests_do_not_share_users() -> None:
    outcomes: list[bool] = []

    def one(number: int) -> None:
        server = logon(users(ann=f"password-{number}"))
        converse(client("Ann", f"password-{number}"), server)
        outcomes.append(server.complete)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [True] * 8


def test_a_client_bound_to_our_certificate_logs_on_and_one_bound_to_another_does_not() -> None:
    ours, theirs = (channel_bindings(make_certificate(name)[0]) for name in ("ours", "theirs"))
    welcome, intruder, plain = (logon(users(ann="x"), ours) for _ in range(3))

    converse(client("Ann", "x", channel_bindings=ours), welcome)
    converse(client("Ann", "x"), plain)
    with pytest.raises(LogonError):
        converse(client("Ann", "x", channel_bindings=theirs), intruder)

    assert welcome.complete
    assert plain.complete, "CbtHardeningLevel is Relaxed: bindings are not required"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_messages_are_sealed_both_ways(protocol: str) -> None:
    server = logon(users(ann="x"))
    peer = client("Ann", "x", protocol)
    converse(peer, server)

    for number in range(3):
        question, answer = b"question %d" % number, b"answer %d" % number
        sealed = peer.wrap_winrm(question)
        assert server.unseal(sealed.header, sealed.data) == question
        signature, data = server.seal(answer)
        assert data != answer
        assert peer.unwrap_winrm(signature, data) == answer


def test_a_message_sealed_in_another_context_is_refused() -> None:
    server, other = logon(users(ann="x")), logon(users(ann="x"))
    peer, stranger = client("Ann", "x"), client("Ann", "x")
    converse(peer, server)
    converse(stranger, other)
    sealed = stranger.wrap_winrm(b"hello")

    with pytest.raises(LogonError):
        server.unseal(sealed.header, sealed.data)


def test_sealed_bodies_survive_the_way_through_mime() -> None:
    # The ciphertext may contain the boundary.
    data = b"--Encrypted Boundary\r\n\x00--Encrypted Boundary--\r\nend"

    sealed = sealing.parse(sealing.build(b"s" * 16, data, 42))

    assert sealed == (b"s" * 16, data, 42)


@pytest.mark.parametrize(
    "body",
    [b"", b"--Encrypted Boundary\r\n", b"hello", sealing.build(b"s" * 16, b"x", 1).replace(b"Length=1", b"Length=")],
)
def test_a_body_that_is_not_what_it_says(body: bytes) -> None:
    with pytest.raises(sealing.BadBodyError):
        sealing.parse(body)
