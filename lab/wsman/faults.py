# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of the WS-Management service, with the numbers and the sentences that clients look for."""

from __future__ import annotations

from lab.wsman.messages import Fault

TIMED_OUT = 2150858793
INVALID_SELECTORS = 2150858843
RESOURCE_NOT_FOUND = 2150858752
MUST_UNDERSTAND = 2150858768
HEADER_REQUIRED = 2150858769
ACTION_NOT_SUPPORTED = 2150858771
INVALID_BODY = 2150858791
ENCODING_LIMIT = 2150858805
INVALID_OPTIONS = 2150858809
SCHEMA_INVALID = 2150858817
QUOTA_SHELLS = 2150859173
ACCESS_DENIED = 5
BROKEN_PIPE = 109
OPERATION_ABORTED = 995

_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail/"
_WSMAN = "The WS-Management service cannot process the request"
_SELECTORS = f"{_WSMAN} because the request contained invalid selectors for the resource. "


def timed_out() -> Fault:
    """Nothing came within OperationTimeout: the client is expected to ask again."""
    # Packer's client recognises this fault by the word OperationTimeout in the sentence, not by the number.
    return Fault(
        "w:TimedOut",
        TIMED_OUT,
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.  ",
        receiver=True,
    )


def _selectors(message: str) -> Fault:
    return Fault("w:InvalidSelectors", INVALID_SELECTORS, _SELECTORS, message, detail=_DETAIL + "UnexpectedSelectors")


def shell_not_found(shell_id: str) -> Fault:
    return _selectors(
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation. "
    )


def shell_id_missing() -> Fault:
    return _selectors(
        "The Windows Remote Shell cannot process the request because it requires the following selector: ShellId. "
        "Retry with the correct selector. "
    )


def command_not_found() -> Fault:
    return _selectors(
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not "
        "exist. Either the command has completed execution or the client specified an invalid command identifier. "
    )


def aborted() -> Fault:
    """The operation was under way when its command or its shell went away."""
    text = "The I/O operation has been aborted because of either a thread exit or an application request. "
    return Fault("w:InternalError", OPERATION_ABORTED, text, receiver=True)


def input_closed() -> Fault:
    """Input for a command that has read the end of its input already, or has ended."""
    return Fault("w:InternalError", BROKEN_PIPE, "The pipe has been ended. ", receiver=True)


def access_denied() -> Fault:
    return Fault("w:AccessDenied", ACCESS_DENIED, "Access is denied. ")


def too_many_shells(limit: int) -> Fault:
    return Fault(
        "w:QuotaLimit",
        QUOTA_SHELLS,
        f"The WS-Management service cannot process the request. The maximum number of concurrent shells for this user "
        f"has been exceeded. Close existing shells or raise the quota for this user (MaxShellsPerUser is {limit}). ",
    )


def unknown_resource(uri: str) -> Fault:
    return Fault(
        "a:DestinationUnreachable",
        RESOURCE_NOT_FOUND,
        f"{_WSMAN}. The service cannot find the resource identified by the resource URI and selectors. ",
        f"{_WSMAN}. The lab has no resource {uri}; it has the cmd shell and Microsoft.PowerShell only. ",
        detail=_DETAIL + "InvalidResourceURI",
    )


def unknown_action(action: str) -> Fault:
    return Fault(
        "a:ActionNotSupported",
        ACTION_NOT_SUPPORTED,
        "The WS-Management service does not support the action specified in the request. ",
        f"The lab's WS-Management service does not support the action {action}. ",
    )


def not_understood(header: str) -> Fault:
    return Fault(
        "s:MustUnderstand",
        MUST_UNDERSTAND,
        "The WS-Management service cannot process a SOAP header in the request that is marked as mustUnderstand by "
        "the client. This could be caused by the use of a version of the protocol which is not supported, or may be "
        "an incompatibility between the client and server implementations. ",
        f"The lab's WS-Management service does not know the header {header}. ",
    )


def header_missing(name: str) -> Fault:
    return Fault(
        "a:MessageInformationHeaderRequired",
        HEADER_REQUIRED,
        f"{_WSMAN}. The request does not have all the expected SOAP headers. ",
        f"{_WSMAN}. The request has no {name} header. ",
        detail=name,
    )


def not_xml(why: str) -> Fault:
    return Fault(
        "w:SchemaValidationError",
        SCHEMA_INVALID,
        "The SOAP XML in the message does not match the corresponding XML schema definition. ",
        f"The SOAP XML in the message does not match the corresponding XML schema definition: {why}. ",
    )


def invalid_body(why: str) -> Fault:
    return Fault(
        "w:SchemaValidationError",
        INVALID_BODY,
        f"{_WSMAN} because the request packet does not have a valid SOAP body. ",
        f"{_WSMAN} because the request packet does not have a valid SOAP body: {why}. ",
    )


def invalid_option(name: str, value: str) -> Fault:
    return Fault(
        "w:InvalidOptions",
        INVALID_OPTIONS,
        f"{_WSMAN} because one or more options are not valid. The option names or values may not be valid or they are "
        "used in incorrect combinations. ",
        f"The option {name} cannot have the value {value!r}. ",
    )


def envelope_too_small(size: int, least: int) -> Fault:
    return Fault(
        "w:EncodingLimit",
        ENCODING_LIMIT,
        f"{_WSMAN} because the encoding of the request exceeds an internal encoding limit. ",
        f"A MaxEnvelopeSize of {size} bytes is less than the {least} bytes that every reply may need. ",
        detail=_DETAIL + "MinimumEnvelopeLimit",
    )
