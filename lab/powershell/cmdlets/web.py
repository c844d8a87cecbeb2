# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP from scripts, over the guest's real (or missing) way out."""

from __future__ import annotations

import typing as t

from lab.powershell import commands
from lab.powershell.convert import to_string
from lab.powershell.errors import CmdletError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import HashTable, PSObject, Value
from lab.windows.runtime import HttpResponse

_PARAMETERS = (
    P("Uri", "string", 0, required=True),
    P("OutFile"),
    P("Proxy"),
    P("UseBasicParsing", SWITCH),
    P("Method", choices=("Get", "Put", "Post", "Head")),
    P("Headers", "hashtable"),
    P("Body", "string"),
    P("ContentType", "string"),
    P("TimeoutSec", "int"),
)


def _request(call: Call) -> HttpResponse:
    headers = {to_string(name): to_string(value) for name, value in call.get("Headers", HashTable()).items()}
    if "ContentType" in call:
        headers["Content-Type"] = call.text("ContentType")
    answer = call.machine.network.request(
        call.text("Uri"),
        proxy=call.text("Proxy") or None,
        method=call.text("Method", "Get").upper(),
        headers=headers,
        body=call.text("Body").encode(),
        timeout=float(call.get("TimeoutSec", 30)),
    )
    if answer.status >= 400:
        message = f"The remote server returned an error: ({answer.status}) {answer.reason or 'Error'}."
        raise CmdletError(message, "InvalidOperation", "WebCmdletWebResponseException", call.text("Uri"))
    if "OutFile" in call:
        call.machine.files.write(commands.shell_path(call.shell, call.text("OutFile")), answer.body)
    return answer


@cmdlet("Invoke-WebRequest", *_PARAMETERS)
def invoke_web_request(call: Call) -> t.Iterable[Value]:
    """Ask for a URL."""
    answer = _request(call)
    if "OutFile" in call:
        return
    text = answer.body.decode("utf-8", errors="replace")
    yield PSObject(
        "Microsoft.PowerShell.Commands.HtmlWebResponseObject",
        {
            "StatusCode": answer.status,
            "StatusDescription": answer.reason,
            "Content": text,
            "RawContentLength": len(answer.body),
        },
    )


@cmdlet("Invoke-RestMethod", *_PARAMETERS)
def invoke_rest_method(call: Call) -> t.Iterable[Value]:
    """Ask for a URL; JSON becomes objects."""
    from lab.powershell.cmdlets.json_text import convert_from_json

    answer = _request(call)
    if "OutFile" in call:
        return
    text = answer.body.decode("utf-8", errors="replace")
    if "json" in answer.headers.get("Content-Type", answer.headers.get("content-type", "")):
        call.values["InputObject"] = text
        yield from convert_from_json(call) or ()
    else:
        yield text
