# SPDX-License-Identifier: GPL-3.0-or-later
"""PowerShell values. ``None``, bool, int, float, str, bytes, datetime and list stand for themselves."""

from __future__ import annotations

import typing as t

Value = t.Any  # a PowerShell value; the language is dynamic, and so is this name

Method = t.Callable[..., Value]


class CaseDict(dict[str, Value]):
    """An ordered dictionary whose string keys ignore case and keep the spelling of their first use."""

    def __init__(self, items: t.Iterable[tuple[str, Value]] = ()) -> None:
        super().__init__()
        self._spelling: dict[t.Any, str] = {}
        for key, value in items:
            self[key] = value

    @staticmethod
    def _fold(key: t.Any) -> t.Any:
        return key.casefold() if isinstance(key, str) else key

    def __setitem__(self, key: str, value: Value) -> None:
        super().__setitem__(self._spelling.setdefault(self._fold(key), key), value)

    def __getitem__(self, key: str) -> Value:
        return super().__getitem__(self._spelling[self._fold(key)])

    def __contains__(self, key: object) -> bool:
        return self._fold(key) in self._spelling

    def get(self, key: str, default: Value = None) -> Value:
        return self[key] if key in self else default  # noqa: SIM401 - that would call this method

    def pop(self, key: str, default: Value = None) -> Value:
        spelling = self._spelling.pop(self._fold(key), None)
        return default if spelling is None else super().pop(spelling)


class HashTable(CaseDict):
    """``@{}`` and ``[ordered]@{}``."""


class PSObject:
    """An object with a .NET type name, properties and methods; ``setters`` act on the model when assigned to."""

    def __init__(
        self,
        type_name: str,
        properties: t.Mapping[str, Value] | None = None,
        methods: t.Mapping[str, Method] | None = None,
        text: str | None = None,
        setters: t.Mapping[str, t.Callable[[Value], None]] | None = None,
    ) -> None:
        self.type_name = type_name
        self.properties = CaseDict((properties or {}).items())
        self.methods = CaseDict((methods or {}).items())
        self.setters = CaseDict((setters or {}).items())
        self.text = text

    def __str__(self) -> str:
        if self.text is not None:
            return self.text
        if self.type_name.endswith("PSCustomObject"):
            from lab.powershell.convert import to_string

            return "@{" + "; ".join(f"{name}={to_string(value)}" for name, value in self.properties.items()) + "}"
        return self.type_name


class ArrayList(list[Value]):
    """A growable list: System.Collections.ArrayList or Generic.List."""


class ErrorRecord(PSObject):
    """``$_`` in a catch block."""

    def __init__(
        self,
        message: str,
        exception_type: str = "System.Management.Automation.RuntimeException",
        category: str = "NotSpecified",
        identity: str = "",
        target: Value = None,
        command: str = "",
        position: str = "",
    ) -> None:
        exception = PSObject(
            exception_type, {"Message": message, "InnerException": None}, text=f"{exception_type}: {message}"
        )
        exception.methods["ToString"] = lambda: f"{exception_type}: {message}"
        exception.methods["GetType"] = lambda: type_info(exception_type)
        super().__init__(
            "System.Management.Automation.ErrorRecord",
            {
                "Exception": exception,
                "TargetObject": target,
                "FullyQualifiedErrorId": identity,
                "CategoryInfo": PSObject(
                    "System.Management.Automation.ErrorCategoryInfo",
                    {
                        "Category": category,
                        "Activity": command,
                        "Reason": exception_type.rpartition(".")[2],
                        "TargetName": "" if target is None else str(target),
                        "TargetType": _type_of(target),
                    },
                    text=f"{category}: ({target}) [{command}], {exception_type.rpartition('.')[2]}",
                ),
                "InvocationInfo": PSObject(
                    "System.Management.Automation.InvocationInfo",
                    {"PositionMessage": position, "ScriptLineNumber": _line_of(position), "MyCommand": command},
                ),
                "ScriptStackTrace": position,
                "ErrorDetails": None,
            },
            text=message,
        )
        self.message = message
        self.exception_type = exception_type
        self.command = command
        self.position = position

    def report(self) -> str:
        """The text that PowerShell writes to its error stream for this record."""
        head = f"{self.command} : {self.message}" if self.command else self.message
        lines = [head]
        if self.position:
            lines.append(self.position)
        lines.append(f"    + CategoryInfo          : {self.properties['CategoryInfo']}")
        lines.append(f"    + FullyQualifiedErrorId : {self.properties['FullyQualifiedErrorId']}")
        return "\n".join(lines) + "\n"


def type_info(name: str) -> PSObject:
    """What ``GetType()`` answers."""
    return PSObject("System.RuntimeType", {"FullName": name, "Name": name.rpartition(".")[2]}, text=name)


def _type_of(target: Value) -> str:
    """The short .NET name of what an error is about; empty for nothing."""
    if isinstance(target, PSObject):
        return target.type_name.rpartition(".")[2]
    if isinstance(target, str):
        return "String" if target else ""
    return {bool: "Boolean", int: "Int32", float: "Double"}.get(type(target), "Object[]" if target else "")


def _line_of(position: str) -> int:
    """The line number inside an "At line:3 char:1" message; 0 when there is none."""
    head, _, rest = position.partition("line:")
    return int(rest.split()[0]) if head and rest else 0


class TypeRef(t.NamedTuple):
    """A type literal: ``[string]``."""

    name: str


class ScriptBlock:
    """``{ … }``: a syntax node to run later. Scopes are dynamic, as in PowerShell."""

    def __init__(self, node: t.Any, name: str = "", parameters: t.Any = None) -> None:
        self.node = node
        self.name = name
        self.parameters = parameters  # a function's (…) after its name, which stands for a param block

    def __str__(self) -> str:
        text: str = self.node.text
        return text


class SecureString:
    """Text that prints as its type."""

    def __init__(self, text: str) -> None:
        self.plain = text

    def __str__(self) -> str:
        return "System.Security.SecureString"


def listify(value: Value) -> list[Value]:
    """What a pipeline gets when ``value`` is written to it: arrays are unrolled, hashtables and strings are not."""
    return list(value) if isinstance(value, (list, tuple)) and not isinstance(value, TypeRef) else [value]


def collapse(values: list[Value]) -> Value:
    """What a variable gets from a pipeline: nothing, the one value, or an array."""
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)
