# SPDX-License-Identifier: GPL-3.0-or-later
"""What writes to the streams of the process, and transcripts."""

from __future__ import annotations

import typing as t

from lab.powershell import commands, render
from lab.powershell.console import Record
from lab.powershell.convert import to_string
from lab.powershell.dotnet_format import format_moment
from lab.powershell.errors import CmdletError
from lab.powershell.registry import SWITCH, Call, P, cmdlet
from lab.powershell.values import ErrorRecord, PSObject, Value, listify

_INPUT = P("InputObject", "object", pipeline=True)


@cmdlet("Write-Output", P("InputObject", "object", 0, pipeline=True), P("NoEnumerate", SWITCH))
def write_output(call: Call) -> t.Iterable[Value]:
    """``echo``."""
    return listify(call.get("InputObject"))


@cmdlet(
    "Write-Host",
    P("Object", "object", 0, pipeline=True),
    P("NoNewline", SWITCH),
    P("Separator"),
    P("ForegroundColor"),
    P("BackgroundColor"),
)
def write_host(call: Call) -> None:
    """Text for the console, past the pipeline."""
    text = call.text("Separator", " ").join(to_string(item) for item in listify(call.get("Object", "")))
    call.shell.console.host(text + ("" if call.flag("NoNewline") else "\n"))
    shown: dict[str, Value] = {"Message": text, "NoNewLine": call.flag("NoNewline")}
    shown |= {name: call.get(name) for name in ("ForegroundColor", "BackgroundColor")}
    message = PSObject("System.Management.Automation.HostInformationMessage", shown, text=text)
    call.shell.console.records.append(Record("Information", message, "Write-Host", ("PSHOST",)))


@cmdlet(
    "Write-Error",
    P("Message", "string", 0, pipeline=True, aliases=("Msg",)),
    P("Exception", "object"),
    P("ErrorRecord", "object"),
    P("Category"),
    P("ErrorId"),
    P("TargetObject", "object"),
    P("RecommendedAction"),
)
def write_error(call: Call) -> None:
    """A non-terminating error."""
    source = call.get("ErrorRecord") or call.get("Exception")
    message = source.properties.get("Message", str(source)) if isinstance(source, PSObject) else call.text("Message")
    if isinstance(source, ErrorRecord):
        message = source.message
    identity = call.text("ErrorId", "Microsoft.PowerShell.Commands.WriteErrorException")
    error = CmdletError(message, call.text("Category", "NotSpecified"), identity, call.get("TargetObject", ""))
    error.exception_type = "Microsoft.PowerShell.Commands.WriteErrorException"
    error.recommended_action = call.text("RecommendedAction")
    call.error(error)


def _message(stream: str) -> None:
    @cmdlet(f"Write-{stream}", P("Message", "string", 0, pipeline=True, required=True))
    def write(call: Call) -> None:
        action = call.text("WarningAction").casefold() or call.shell.preference(f"{stream}Preference")
        shown = call.flag("Verbose") or action in ("continue", "inquire")
        call.shell.console.message(stream, call.text("Message"), shown)


_message("Warning")
_message("Verbose")
_message("Debug")


@cmdlet("Write-Information", P("MessageData", "object", 0, pipeline=True, required=True), P("Tags", "string[]"))
def write_information(call: Call) -> None:
    """Shown only when the preference says so."""
    preference = call.shell.preference("InformationPreference")
    shown = preference == "continue"
    if preference != "ignore":  # kept whether it is shown or not
        record = Record("Information", call.get("MessageData"), "Write-Information", tuple(call.texts("Tags")))
        call.shell.console.records.append(record)
    call.shell.console.message("Information", call.text("MessageData"), shown)


@cmdlet(
    "Write-Progress",
    P("Activity", "string", 0),
    P("Status", "string", 1),
    P("PercentComplete", "int"),
    P("Id", "int"),
    P("Completed", SWITCH),
)
def write_progress(call: Call) -> None:
    """A bar that a console without a window does not draw."""


@cmdlet("Out-Null", _INPUT)
def out_null(call: Call) -> None:
    """Nothing."""


def _show(call: Call) -> None:
    for item in listify(call.get("InputObject")):
        call.shell.console.write(render.lines(item))


cmdlet("Out-Host", _INPUT)(_show)
cmdlet("Out-Default", _INPUT)(_show)


@cmdlet("Out-String", _INPUT, P("Width", "int"), P("Stream", SWITCH))
def out_string(call: Call) -> t.Iterable[Value]:
    """What the console would show, as text."""
    text = "".join(render.lines(item) for item in listify(call.get("InputObject"))).replace("\n", "\r\n")
    return text.splitlines() if call.flag("Stream") else [text]


@cmdlet("Format-List", P("Property", "string[]", 0), _INPUT)
def format_list(call: Call) -> t.Iterable[Value]:
    """One line for each property."""
    names = call.texts("Property")
    for item in listify(call.get("InputObject")):
        if not isinstance(item, PSObject):
            yield to_string(item)
            continue
        chosen = names if names and names != ["*"] else list(item.properties)
        view = PSObject(item.type_name, {name: item.properties.get(name) for name in chosen})
        yield render.property_list(view)


@cmdlet(
    "Out-File",
    P("FilePath", "string", 0, required=True, aliases=("LiteralPath", "Path")),
    P("Encoding", "string", 1),
    P("Append", SWITCH),
    P("Force", SWITCH),
    P("Width", "int"),
    P("NoNewline", SWITCH),
    P("InputObject", "object", pipeline=True),
)
def out_file(call: Call) -> None:
    """What the console would show, in a file; UTF-16 unless told otherwise."""
    from lab.powershell.cmdlets.content import write_text

    text = "".join(render.lines(item) for item in listify(call.get("InputObject")))
    write_text(call, call.text("FilePath"), text, append=call.flag("Append"), encoding=call.text("Encoding", "Unicode"))


@cmdlet(
    "Start-Transcript",
    P("Path", "string", 0, aliases=("LiteralPath",)),
    P("Append", SWITCH),
    P("Force", SWITCH),
    P("NoClobber", SWITCH),
    P("IncludeInvocationHeader", SWITCH),
)
def start_transcript(call: Call) -> t.Iterable[Value]:
    """Copy what the console shows into a file, from now on."""
    shell = call.shell
    stamp = format_moment(call.machine.clock(), "yyyyMMddHHmmss")
    name = call.text("Path") or f"{shell.location}\\Documents\\PowerShell_transcript.{call.machine.name}.{stamp}.txt"
    path = commands.shell_path(shell, name)
    line = "*" * 22
    head = f"{line}\r\nWindows PowerShell transcript start\r\nStart time: {stamp}\r\n{line}\r\n"
    files = call.machine.files
    files.mkdir(path.rpartition("\\")[0])
    if call.flag("Append") and files.exists(path):
        files.append(path, head)
    else:
        files.write(path, head)
    yield f"Transcript started, output file is {name}"
    shell.console.transcript = lambda text: _transcribe(call, path, text)


def _transcribe(call: Call, path: str, text: str) -> None:
    call.machine.files.append(path, text.replace("\r\n", "\n").replace("\n", "\r\n"))


@cmdlet("Stop-Transcript")
def stop_transcript(call: Call) -> t.Iterable[Value]:
    """End the transcript."""
    if call.shell.console.transcript is None:
        raise CmdletError("An error occurred stopping transcription: The host is not currently transcribing.")
    call.shell.console.transcript("**********************\nWindows PowerShell transcript end\n**********************\n")
    call.shell.console.transcript = None
    return ["Transcript stopped."]
