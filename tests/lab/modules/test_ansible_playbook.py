# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-playbook over a real WinRM endpoint: what only works when both ends agree."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from tests.lab.modules.calls import make_guest
from tests.lab.modules.endpoint import play, served

PLAYBOOK = """
- hosts: all
  tasks:
    - ansible.builtin.wait_for_connection: {timeout: 20}
    - ansible.windows.win_file: {path: 'C:\\Golden', state: directory}
    - ansible.windows.win_copy: {content: hello, dest: 'C:\\Golden\\one.txt'}
    - ansible.windows.win_copy: {src: tree/, dest: 'C:\\Golden\\tree\\'}
    - ansible.windows.win_template: {src: page.j2, dest: 'C:\\Golden\\page.txt'}
    - ansible.windows.win_template: {src: page.j2, dest: 'C:\\Golden\\page.txt'}
      register: again
    - ansible.builtin.assert: {that: again is not changed}
    - ansible.builtin.fetch: {src: 'C:\\Golden\\page.txt', dest: fetched/, flat: true}
    - ansible.windows.win_command: whoami.exe
      become: true
      become_method: runas
      become_user: SYSTEM
      register: who
    - ansible.windows.win_shell: Write-Output slept
      async: 20
      poll: 1
      register: slept
    - ansible.builtin.raw: hostname
      register: name
    - ansible.builtin.assert:
        that:
          - who.stdout is search('system')
          - slept.stdout is search('slept')
          - name.stdout is search('WIN-STOCKAMI')
"""


@pytest.fixture
def port() -> t.Iterator[int]:
    with served(make_guest()) as number:
        yield number


def test_a_playbook_with_copies_templates_become_and_async(port: int, tmp_path: pathlib.Path) -> None:
    (tmp_path / "page.j2").write_text("Hello {{ inventory_hostname }}\n")
    (tmp_path / "files" / "tree" / "sub").mkdir(parents=True)
    for name in ("1.txt", "sub/2.txt"):
        (tmp_path / "files" / "tree" / name).write_text(name)
    play(PLAYBOOK, port, tmp_path)
    assert (tmp_path / "fetched" / "page.txt").read_bytes() == b"Hello win\r\n"
