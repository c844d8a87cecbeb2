# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with the file of a catalogue, and what is said about it."""

from __future__ import annotations

import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, Event, files, schema
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue.sqlite import SqliteCatalogue

from tests.unit.running import REPOSITORY

from .conftest import MakeBuild, an_ordinary_user

BUILT = {"status": "built", "amis": {"eu-west-1": "ami-1"}}


def run_sql(path: pathlib.Path, *statements: str) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


def test_a_file_of_rubbish_is_left_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(b"rubbish " * 1000)
    with pytest.raises(CatalogueError, match=rf"Cannot read the catalogue {path}: .*not a database; .* restore a copy"):
        SqliteCatalogue(path)
    assert path.read_bytes() == b"rubbish " * 1000


def test_a_damaged_file_says_so(tmp_path: pathlib.Path, make_build: MakeBuild) -> None:
    path = tmp_path / "catalogue.sqlite"
    catalogue = SqliteCatalogue(path)
    for _ in range(40):
        catalogue.finish(make_build(error="x" * 500, **{**BUILT, "amis": {}}))
    content = bytearray(path.read_bytes())
    content[4096 * 1 : 4096 * 12] = b"\xff" * 4096 * 11
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=r"malformed; the file is damaged; restore a copy, or move it away"):
        SqliteCatalogue(path).builds()


def test_the_database_of_another_program_is_left_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "other.sqlite"
    run_sql(path, "CREATE TABLE songs (title TEXT)")
    with pytest.raises(CatalogueError, match=r"other\.sqlite: it is a database of something else"):
        SqliteCatalogue(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("songs",)]
    db.close()


def test_a_newer_schema_is_refused_and_says_what_to_do(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    SqliteCatalogue(path)
    run_sql(path, "PRAGMA user_version = 99")
    with pytest.raises(CatalogueError, match=r"schema version 99, .* knows 3 at most\. Update golden\.windows_ami"):
        SqliteCatalogue(path)


def test_an_older_schema_is_migrated_and_keeps_its_builds(tmp_path: pathlib.Path, make_build: MakeBuild) -> None:
    path = tmp_path / "catalogue.sqlite"
    build = SqliteCatalogue(path).finish(make_build(**BUILT))
    newer = (*schema.MIGRATIONS, ("CREATE TABLE songs (name TEXT)", "INSERT INTO songs VALUES ('stable')"))
    db = sqlite3.connect(path, isolation_level=None)
    schema.migrate(db, newer)
    schema.migrate(db, newer)
    assert schema.version(db) == len(newer)
    assert db.execute("SELECT name FROM songs").fetchall() == [("stable",)]
    assert db.execute("SELECT id FROM builds").fetchall() == [(build.id,)]
    db.close()


def test_a_file_of_the_first_version_is_migrated_with_all_that_is_in_it(
    tmp_path: pathlib.Path, make_build: MakeBuild
) -> None:
    path = tmp_path / "catalogue.sqlite"
    build = make_build(**BUILT, finished="2026-11-22T17:00:00Z", author="ann")
    db = sqlite3.connect(path, isolation_level=None)
    schema.migrate(db, schema.MIGRATIONS[:1])
    record = json.dumps(build.to_dict())
    db.execute("INSERT INTO builds VALUES (?, ?, ?, NULL, 7, ?)", (build.id, build.image, build.status, record))
    db.execute("INSERT INTO amis VALUES (?, 'eu-west-1', 'ami-1')", (build.id,))
    db.execute("INSERT INTO leases VALUES ('image x', 'ann', 7, NULL)")
    db.close()

    catalogue = SqliteCatalogue(path)
    assert catalogue.newest("iis_dotnet", "eu-west-1") == catalogue.by_ami("ami-1") == build
    reason = "recorded before the catalogue kept events"
    assert catalogue.events(build.id) == [Event(build.id, "2026-11-22T17:00:00Z", "built", "ann", reason)]
    assert catalogue.acquire_lease("image x", "bob", 60).token == 8


def test_a_migration_that_fails_changes_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    SqliteCatalogue(path)
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(db, (*schema.MIGRATIONS, ("CREATE TABLE songs (name TEXT)", "NONSENSE")))
    assert schema.version(db) == len(schema.MIGRATIONS)
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'songs'").fetchone() == (0,)
    db.close()


def test_a_full_disk_says_so_and_spoils_nothing(
    tmp_path: pathlib.Path, make_build: MakeBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = SqliteCatalogue(tmp_path / "catalogue.sqlite")
    kept = catalogue.finish(make_build(**BUILT))

    def connect_with_little_space(path: pathlib.Path, wait: float) -> sqlite3.Connection:
        db = files.connect(path, wait)
        db.execute("PRAGMA max_page_count = 1")
        return db

    # sqlite itself runs out of pages: the same error as when the disk runs out of blocks.
    monkeypatch.setattr(f"{SqliteCatalogue.__module__}.connect", connect_with_little_space)
    with pytest.raises(CatalogueError, match=r"Cannot write to the catalogue .* is full; the disk is full; free some"):
        catalogue.finish(make_build(error="x" * 100_000, status="failed"))
    monkeypatch.undo()
    assert catalogue.builds() == [kept]


FILL_THE_DISK = """
import pathlib, resource, sys
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build

path = pathlib.Path(sys.argv[1])
limit = path.stat().st_size + 40_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for number in range(100):
    build = Build(id=f"20261123T000000Z-{number:06x}", image="x", started="2026-11-23T00:00:00Z", status="failed",
                  error="no " * 1000)
    try:
        open_catalogue(f"sqlite:{path}").finish(build)
    except CatalogueError as exc:
        sys.exit(str(exc))
    print(build.id, flush=True)
"""


def test_a_file_that_cannot_grow_says_so_and_keeps_all_that_was_recorded(
    tmp_path: pathlib.Path, make_build: MakeBuild
) -> None:
    path = tmp_path / "catalogue.sqlite"
    kept = SqliteCatalogue(path).finish(make_build(**BUILT))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / ".ansible" / "collections")}
    command = [sys.executable, "-c", FILL_THE_DISK, str(path)]
    filled = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert filled.returncode == 1
    assert re.search(
        r"Cannot (write to|read) the catalogue .*; the disk (failed to read or write|is full)", filled.stderr
    )
    recorded = filled.stdout.split()
    assert 0 < len(recorded) < 100
    catalogue = SqliteCatalogue(path)
    assert [build.id for build in catalogue.builds()] == [*recorded[::-1], kept.id]
    assert catalogue.finish(make_build(status="failed")) in catalogue.builds()


