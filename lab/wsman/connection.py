# SPDX-License-Identifier: GPL-3.0-or-later
"""One TCP connection to a guest's WinRM service: logon, sealing, and the way from HTTP to the shell service.

NTLM belongs to the connection, not to a request: once a client has logged on, all later requests on the same
connection are its own, without any header.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import types
import typing as t

from aiohttp import web
from spnego.channel_bindings import GssChannelBindings

from lab.wsman import faults, replies, sealing, soap
from lab.wsman.auth import Logon, LogonError
from lab.wsman.messages import Fault, Message, Reply, ShellDeleted, Signalled
from lab.wsman.shell import Wait
from lab.wsman.trouble import Trouble
from lab.wsman.types import MAX_ENVELOPE, Listener

if t.TYPE_CHECKING:
    from lab.wsman.server import WinRMEndpoint

LOG = logging.getLogger(__name__)

_SOAP = "application/soap+xml;charset=UTF-8"
_SERVER = "Microsoft-HTTPAPI/2.0"
# What multipart/encrypted adds around an envelope of the greatest size.
_SEALING_OVERHEAD = 1024


class _DroppedError(Exception):
    """The connection has been closed without an answer."""


class Connection:
    """State and HTTP handler of one connection. ``transport`` is set when the connection is up."""

    def __init__(self, endpoint: WinRMEndpoint, port: int, peer: str, bindings: GssChannelBindings | None) -> None:
        self._endpoint = endpoint
        self._port = port
        self._peer = peer
        self._bindings = bindings
        self._logon: Logon | None = None
        self._user = ""
        self.transport: asyncio.BaseTransport | None = None

    def abort(self) -> None:
        """Close the connection at once, whatever is under way on it."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        counters = self._endpoint.counters
        body = await self._read(request)
        counters.requests += 1
        counters.bytes_in += len(body)
        try:
            response = await self._trouble(None) or await self._answer(request, body)
        except _DroppedError:
            # The transport is closed already: this goes nowhere.
            return web.Response(status=500)
        counters.bytes_out += len(t.cast(bytes, response.body or b""))
        return response

    async def _read(self, request: web.BaseRequest) -> bytes:
        # aiohttp's own limit (1 MiB) is above this one, and would close the connection of a client that is still
        # sending; so a body that is too large is read and then refused.
        chunks = [chunk async for chunk in request.content.iter_any()]
        return b"".join(chunks)

    async def _trouble(self, action: str | None) -> web.Response | None:
        """Do what a test has asked for; an answer means that the request ends here."""
        trouble: Trouble | None = self._endpoint.troubles.take(action)
        if trouble is None:
            return None
        if trouble.kind == "drop":
            self.abort()
            raise _DroppedError
        if trouble.kind == "delay":
            await asyncio.sleep(trouble.seconds)
            return None
        return _plain(trouble.status)

    async def _answer(self, request: web.BaseRequest, body: bytes) -> web.Response:
        listener = self._endpoint.host.listener(self._port)
        if not self._endpoint.host.accepts(self._peer, self._port):
            self.abort()
            raise _DroppedError
        if listener is None or request.path.rstrip("/").casefold() != "/wsman":
            return _plain(404)
        if request.method != "POST":
            return _plain(405, {"Allow": "POST"})
        challenge, token = self._authenticate(request.headers.get("Authorization", ""), listener)
        if challenge is not None:
            return challenge
        return await self._authorized(request.headers.get("Content-Type", ""), body, listener, token)

    def _authenticate(self, authorization: str, listener: Listener) -> tuple[web.Response | None, bytes | None]:
        """Either a 401 to send, or the last token of a logon (None when there is none) and leave to go on."""
        scheme, _, credentials = authorization.partition(" ")
        match scheme.casefold():
            case "negotiate" | "ntlm" if listener.negotiate:
                return self._negotiate(scheme, credentials)
            case "basic" if listener.basic and (listener.transport == "HTTPS" or listener.allow_unencrypted):
                self._user = self._basic(credentials)
            case "":
                pass
            case _:
                self._user = ""
        return (None, None) if self._user else (self._unauthorized(listener), None)

    def _negotiate(self, scheme: str, credentials: str) -> tuple[web.Response | None, bytes | None]:
        if self._logon is None or self._logon.complete:
            host = self._endpoint.host
            self._logon, self._user = Logon(host.computer_name, host.password_of, self._bindings), ""
        try:
            token = self._logon.step(base64.b64decode(credentials, validate=True))
        except (LogonError, binascii.Error) as exc:
            LOG.info("%s: logon from %s refused: %s", self._endpoint.address, self._peer, exc)
            self._logon = None
            return _plain(401, {"WWW-Authenticate": "Negotiate"}), None
        if self._logon.complete:
            self._user = self._logon.user
            return None, token
        encoded = base64.b64encode(token or b"").decode()
        return _plain(401, {"WWW-Authenticate": f"{scheme} {encoded}"}), None

    def _basic(self, credentials: str) -> str:
        try:
            decoded = base64.b64decode(credentials, validate=True)
        except binascii.Error:
            return ""
        # RFC 7617 leaves the encoding open: Go writes UTF-8, requests writes Latin-1.
        for encoding in ("utf-8", "latin-1"):
            user, _, password = decoded.decode(encoding, errors="replace").partition(":")
            if user and self._endpoint.host.password_of(user) == password:
                return user
        return ""

    def _unauthorized(self, listener: Listener) -> web.Response:
        response = _plain(401)
        if listener.negotiate:
            response.headers.add("WWW-Authenticate", "Negotiate")
        if listener.basic:
            response.headers.add("WWW-Authenticate", 'Basic realm="WSMAN"')
        return response

    async def _authorized(
        self, content_type: str, body: bytes, listener: Listener, token: bytes | None
    ) -> web.Response:
        headers = {} if token is None else {"WWW-Authenticate": f"Negotiate {base64.b64encode(token).decode()}"}
        sealed = sealing.is_sealed(content_type)
        if len(body) > MAX_ENVELOPE + (_SEALING_OVERHEAD if sealed else 0):
            return _plain(413, headers)
        if not body:
            # Clients that will seal their messages log on with an empty request first.
            return _plain(200, headers)
        if sealed:
            envelope = self._unseal(body)
            if envelope is None:
                return _plain(400, headers)
        elif listener.transport == "HTTP" and not listener.allow_unencrypted:
            # As Windows does: no fault, only the event log of the guest would tell why.
            LOG.warning("%s: unencrypted message from %s refused", self._endpoint.address, self._peer)
            return _plain(500, headers)
        else:
            envelope = body
        status, answer = await self._soap(envelope)
        if sealed and self._logon is not None:
            signature, data = self._logon.seal(answer)
            headers["Content-Type"] = sealing.CONTENT_TYPE
            return _plain(status, headers, sealing.build(signature, data, len(answer)))
        headers["Content-Type"] = _SOAP
        return _plain(status, headers, answer)

    def _unseal(self, body: bytes) -> bytes | None:
        try:
            sealed = sealing.parse(body)
            if self._logon is None:
                return None
            envelope = self._logon.unseal(sealed.signature, sealed.data)
        except (sealing.BadBodyError, LogonError) as exc:
            LOG.warning("%s: sealed message from %s refused: %s", self._endpoint.address, self._peer, exc)
            return None
        return envelope if len(envelope) == sealed.length else None

    async def _soap(self, envelope: bytes) -> tuple[int, bytes]:
        """HTTP status and envelope that answer an envelope."""
        endpoint = self._endpoint
        try:
            message = soap.decode(envelope)
            if refused := await self._trouble(message.header.action.rpartition("/")[2]):
                return refused.status, b""
            reply = await self._reply(message)
        except Fault as fault:
            relates_to = soap.message_id(envelope)
            return 500, replies.encode_fault(fault, relates_to, endpoint.new_id(), endpoint.host.computer_name)
        return 200, replies.encode(reply, message.header, endpoint.new_id())

    async def _reply(self, message: Message) -> Reply:
        endpoint = self._endpoint
        outcome = endpoint.service.handle(message, self._user, self._peer)
        endpoint.start_jobs()
        if isinstance(outcome, Signalled | ShellDeleted):
            endpoint.announce()  # a Receive on another connection may wait for what has just gone
        deadline = asyncio.get_running_loop().time() + message.header.timeout
        while isinstance(outcome, Wait):
            if not await endpoint.changed(deadline):
                raise faults.timed_out()
            outcome = endpoint.service.collect(outcome)
        return outcome


def _plain(status: int, headers: t.Mapping[str, str] = types.MappingProxyType({}), body: bytes = b"") -> web.Response:
    return web.Response(status=status, body=body, headers={"Server": _SERVER, **headers})
