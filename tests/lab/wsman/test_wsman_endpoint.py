# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoint itself: listeners, firewall, certificates, trouble on purpose, counters, many guests at once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import socket
import ssl
import threading
import time
import typing as t

import pytest
import requests
import winrm.exceptions
from pypsrp.exceptions import WinRMTransportError
from pypsrp.shell import WinRS
from winrm.exceptions import InvalidCredentialsError

from lab.wsman import CommandRequest, Completed, Counters, Trouble, WinRMEndpoint
from tests.lab.wsman.guests import Service, free_port, make_certificate, serve


def is_open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=5).close()
    except (ConnectionRefusedError, ConnectionResetError):  # reset: it was closed just then
        return False
    return True


def eventually(condition: t.Callable[[], object], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def run(service: Service, line: str = "echo hello", scheme: str = "https") -> bytes:
    protocol = service.pywinrm(scheme)
    shell = protocol.open_shell()
    try:
        return bytes(protocol.get_command_output(shell, protocol.run_command(shell, line))[0])
    finally:
        protocol.close_shell(shell)


def test_a_port_without_a_listener_is_closed(service: Service) -> None:
    removed = service.guest.listeners.pop(service.http)
    service.endpoint.refresh()
    assert eventually(lambda: not is_open(service.address, service.http))
    assert is_open(service.address, service.https)

    service.guest.listeners[service.http] = removed
    service.endpoint.refresh()
    assert eventually(lambda: is_open(service.address, service.http))
    assert run(service, scheme="http") == b"hello\r\n"


def test_a_command_that_removes_its_own_listener_can_just_say_goodbye(service: Service) -> None:
    def seal(rest: str, request: CommandRequest) -> Completed:
        assert eventually(lambda: service.endpoint.counters.requests > received)
        service.guest.listeners.clear()
        return Completed(0, b"sealed")

    service.guest.do_seal = seal  # type: ignore[attr-defined]
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    received = service.endpoint.counters.requests + 1  # the Command; what comes after it is the Receive

    output = protocol.get_command_output(shell, protocol.run_command(shell, "seal"))

    assert output[0] == b"sealed", "the reply that was under way still comes"
    assert eventually(lambda: not is_open(service.address, service.https))
    with pytest.raises(winrm.exceptions.WinRMTransportError) as gone:
        protocol.run_command(shell, "echo more")
    assert gone.value.code == 404


def test_a_blocked_client_gets_no_answer(service: Service) -> None:
    service.guest.blocked.add(service.https)

    with pytest.raises(requests.exceptions.ConnectionError):
        service.pywinrm().open_shell()
    assert service.endpoint.counters == Counters()


def test_a_rule_that_blocks_cuts_open_connections(service: Service) -> None:
    protocol = service.pywinrm()
    protocol.open_shell()
    service.guest.blocked.add(service.https)

    with pytest.raises(requests.exceptions.ConnectionError):
        protocol.open_shell()


def test_the_certificate_is_the_listeners(service: Service) -> None:
    def served() -> bytes:
        return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((service.address, service.https)))

    first = service.guest.listeners[service.https]
    assert served() == ssl.PEM_cert_to_DER_cert(first.certificate_pem or "")

    certificate, key = make_certificate("renewed")
    service.guest.listeners[service.https] = first._replace(certificate_pem=certificate, key_pem=key)

    assert served() == ssl.PEM_cert_to_DER_cert(certificate)
    assert run(service) == b"hello\r\n", "the bindings to the channel follow the certificate"


def test_an_unusable_certificate_drops_the_connection(service: Service) -> None:
    listener = service.guest.listeners[service.https]
    service.guest.listeners[service.https] = listener._replace(certificate_pem="no certificate")

    with pytest.raises(requests.exceptions.ConnectionError):
        service.pywinrm().open_shell()


def test_plain_http_on_the_tls_port_does_no_harm(service: Service) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(f"http://{service.address}:{service.https}/wsman", timeout=5)

    assert run(service) == b"hello\r\n"


def test_a_dropped_request_is_a_broken_connection(service: Service) -> None:
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    service.endpoint.troubles.add(Trouble("drop", action="Command"))

    with pytest.raises(requests.exceptions.ConnectionError):
        protocol.run_command(shell, "echo lost")

    assert service.guest.seen == []
    output = protocol.get_command_output(shell, protocol.run_command(shell, "echo found"))
    assert output[0] == b"found\r\n", "the shell outlives the connection"


def test_a_dropped_receive_loses_no_output(service: Service) -> None:
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "echo kept")
    service.endpoint.troubles.add(Trouble("drop", action="Receive"))
    with pytest.raises(requests.exceptions.ConnectionError):
        protocol.get_command_output_raw(shell, command)

    assert protocol.get_command_output(shell, command)[0] == b"kept\r\n"


def test_a_client_that_leaves_while_it_waits_loses_no_output(service: Service) -> None:
    impatient = service.pywinrm(operation_timeout_sec=9)
    shell = impatient.open_shell()
    command = impatient.run_command(shell, "hold")
    impatient.transport.read_timeout_sec = 0.3
    impatient.read_timeout_sec = 0.3
    with pytest.raises(requests.exceptions.ReadTimeout):
        impatient.get_command_output_raw(shell, command)
    impatient.transport.close_session()
    assert eventually(lambda: service.endpoint.open_connections == 0)
    service.guest.release.set()

    assert service.pywinrm().get_command_output(shell, command)[0] == b"released"


