# SPDX-License-Identifier: GPL-3.0-or-later
"""Validation of module arguments: the rules and the texts of Ansible's Windows module utilities."""

from __future__ import annotations

import json
import re
import typing as t

from lab.ansible.documentation import Option
from lab.ansible.ps_spec import OPAQUE
from lab.windows import paths
from lab.windows.errors import WindowsError
from lab.windows.modules.context import ModuleError

TRUE = ("y", "yes", "on", "1", "true", "t", "1.0")
FALSE = ("n", "no", "off", "0", "false", "f", "0.0")
_DOTNET = {str: "System.String", int: "System.Int32", bool: "System.Boolean", float: "System.Double"}

Spec = t.Mapping[str, t.Any]


class Validator:
    """Checks one call. ``expand`` replaces environment references in paths; ``spec`` is read from the source."""

    def __init__(self, module: str, expand: t.Callable[[str], str], spec: Spec | None) -> None:
        self._module = module.rpartition(".")[2]
        self._expand = expand
        self._spec = spec
        self._legacy = spec is None  # written with Ansible.ModuleUtils.Legacy, which has other texts
        self.secrets: set[str] = set()

    def check(self, options: t.Iterable[Option], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Give the parameters with aliases resolved, defaults filled in and types converted.

        :raises ModuleError: with the text that Ansible's module utilities have for it.
        """
        return self._level(tuple(options), given, self._spec or {}, ())

    def _level(
        self, options: tuple[Option, ...], given: t.Mapping[str, t.Any], spec: Spec, context: tuple[str, ...]
    ) -> dict[str, t.Any]:
        values = self._named(options, given, context)
        self._exclusive(spec, values, context)
        missing = [option.name for option in options if option.required and option.name not in values]
        if missing and self._legacy:
            raise ModuleError(f"Get-AnsibleParam: Missing required argument: {missing[0]}")
        if missing:
            raise _failure(f"missing required arguments: {', '.join(missing)}", context)
        own = spec.get("options")
        specs: Spec = own if isinstance(own, dict) else {}
        for option in options:
            one = specs.get(option.name)
            self._convert(option, values, one if isinstance(one, dict) else {}, context)
        self._required(spec, values, context)
        return values

    def _named(
        self, options: tuple[Option, ...], given: t.Mapping[str, t.Any], context: tuple[str, ...]
    ) -> dict[str, t.Any]:
        names = {alias.lower(): option.name for option in options for alias in (option.name, *option.aliases)}
        unknown = [name for name in given if name.lower() not in names]
        if unknown:
            legal = [option.name for option in options] + [alias for option in options for alias in option.aliases]
            text = f"Unsupported parameters for ({self._module}) module: {', '.join(unknown)}"
            failure = _failure(text, context)
            raise ModuleError(f"{failure}. Supported parameters include: {', '.join(legal)}")
        return {names[name.lower()]: value for name, value in given.items() if value is not None}

    def _convert(self, option: Option, values: dict[str, t.Any], spec: Spec, context: tuple[str, ...]) -> None:
        value = values.get(option.name, option.default)
        if value is None:
            values[option.name] = self._sub(option, {}, spec, context) if spec.get("apply_defaults") else None
            return
        if spec.get("no_log") is True:
            self.secrets.update(_strings(value))
        try:
            converted = self.convert(value, option.type)
        except ValueError as exc:
            kind = _DOTNET.get(type(value), type(value).__name__)
            text = f"argument for {option.name} is of type {kind} and we were unable to convert to {option.type}: {exc}"
            raise _failure(text, context) from exc
        self._choices(option, converted, context)
        values[option.name] = self._sub(option, converted, spec, context)

    def _sub(self, option: Option, value: t.Any, spec: Spec, context: tuple[str, ...]) -> t.Any:
        inner = (*context, option.name)
        if self._legacy and option.options:
            return value  # these utilities know nothing of options inside options: the module looks by itself
        if option.type == "dict" and option.options:
            return self._level(option.options, value, spec, inner)
        if option.type != "list" or not option.elements:
            return value
        if option.elements == "dict":
            items = [self.convert(item, "dict") for item in value]
            return [self._level(option.options, item, spec, inner) if option.options else item for item in items]
        result = []
        for item in value:
            try:
                result.append(self.convert(item, option.elements))
            except ValueError as exc:
                kind = _DOTNET.get(type(item), type(item).__name__)
                text = (
                    f"argument for list entry {option.name} is of type {kind} and we were unable to convert to "
                    f"{option.elements}: {exc}"
                )
                raise _failure(text, context) from exc
        return result

    def _choices(self, option: Option, value: t.Any, context: tuple[str, ...]) -> None:
        if not option.choices or option.type == "bool":
            return
        values = [_text(item) for item in value] if isinstance(value, list) else [_text(value)]
        known = {choice.lower() for choice in option.choices}
        wrong = [item for item in values if item.lower() not in known]
        if wrong and self._legacy:
            legal = ",".join(option.choices)
            raise ModuleError(
                f"Get-AnsibleParam: Argument {option.name} needs to be one of {legal} but was {wrong[0]}."
            )
        if wrong:
            kind = "one or more of" if option.type == "list" else "one of"
            choices = ", ".join(option.choices)
            text = f"value of {option.name} must be {kind}: {choices}. Got no match for: {', '.join(wrong)}"
            raise _failure(text, context)

    def convert(self, value: t.Any, kind: str) -> t.Any:
        """Convert one value to an option type.

        :raises ValueError: it cannot be converted.
        """
        converter = {
            "bool": _bool,
            "int": _int,
            "float": _float,
            "list": _list,
            "dict": _dict,
            "path": self._path,
            "str": _text,
            "raw": lambda item: item,
            "json": lambda item: item if isinstance(item, str) else json.dumps(item),
            "sid": _text,
        }[kind]
        return converter(value)

    def _path(self, value: t.Any) -> str:
        text = _text(value)
        if text.startswith("\\\\?\\"):
            return text
        text = self._expand(text)
        if re.search(r'[<>"|\x00-\x1f]', text):
            raise ValueError("string value contains invalid path characters, cannot convert to path")
        try:
            if paths.is_absolute(text) and not text.startswith("\\\\") and not re.search(r"[*?]", text):
                paths.normalise(text)
        except WindowsError as exc:
            raise ValueError("The given path's format is not supported.") from exc
        return text

    def _exclusive(self, spec: Spec, values: Spec, context: tuple[str, ...]) -> None:
        for names in _lists(spec.get("mutually_exclusive")):
            if sum(name in values for name in names) > 1:
                raise _failure(f"parameters are mutually exclusive: {', '.join(names)}", context)

    def _required(self, spec: Spec, values: Spec, context: tuple[str, ...]) -> None:
        def given(name: str) -> bool:
            return values.get(name) is not None

        for names in _lists(spec.get("required_together")):
            if any(map(given, names)) and not all(map(given, names)):
                raise _failure(f"parameters are required together: {', '.join(names)}", context)
        for names in _lists(spec.get("required_one_of")):
            if not any(map(given, names)):
                raise _failure(f"one of the following is required: {', '.join(names)}", context)
        for rule in _lists(spec.get("required_if")):
            _required_if(rule, values, given, context)
        by = spec.get("required_by")
        for key, names in by.items() if isinstance(by, dict) else ():
            wanted = names if isinstance(names, list) else [names]
            lacking = [name for name in wanted if not given(name)]
            if given(key) and lacking:
                raise _failure(f"missing parameter(s) required by '{key}': {', '.join(lacking)}", context)


def _required_if(rule: list[t.Any], values: Spec, given: t.Callable[[str], bool], context: tuple[str, ...]) -> None:
    key, wanted, names = rule[0], rule[1], rule[2]
    any_one = len(rule) > 3 and rule[3] is True
    if wanted is OPAQUE or values.get(key) is None or _text(values[key]) != _text(wanted):
        return
    names = names if isinstance(names, list) else [names]
    lacking = [name for name in names if not given(name)]
    if len(lacking) >= (len(names) if any_one else 1):
        term = "any" if any_one else "all"
        text = f"{key} is {_text(wanted)} but {term} of the following are missing: {', '.join(lacking)}"
        raise _failure(text, context)


def _failure(text: str, context: tuple[str, ...]) -> ModuleError:
    return ModuleError(f"{text} found in {' -> '.join(context)}" if context else text)


def _lists(value: t.Any) -> list[list[t.Any]]:
    if not isinstance(value, list) or not value:
        return []
    return [value] if not isinstance(value[0], list) else [item for item in value if isinstance(item, list)]


def _strings(value: t.Any) -> t.Iterator[str]:
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]:
        if isinstance(item, dict | list):
            yield from _strings(item)
        elif not isinstance(item, bool) and str(item):
            yield str(item)


def _text(value: t.Any) -> str:
    return str(value) if not isinstance(value, bool) else "True" if value else "False"


def _bool(value: t.Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in TRUE or text in FALSE:
        return text in TRUE
    names = ", ".join((*TRUE, *FALSE))
    raise ValueError(f"The value '{text}' is not a valid boolean. Valid booleans include: {names}")


def _int(value: t.Any) -> int:
    try:
        return int(str(value).strip()) if not isinstance(value, bool) else int(str(value))
    except ValueError as exc:
        raise ValueError("Input string was not in a correct format.") from exc


def _float(value: t.Any) -> float:
    try:
        return float(str(value))
    except ValueError as exc:
        raise ValueError("Input string was not in a correct format.") from exc


def _list(value: t.Any) -> list[t.Any]:
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    raise ValueError(f"{_DOTNET.get(type(value), type(value).__name__)} cannot be converted to a list")


def _dict(value: t.Any) -> dict[str, t.Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        text = value.strip()
        if text.startswith("{") and text.endswith("}"):
            parsed = json.loads(text)
            return dict(parsed)
        pairs = re.findall(r"""(\w[\w.-]*)=("[^"]*"|'[^']*'|[^,\s]*)""", text)
        if pairs:
            return {name: item.strip("\"'") for name, item in pairs}
        raise ValueError("string cannot be converted to a dict, must either be a JSON string or in the key=value form")
    raise ValueError(f"{_DOTNET.get(type(value), type(value).__name__)} cannot be converted to a dict")
