# SPDX-License-Identifier: GPL-3.0-or-later
"""Independent clients, over real sockets: pywinrm (which Ansible uses) and pypsrp."""

from __future__ import annotations

import concurrent.futures
import threading
import time

import pytest
import requests
import winrm.exceptions
from pypsrp.exceptions import AuthenticationError, WinRMTransportError
from pypsrp.shell import Process, SignalCode, WinRS
from winrm.exceptions import InvalidCredentialsError

from tests.lab.wsman.guests import PASSWORD, Service, flood

SCHEMES = ["https", "http"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pywinrm_runs_a_command(service: Service, scheme: str) -> None:
    protocol = service.pywinrm(scheme)
    shell = protocol.open_shell(codepage=65001, working_directory="C:\\Temp", env_vars={"COLOUR": "gold"})
    command = protocol.run_command(shell, "echo", ["hello", "wörld"])

    stdout, stderr, rc = protocol.get_command_output(shell, command)

    assert (stdout.decode(), stderr, rc) == ("hello wörld\r\n", b"", 0)
    request = service.guest.seen[0]
    assert (request.user, request.codepage, request.working_directory) == ("Administrator", 65001, "C:\\Temp")
    assert request.environment == {"COLOUR": "gold"}
    assert request.console
    protocol.cleanup_command(shell, command)
    protocol.close_shell(shell)
    assert service.endpoint.service.shells == ()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
def test_pypsrp_runs_a_command(service: Service, scheme: str, auth: str) -> None:
    with service.pypsrp(scheme, auth=auth) as wsman, WinRS(wsman, environment={"A": "1"}, codepage=65001) as shell:
        process = Process(shell, "fail", ["7"])
        process.invoke()
        process.signal(SignalCode.TERMINATE)

    assert (process.rc, process.stdout, process.stderr) == (7, b"some output", b"some error")
    assert service.guest.seen[0].environment == {"A": "1"}
    assert service.endpoint.service.shells == ()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_input_arrives_in_order_and_whole_before_the_command_runs(service: Service, scheme: str) -> None:
    # Ansible's way: a pipe, 200 kB at a time, the last piece marked.
    protocol = service.pywinrm(scheme)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    payload = flood(900_000)
    pieces = [payload[start : start + 200_000] for start in range(0, len(payload), 200_000)]
    for number, piece in enumerate(pieces, 1):
        assert service.guest.seen == []
        protocol.send_command_input(shell, command, piece, end=number == len(pieces))

    stdout, _, rc = protocol.get_command_output(shell, command)

    assert stdout == payload
    assert rc == 0
    assert not service.guest.seen[0].console


def test_pypsrp_sends_input_to_a_process(service: Service) -> None:
    with service.pypsrp() as wsman, WinRS(wsman) as shell:
        process = Process(shell, "cat")
        process.begin_invoke()
        process.send(b"first ", end=False)
        process.send(b"last", end=True)
        process.end_invoke()

    assert process.stdout == b"first last"


@pytest.mark.parametrize("scheme", SCHEMES)
def test_output_larger_than_an_envelope_comes_in_pieces(service: Service, scheme: str) -> None:
    protocol = service.pywinrm(scheme)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "flood 1200000")
    largest, replies = 0, 0
    send = protocol.transport.send_message

    def measured(message: str) -> bytes:
        nonlocal largest, replies
        reply = send(message)
        largest, replies = max(largest, len(reply)), replies + 1
        return reply

    protocol.transport.send_message = measured

    stdout, stderr, rc = protocol.get_command_output(shell, command)

    assert stdout == flood(1_200_000)
    assert stderr == flood(400_000)
    assert rc == 0
    assert largest <= 153_600  # what pywinrm asks for
    assert replies > 10


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_command_that_outlasts_the_operation_timeout_is_polled_again(service: Service, scheme: str) -> None:
    protocol = service.pywinrm(scheme, operation_timeout_sec=1)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "hold")
    with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    threading.Timer(0.3, service.guest.release.set).start()

    stdout, _, rc = protocol.get_command_output(shell, command)

    assert (stdout, rc) == (b"released", 0)


def test_pypsrp_polls_again_too(service: Service) -> None:
    with service.pypsrp(operation_timeout=1) as wsman, WinRS(wsman) as shell:
        process = Process(shell, "sleep 1.4")
        process.invoke()

    assert process.stdout == b"awake"


def test_a_result_is_there_as_soon_as_the_command_ends(service: Service) -> None:
    protocol = service.pywinrm(operation_timeout_sec=10)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "sleep 0.2")
    started = time.monotonic()

    protocol.get_command_output(shell, command)

    assert time.monotonic() - started < 5