def test_a_directory_that_cannot_be_written_says_so(shared_directory: pathlib.Path) -> None:
    shared_directory.chmod(0o555)
    path = shared_directory / "catalogue.sqlite"
    with (
        an_ordinary_user(),
        pytest.raises(CatalogueError, match=rf"catalogue {path}: unable to open .*; the directory"),
    ):
        SqliteCatalogue(path)


def test_a_directory_that_cannot_be_made_says_so(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match=r"Cannot read the catalogue .*: Not a directory \(.*/file/new\)"):
        SqliteCatalogue(tmp_path / "file" / "new" / "catalogue.sqlite")


def test_a_file_that_may_only_be_read_can_be_read_but_not_written(
    shared_directory: pathlib.Path, make_build: MakeBuild
) -> None:
    path = shared_directory / "catalogue.sqlite"
    build = SqliteCatalogue(path).finish(make_build(**BUILT))
    path.chmod(0o444)
    shared_directory.chmod(0o555)
    with an_ordinary_user():
        assert SqliteCatalogue(path, readonly=True).by_ami("ami-1") == build
        with pytest.raises(CatalogueError, match=r"readonly database; this user may not write"):
            SqliteCatalogue(path)


def test_a_catalogue_that_is_only_read_is_never_made(tmp_path: pathlib.Path, make_build: MakeBuild) -> None:
    catalogue = SqliteCatalogue(tmp_path / "new" / "catalogue.sqlite", readonly=True)
    assert catalogue.builds() == []
    assert catalogue.images() == []
    with pytest.raises(CatalogueError, match="was opened only to be read"):
        catalogue.start(make_build())
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_never_ends_is_reported(tmp_path: pathlib.Path, make_build: MakeBuild) -> None:
    path = tmp_path / "catalogue.sqlite"
    catalogue = SqliteCatalogue(path, wait=0.1)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(CatalogueError, match="database is locked; another process has kept it locked for too long"):
        catalogue.start(make_build())
    assert catalogue.builds() == []
    blocker.close()
    catalogue.start(make_build())


def test_a_record_that_cannot_be_understood_is_named(tmp_path: pathlib.Path, make_build: MakeBuild) -> None:
    path = tmp_path / "catalogue.sqlite"
    build = SqliteCatalogue(path).finish(make_build(**BUILT))
    run_sql(path, "UPDATE builds SET record = json_set(record, '$.colour', 'blue')")
    with pytest.raises(
        CatalogueError, match=rf"Cannot read .* record that cannot be .* Build {build.id} has unknown keys: colour"
    ):
        SqliteCatalogue(path).get(build.id)
