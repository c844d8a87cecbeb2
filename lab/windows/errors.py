# SPDX-License-Identifier: GPL-3.0-or-later
"""What Windows answers when it refuses."""

from __future__ import annotations

# Win32 error code -> the system's own text.
MESSAGES: dict[int, str] = {
    2: "The system cannot find the file specified",
    3: "The system cannot find the path specified",
    5: "Access is denied",
    32: "The process cannot access the file because it is being used by another process",
    87: "The parameter is incorrect",
    145: "The directory is not empty",
    183: "Cannot create a file when that file already exists",
    267: "The directory name is invalid",
    1053: "The service did not respond to the start or control request in a timely fashion",
    1056: "An instance of the service is already running",
    1058: "The service cannot be started, either because it is disabled or because it has no enabled devices "
    "associated with it",
    1060: "The specified service does not exist as an installed service",
    1062: "The service has not been started",
    1068: "The dependency service or group failed to start",
    1072: "The specified service has been marked for deletion",
    1073: "The specified service already exists",
    1051: "A stop control has been sent to a service that other running services are dependent on",
    1326: "The user name or password is incorrect",
    1331: "This user can't sign in because this account is currently disabled",
    1793: "The user's account has expired",
    1907: "The user's password must be changed before signing in",
    1909: "The referenced account is currently locked out and may not be logged on to",
    2221: "The user name could not be found",
    2220: "The group name could not be found",
    2224: "The account already exists",
    2245: "The password does not meet the password policy requirements",
}


class WindowsError(Exception):
    """A refusal with its Win32 code; ``str()`` is the text that Windows would show."""

    def __init__(self, code: int, detail: str = "", message: str = "") -> None:
        text = message or MESSAGES.get(code, f"Windows error {code}")
        super().__init__(f"{text}: {detail}" if detail else text)
        self.code = code
        self.message = text
        self.detail = detail


class UnsupportedError(Exception):
    """The lab met something it does not understand; the text names it."""


class NetworkError(Exception):
    """A guest could not reach what it asked for; the text is .NET's (``The remote name could not be resolved`` …)."""
