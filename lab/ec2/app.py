# SPDX-License-Identifier: GPL-3.0-or-later
"""The one endpoint: moto's dispatcher, the lab's controls under /lab/, and API faults on request."""

from __future__ import annotations

import json
import time
import typing as t
import urllib.parse
from xml.sax.saxutils import escape

import flask
from botocore.model import OperationNotFoundError
from moto.ec2.exceptions import EC2ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from lab.ec2.faults import Faults, answer
from lab.ec2.models import backend
from lab.tally import ApiCalls

StartResponse = t.Callable[..., t.Any]
Environ = dict[str, t.Any]
Query = dict[str, str]
Control = t.Callable[[Query], dict[str, t.Any]]


class LabApp:
    """A WSGI application. `status` describes the lab; `touched` is when it was last asked for anything."""

    def __init__(
        self,
        account: str,
        region: str,
        status: t.Callable[[], dict[str, t.Any]],
        guest_controls: t.Mapping[str, Control],
    ) -> None:
        self.touched = time.monotonic()
        self.requests = 0
        self.calls = ApiCalls()
        self._account = account
        self._region = region
        self._status = status
        self._moto = DomainDispatcherApplication(_backend_app)
        self._faults = Faults()
        self._controls: dict[str, Control] = {
            "/lab/status": lambda query: self._status(),
            "/lab/withdraw": self._withdraw,
            "/lab/age": self._age,
            "/lab/fault": self._faults.order,
            **{f"/lab/{name}": control for name, control in guest_controls.items()},
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/lab/"):
            return self._control(path, environ, start_response)
        self.touched = time.monotonic()
        self.requests += 1
        if path.startswith("/moto-api"):
            # A reset would pull the instances from under their guests.
            return _json(start_response, 403, {"error": "moto's own controls are off in the lab; see /lab/status"})
        self.calls.add(environ, self._moto._get_body(environ))
        fault = self._faults.take(environ, self._moto._get_body(environ))
        if fault is not None:
            if fault.applied:
                list(self._moto(environ, lambda *_: None))
            return answer(fault, environ, self._moto._get_body(environ), start_response)
        return t.cast("t.Iterable[bytes]", self._moto(environ, start_response))

    def _control(self, path: str, environ: Environ, start_response: StartResponse) -> t.Iterable[bytes]:
        control = self._controls.get(path)
        if control is None:
            return _json(start_response, 404, {"error": f"no control {path}; there are {sorted(self._controls)}"})
        query = dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
        try:
            return _json(start_response, 200, control(query))
        except EC2ClientError as exc:
            return _json(start_response, 400, {"error": exc.message})
        except (KeyError, ValueError) as exc:
            return _json(start_response, 400, {"error": f"missing or bad parameter: {exc}"})

    def _withdraw(self, query: Query) -> dict[str, t.Any]:
        """Make a stock image private, as Amazon does: image_id, region (the lab's own when left out)."""
        backend(self._account, query.get("region", self._region)).withdraw_image(query["image_id"])
        return {"withdrawn": query["image_id"]}

    def _age(self, query: Query) -> dict[str, t.Any]:
        """Let an image have been made some days earlier: image_id, days, region, account."""
        account, region = query.get("account", self._account), query.get("region", self._region)
        image = backend(account, region).age_image(query["image_id"], float(query["days"]))
        return {"image_id": image.id, "created": f"{image.creation_date:%Y-%m-%dT%H:%M:%S.000Z}"}


def _backend_app(service: t.Any) -> flask.Flask:
    """Make moto's application for a service, which would answer what nobody knows with a page of HTML."""
    app: flask.Flask = create_backend_app(service)
    for kind in (OperationNotFoundError, NotImplementedError):
        app.register_error_handler(kind, _unknown_action)
    return app


def _unknown_action(exc: Exception) -> tuple[str, int, dict[str, str]]:
    text = f"The lab does not know this: {exc}"
    if "X-Amz-Target" in flask.request.headers:
        content = json.dumps({"__type": "UnknownOperationException", "message": text})
        return content, 400, {"Content-Type": "application/x-amz-json-1.1"}
    return _error_xml("InvalidAction", text), 400, {"Content-Type": "text/xml"}


def _json(start_response: StartResponse, status: int, content: dict[str, t.Any]) -> list[bytes]:
    body = json.dumps(content, indent=2).encode() + b"\n"
    start_response(f"{status} .", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _error_xml(code: str, message: str) -> str:
    return (
        f"<Response><Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
        "<RequestID>00000000-0000-0000-0000-000000000000</RequestID></Response>"
    )