@pytest.mark.parametrize("end", ["terminate", "delete"])
def test_a_receive_that_waits_learns_at_once_that_its_command_is_gone(service: Service, end: str) -> None:
    waiting, ending = service.pywinrm(operation_timeout_sec=9), service.pywinrm()
    shell = waiting.open_shell()
    command = waiting.run_command(shell, "hold")
    received = service.endpoint.counters.requests
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        receive = pool.submit(waiting.get_command_output_raw, shell, command)
        assert eventually(lambda: service.endpoint.counters.requests > received)
        started = time.monotonic()
        if end == "terminate":
            ending.cleanup_command(shell, command)
        else:
            ending.close_shell(shell)
        with pytest.raises(winrm.exceptions.WSManFaultError) as gone:
            receive.result(5)

    assert gone.value.wsman_fault_code == 995
    assert time.monotonic() - started < 3


def test_a_delay(service: Service) -> None:
    service.endpoint.troubles.add(Trouble("delay", seconds=0.3, action="Create"))
    started = time.monotonic()

    assert run(service) == b"hello\r\n"
    assert time.monotonic() - started >= 0.3


def test_a_status_for_as_many_requests_as_asked(service: Service) -> None:
    service.endpoint.troubles.add(Trouble("status", status=503, times=2))

    statuses = [requests.post(service.url("http"), data=b"", timeout=5).status_code for _ in range(3)]

    assert statuses == [503, 503, 401]


def test_503_is_an_error_that_a_client_can_name(service: Service) -> None:
    service.endpoint.troubles.add(Trouble("status", status=503, times=1))

    with pytest.raises(WinRMTransportError) as unavailable:
        WinRS(service.pypsrp()).open()
    assert unavailable.value.code == 503
    assert run(service) == b"hello\r\n"


def test_401_for_a_user_who_is_known(service: Service) -> None:
    service.endpoint.troubles.add(Trouble("status", status=401, times=1, action="Create"))

    with pytest.raises(InvalidCredentialsError):
        service.pywinrm().open_shell()
    assert service.pywinrm().open_shell()


def test_troubles_can_be_called_off(service: Service) -> None:
    service.endpoint.troubles.add(Trouble("drop", times=100))
    service.endpoint.troubles.clear()

    assert run(service) == b"hello\r\n"


def test_counters(service: Service) -> None:
    before = dataclasses.replace(service.endpoint.counters)
    payload = b"x" * 100_000
    protocol = service.pywinrm()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat", console_mode_stdin=False)
    protocol.send_command_input(shell, command, payload, end=True)
    protocol.get_command_output(shell, command)
    after = service.endpoint.counters

    assert before == Counters()
    assert after.connections == 1
    assert after.commands == 1
    # Create three times (that is NTLM), then Command, Send, and at least one Receive.
    assert after.requests >= 6
    assert 133_000 < after.bytes_in < 160_000
    assert 133_000 < after.bytes_out < 160_000


def test_stopping_cuts_clients_off_and_starting_again_has_no_shells(service: Service) -> None:
    protocol = service.pywinrm(operation_timeout_sec=9)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "hold")
    outcome: list[BaseException] = []

    def wait() -> None:
        try:
            protocol.get_command_output(shell, command)
        except requests.exceptions.ConnectionError as exc:
            outcome.append(exc)

    waiter = threading.Thread(target=wait)
    waiter.start()
    assert eventually(lambda: service.guest.seen)
    time.sleep(0.1)
    service.call(service.endpoint.stop())
    waiter.join(5)
    assert outcome, "the client was cut off"
    assert not is_open(service.address, service.https)

    service.call(service.endpoint.start(service.guest, service.address, (service.http, service.https)))
    with pytest.raises(winrm.exceptions.WSManFaultError) as gone:
        service.pywinrm().run_command(shell, "echo hello")
    assert gone.value.wsman_fault_code == 2150858843


def test_an_address_in_use_is_an_error(service: Service) -> None:
    other = WinRMEndpoint()

    with pytest.raises(OSError, match="in use"):
        service.call(other.start(service.guest, service.address, (service.https,)))


def test_guests_have_their_own_users_and_names(loop: asyncio.AbstractEventLoop, certificate: tuple[str, str]) -> None:
    people = [("127.0.0.1", "FIRST", "One-1"), ("127.0.0.2", "SECOND", "Two-2"), ("127.0.0.3", "THIRD", "Three-3")]
    running = [
        serve(loop, certificate, address, computer_name=name, passwords={"administrator": password})
        for address, name, password in people
    ]
    services = [manager.__enter__() for manager in running]
    try:
        for index, service in enumerate(services):
            for number, (_, _, password) in enumerate(people):
                protocol = service.pywinrm(password=password)
                if number == index:
                    assert protocol.open_shell()
                else:
                    with pytest.raises(InvalidCredentialsError):
                        protocol.open_shell()
    finally:
        for manager in running:
            manager.__exit__(None, None, None)


def test_an_endpoint_may_start_before_there_is_a_listener(loop: asyncio.AbstractEventLoop, service: Service) -> None:
    port = free_port("127.0.0.1")
    endpoint = WinRMEndpoint()
    service.call(endpoint.start(service.guest, "127.0.0.1", (port,)))
    assert not is_open("127.0.0.1", port)

    service.guest.listeners[port] = service.guest.listeners[service.https]
    endpoint.refresh()

    assert eventually(lambda: is_open("127.0.0.1", port))
    service.call(endpoint.stop())
    assert not is_open("127.0.0.1", port)
