# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of the AWS API on request: throttling, errors, denials, lost answers, for the calls that are named."""

from __future__ import annotations

import json
import socket
import threading
import typing as t
from xml.sax.saxutils import escape

from moto.iam.models import get_account_id_from

from lab.tally import action_of

Environ = t.Mapping[str, t.Any]
Query = t.Mapping[str, str]
FOREVER = -1
PARAMETERS = frozenset(
    {"service", "action", "region", "account", "kind", "code", "message", "status", "times", "after", "applied"}
)
# The codes and HTTP statuses of each kind of fault, by the protocol of the service: what SDKs know them by.
KINDS = {
    "throttle": {
        "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
        "query": ("Throttling", 400, "Rate exceeded"),
        "json": ("ThrottlingException", 400, "Rate exceeded"),
    },
    "internal": {
        "ec2": ("InternalError", 500, "An internal error has occurred"),
        "query": ("InternalFailure", 500, "An internal error has occurred"),
        "json": ("InternalServerError", 500, "An internal error has occurred"),
    },
    "denied": {
        "ec2": ("UnauthorizedOperation", 403, "You are not authorized to perform this operation."),
        "query": ("AccessDenied", 403, "User is not authorized to perform this operation"),
        "json": ("AccessDeniedException", 400, "User is not authorized to perform this operation"),
    },
    # The connection ends without an answer.
    "drop": {},
}


class Call(t.NamedTuple):
    """One signed request: whose it is, where it goes and what it asks."""

    service: str
    action: str
    region: str
    account: str

    @classmethod
    def of(cls, environ: Environ, body: str | None) -> Call:
        service, _, action = action_of(environ, body).partition(":")
        scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0].split("/")
        region = scope[2] if len(scope) == 5 else ""
        return cls(service, action, region, get_account_id_from(scope[0]))


class Fault(t.NamedTuple):
    """What the calls get that match; "" matches all. `after` calls go through first, then `times` fail."""

    service: str
    action: str
    region: str
    account: str
    kind: str
    code: str
    message: str
    status: int
    times: int
    after: int
    # Whether the call is carried out, and only its answer is lost.
    applied: bool

    @property
    def place(self) -> tuple[str, str, str, str]:
        return self.service, self.action, self.region, self.account

    def hits(self, call: Call) -> bool:
        return all(wanted in ("", found) for wanted, found in zip(self.place, call, strict=True))


class Faults:
    """The faults that were ordered, newest first. Safe from any thread."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, query: Query) -> dict[str, t.Any]:
        """Take an order; one for the same calls takes the place of what was there. Raises ValueError."""
        if set(query) == {"clear"}:
            with self._lock:
                self._faults.clear()
            return {"faults": []}
        if wrong := sorted(set(query) - PARAMETERS):
            raise ValueError(f"{wrong}; there are clear and {sorted(PARAMETERS)}")
        kind = query.get("kind", "throttle")
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind}; there are {sorted(KINDS)}")
        times = query.get("times", "1")
        fault = Fault(
            query.get("service", ""),
            "" if query["action"] == "*" else query["action"],
            query.get("region", ""),
            query.get("account", ""),
            kind,
            query.get("code", ""),
            query.get("message", ""),
            int(query.get("status", "0")),
            FOREVER if times == "forever" else int(times),
            int(query.get("after", "0")),
            query.get("applied", "false") == "true",
        )
        with self._lock:
            self._faults = [found for found in self._faults if found.place != fault.place]
            if fault.times:
                self._faults.insert(0, fault)
            return {"faults": [found._asdict() for found in self._faults]}

    def take(self, environ: Environ, body: str | None) -> Fault | None:
        """Return the fault that this request is to get, and count it."""
        if not self._faults:
            return None
        call = Call.of(environ, body)
        with self._lock:
            for index, fault in enumerate(self._faults):
                if not fault.hits(call):
                    continue
                if fault.after:
                    self._faults[index] = fault._replace(after=fault.after - 1)
                    return None
                if fault.times != FOREVER:
                    self._faults[index] = fault._replace(times=fault.times - 1)
                if self._faults[index].times == 0:
                    del self._faults[index]
                return fault
        return None


def answer(fault: Fault, environ: Environ, body: str | None, start_response: t.Any) -> list[bytes]:
    """Answer a request with a fault, in the service's own protocol."""
    if fault.kind == "drop":
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start_response("500 .", [("Content-Length", "0")])
        return [b""]
    protocol = _protocol(environ, body)
    code, status, message = KINDS[fault.kind][protocol]
    content_type, content = _error(protocol, fault.code or code, fault.message or message)
    status = fault.status or (503 if fault.code and fault.kind == "throttle" else status)
    headers = [("Content-Type", content_type), ("Content-Length", str(len(content)))]
    start_response(f"{status} .", headers)
    return [content]


def _protocol(environ: Environ, body: str | None) -> str:
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    return "ec2" if action_of(environ, body).startswith("ec2:") else "query"


def _error(protocol: str, code: str, message: str) -> tuple[str, bytes]:
    if protocol == "json":
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    request = "00000000-0000-0000-0000-000000000000"
    if protocol == "ec2":
        text = f"<Response><Errors>{error}</Errors><RequestID>{request}</RequestID></Response>"
    else:
        text = f"<ErrorResponse>{error}<RequestId>{request}</RequestId></ErrorResponse>"
    return "text/xml", text.encode()
