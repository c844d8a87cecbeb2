# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on purpose: what an endpoint does to the next requests, so that tests can see how a client takes it."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass
class Trouble:
    """One kind of trouble, for the next ``times`` requests.

    ``drop`` closes the connection unanswered, ``delay`` waits ``seconds`` before it goes on as usual, ``status``
    answers with that HTTP status. ``action`` limits it to one kind of request, by the last word of its SOAP action
    (``Receive``); without it every HTTP request counts, those that log on too.
    """

    kind: t.Literal["drop", "delay", "status"]
    times: int = 1
    status: int = 503
    seconds: float = 0.0
    action: str | None = None


class Troubles:
    """The trouble that waits for requests, in the order in which it was asked for."""

    def __init__(self) -> None:
        self._waiting: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        self._waiting.append(dataclasses.replace(trouble))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, action: str | None) -> Trouble | None:
        """The trouble for a request, used up by one. ``action`` is None before the request has been read."""
        for trouble in self._waiting:
            if trouble.action == action:
                trouble.times -= 1
                if trouble.times <= 0:
                    self._waiting.remove(trouble)
                return trouble
        return None
