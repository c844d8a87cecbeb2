# SPDX-License-Identifier: GPL-3.0-or-later
"""Every PowerShell file that is shipped parses, and stops at the first error."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
import tree_sitter
import tree_sitter_powershell

ROOT = pathlib.Path(__file__).parents[3]
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))


def shipped(*patterns: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(listed.stdout.split())


def syntax_errors(text: bytes) -> list[str]:
    """Return a line for each place that is not PowerShell."""
    found = []
    nodes = [PARSER.parse(text).root_node]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            found.append(f"line {node.start_point.row + 1}: {node.text.decode() if node.text else node.type!r}")
        nodes.extend(child for child in node.children if child.has_error or child.is_missing)
    return found


@pytest.mark.parametrize("path", shipped("*.ps1", "*.psm1"))
def test_a_powershell_file_parses(path: str) -> None:
    assert syntax_errors((ROOT / path).read_bytes()) == []


@pytest.mark.parametrize("path", shipped("*.ps1"))
def test_a_powershell_file_stops_at_the_first_error(path: str) -> None:
    assert "$ErrorActionPreference = 'Stop'" in (ROOT / path).read_text()


def test_there_are_powershell_files() -> None:
    assert "packer/bootstrap/winrm.ps1" in shipped("*.ps1")


@pytest.mark.parametrize(
    "text",
    ["if ($true) { Get-Date", "$x = @{ a = 1", "if ($x -eq) { }", "$x = 1 +", "Get-Item -Path 'open", "} else {"],
)
def test_a_syntax_error_is_seen(text: str) -> None:
    assert syntax_errors(text.encode()) != []
