# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the table of variables into each role's README, from its argument specification.

The table stands between two comments. Everything else in a README is written by people.
With --check nothing is written, and the exit status says whether a README is out of date.
"""

from __future__ import annotations

import argparse
import collections.abc as c
import json
import pathlib
import re
import sys
import typing as t

import yaml

PROJECT = pathlib.Path(__file__).resolve().parents[1]
BEGIN = "<!-- The variables: from meta/argument_specs.yml, by scripts/role_readmes.py. -->"
END = "<!-- End of the variables. -->"
HEADER = ("| Variable | Type | Default | |", "|---|---|---|---|")
# Markup of Ansible's documentation, such as V(present) and O(proxy_state=absent), that has a plain equivalent.
_CODE = re.compile(r"\b[VOCER]\(((?:[^()\\]|\\.|\([^()]*\))*)\)")
_PLUGIN = re.compile(r"\b[MP]\(([^)#]*)[^)]*\)")
_EMPHASIS = re.compile(r"\b[BI]\(([^)]*)\)")
_LINK = re.compile(r"\bL\(([^,)]*),\s*([^)]*)\)")
_ADDRESS = re.compile(r"\bU\(([^)]*)\)")


class ReadmeError(Exception):
    """A README has no place for the table."""


def main(arguments: c.Sequence[str] | None = None) -> int:
    """Write or check every README; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a README is out of date")
    parser.add_argument(
        "roles", nargs="*", type=pathlib.Path, help="directories of roles (default: all of this project)"
    )
    options = parser.parse_args(arguments)
    stale = []
    for role in options.roles or sorted((PROJECT / "roles").iterdir()):
        readme = role / "README.md"
        try:
            written = readme.read_text(encoding="utf-8")
            wanted = updated(written, (role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
        except (OSError, ReadmeError) as exc:
            print(f"{role.name}: {exc}", file=sys.stderr)
            return 2
        if wanted != written:
            stale.append(role.name)
            if not options.check:
                readme.write_text(wanted, encoding="utf-8")
    if stale:
        print(f"{'Out of date' if options.check else 'Written'}: README.md of {', '.join(stale)}")
    if stale and options.check:
        print("Write them with: make docs", file=sys.stderr)
    return int(bool(stale) and options.check)


def updated(readme: str, specification: str) -> str:
    """Return a README with the table of this specification (its entry point main) between the comments."""
    if readme.count(BEGIN) != 1 or readme.count(END) != 1 or readme.index(BEGIN) > readme.index(END):
        raise ReadmeError(f"README.md must have these two lines once, in this order: {BEGIN} {END}")
    options = yaml.safe_load(specification)["argument_specs"]["main"].get("options") or {}
    before, rest = readme.split(BEGIN)
    return "\n".join([before + BEGIN, "", *tables(options), "", END + rest.split(END)[1]])


def tables(options: c.Mapping[str, dict[str, t.Any]]) -> list[str]:
    """Return the lines of a table of the variables, and of one more for each list or dictionary that has keys."""
    lines = [*HEADER, *(_row(name, option) for name, option in options.items())]
    for name, option in _with_keys(options):
        each = "Each item of" if option.get("type") == "list" else "Keys of"
        lines += ["", f"{each} `{name}`:", "", *HEADER]
        lines[-2] = HEADER[0].replace("Variable", "Key")
        lines += [_row(key, value) for key, value in option["options"].items()]
    return lines


def _with_keys(options: c.Mapping[str, t.Any], prefix: str = "") -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    for name, option in options.items():
        if option.get("options"):
            yield f"{prefix}{name}", option
            yield from _with_keys(option["options"], f"{prefix}{name}.")


def _row(name: str, option: dict[str, t.Any]) -> str:
    return f"| `{name}` | {_type(option)} | {_default(option)} | {_cell(_text(option))} |"


def _type(option: dict[str, t.Any]) -> str:
    kind, elements = option.get("type", "str"), option.get("elements")
    return f"{kind} of {elements}" if elements else str(kind)


def _default(option: dict[str, t.Any]) -> str:
    if option.get("required"):
        return "required"
    default = option.get("default")
    if default is None:
        return ""
    return _cell(f"`{default if isinstance(default, str) and default else json.dumps(default, ensure_ascii=False)}`")


def _text(option: dict[str, t.Any]) -> str:
    """Return the description as one paragraph, with what else a reader has to know."""
    description = option.get("description", "")
    sentences = [description] if isinstance(description, str) else list(description)
    if choices := option.get("choices"):
        sentences.append(f"One of {', '.join(f'`{choice}`' if choice else 'empty' for choice in choices)}.")
    if option.get("no_log"):
        sentences.append("Secret: never shown.")
    return " ".join(markdown(sentence.strip()) for sentence in sentences)


def markdown(text: str) -> str:
    """Return text with Ansible's documentation markup turned into Markdown."""
    text = _CODE.sub(lambda match: f"`{match[1].replace(chr(92), '')}`", text)
    text = _PLUGIN.sub(r"`\1`", text)
    text = _LINK.sub(r"[\1](\2)", text)
    text = _ADDRESS.sub(r"<\1>", text)
    return _EMPHASIS.sub(r"*\1*", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