def test_commands_run_side_by_side(service: Service) -> None:
    started = threading.Barrier(6, timeout=10)
    service.guest.do_meet = lambda rest, request: (started.wait(), service.guest.do_echo(rest, request))[1]  # type: ignore[attr-defined]

    def one(number: int) -> bytes:
        protocol = service.pywinrm(operation_timeout_sec=9)
        shell = protocol.open_shell()
        command = protocol.run_command(shell, f"meet {number}")
        return bytes(protocol.get_command_output(shell, command)[0])

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        outputs = list(pool.map(one, range(6)))

    assert outputs == [f"{number}\r\n".encode() for number in range(6)]


def test_a_hole_in_the_model_is_a_failed_command_that_names_itself(service: Service) -> None:
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "nonsense /all")

    _, stderr, rc = protocol.get_command_output(shell, command)

    assert rc == 1
    assert b"The lab failed to run 'nonsense /all'" in stderr
    assert b"do_nonsense" in stderr


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("user", "password"),
    [("Administrator", "wrong"), ("Administrator", ""), ("nobody", PASSWORD)],
    ids=["wrong-password", "empty-password", "unknown-user"],
)
def test_strangers_are_refused(service: Service, scheme: str, user: str, password: str) -> None:
    with pytest.raises(InvalidCredentialsError):
        service.pywinrm(scheme, password=password or " ", username=user).open_shell()
    with pytest.raises(AuthenticationError):
        WinRS(service.pypsrp(scheme, password=password or " ", username=user)).open()


@pytest.mark.parametrize(
    "user", ["administrator", "EC2AMAZ-ABC1234\\Administrator", ".\\Administrator", "ELSE\\ADMINISTRATOR"]
)
def test_a_workgroup_machine_looks_into_its_own_users_only(service: Service, user: str) -> None:
    assert service.pywinrm(username=user).open_shell()


def test_a_changed_password_counts_for_the_next_logon(service: Service) -> None:
    protocol = service.pywinrm()
    protocol.open_shell()
    service.guest.passwords["administrator"] = "Another1!"

    assert protocol.open_shell(), "a connection that has logged on stays logged on"
    with pytest.raises(InvalidCredentialsError):
        service.pywinrm().open_shell()
    assert service.pywinrm(password="Another1!").open_shell()


def test_plain_messages_over_http_are_refused(service: Service) -> None:
    with pytest.raises(winrm.exceptions.WinRMTransportError) as refused:
        service.pywinrm("http", message_encryption="never").open_shell()
    assert refused.value.code == 500
    with pytest.raises(WinRMTransportError):
        WinRS(service.pypsrp("http", encryption="never")).open()
    assert service.endpoint.service.shells == ()


def test_plain_messages_over_http_are_taken_when_windows_allows_them(service: Service) -> None:
    listener = service.guest.listeners[service.http]
    service.guest.listeners[service.http] = listener._replace(allow_unencrypted=True)

    assert service.pywinrm("http", message_encryption="never").open_shell()


def test_sealed_messages_work_inside_tls(service: Service) -> None:
    assert service.pywinrm("https", message_encryption="always").open_shell()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_basic_is_refused_unless_the_listener_has_it(service: Service, scheme: str) -> None:
    options = {"transport": "basic", "message_encryption": "never"}
    with pytest.raises(InvalidCredentialsError):
        service.pywinrm(scheme, **options).open_shell()
    port = service.https if scheme == "https" else service.http
    allowed = service.guest.listeners[port]._replace(basic=True, allow_unencrypted=scheme == "http")
    service.guest.listeners[port] = allowed

    assert service.pywinrm(scheme, **options).open_shell()
    with pytest.raises(InvalidCredentialsError):
        service.pywinrm(scheme, password="wrong", **options).open_shell()


def test_negotiate_is_refused_when_the_listener_has_it_not(service: Service) -> None:
    listener = service.guest.listeners[service.https]
    service.guest.listeners[service.https] = listener._replace(negotiate=False, basic=True)

    with pytest.raises(InvalidCredentialsError):
        service.pywinrm().open_shell()


def test_the_service_says_how_to_log_on(service: Service) -> None:
    reply = requests.post(service.url("http"), data=b"", timeout=5)

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Negotiate"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("POST", "/", 404), ("POST", "/other", 404), ("GET", "/wsman", 405)]
)
def test_other_paths_and_methods(service: Service, method: str, path: str, status: int) -> None:
    url = f"http://{service.address}:{service.http}{path}"

    assert requests.request(method, url, timeout=5).status_code == status


def test_a_body_above_the_limit_of_the_service_is_refused(service: Service) -> None:
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)

    with pytest.raises(winrm.exceptions.WinRMTransportError) as refused:
        protocol.send_command_input(shell, command, bytes(600_000), end=True)

    assert refused.value.code == 413
