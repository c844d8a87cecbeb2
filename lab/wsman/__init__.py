# SPDX-License-Identifier: GPL-3.0-or-later
"""The server side of WinRM: WS-Management over HTTP and HTTPS with NTLM, in front of a model of Windows.

`soap` and `replies` translate XML, `shell` is the state machine, `auth` and `sealing` are NTLM; none of these does
IO. `connection` and `server` put them on sockets.
"""

from lab.types import Completed
from lab.wsman.server import WinRMEndpoint
from lab.wsman.trouble import Trouble
from lab.wsman.types import CommandRequest, Counters, Host, Listener

__all__ = ["CommandRequest", "Completed", "Counters", "Host", "Listener", "Trouble", "WinRMEndpoint"]
