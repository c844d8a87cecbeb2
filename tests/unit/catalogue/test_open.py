# SPDX-License-Identifier: GPL-3.0-or-later
"""What a URL of a catalogue opens."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.catalogue import CatalogueError, open_catalogue
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import AwsSettings

from .conftest import MakeBuild
from .table_server import REGION, TableServer


@pytest.mark.parametrize("form", ["sqlite:{}/c.sqlite", "sqlite://{}/c.sqlite"])
def test_a_url_names_the_file(tmp_path: pathlib.Path, form: str) -> None:
    catalogue = open_catalogue(form.format(tmp_path))
    assert catalogue.url == f"sqlite:{tmp_path}/c.sqlite"
    assert (tmp_path / "c.sqlite").is_file()


def test_a_relative_url_starts_at_the_base(tmp_path: pathlib.Path) -> None:
    assert open_catalogue("sqlite:../c.sqlite", tmp_path / "lab").url == f"sqlite:{tmp_path}/c.sqlite"


def test_a_tilde_is_the_home_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert open_catalogue("sqlite:~/c.sqlite", "/nowhere").url == f"sqlite:{tmp_path}/c.sqlite"


@pytest.mark.parametrize("url", ["postgres:builds", "catalogue.sqlite", "", "SQLITE:x"])
def test_an_unknown_scheme_lists_the_known_ones(url: str) -> None:
    with pytest.raises(CatalogueError, match=r"must start with a scheme that this version knows: sqlite:, dynamodb:"):
        open_catalogue(url)


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://host/c.sqlite"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(CatalogueError, match="names no file: write sqlite:PATH"):
        open_catalogue(url)


def test_a_url_names_the_table_and_where_it_is(dynamodb: TableServer, make_build: MakeBuild) -> None:
    table = dynamodb.new_table()
    folder, name = dynamodb.config_file.parent, dynamodb.config_file.name
    catalogue = open_catalogue(f"dynamodb:{table}?config_file={name}", folder)
    build = catalogue.finish(make_build(status="failed"))
    assert catalogue.url == f"dynamodb:{table}?config_file={dynamodb.config_file}&region={REGION}"
    assert open_catalogue(catalogue.url, "/nowhere").builds() == [build]
    assert open_catalogue(f"dynamodb:{table}", aws=dynamodb.settings).builds() == [build]


def test_a_url_knows_better_where_a_table_is(dynamodb: TableServer) -> None:
    table = dynamodb.new_table()
    with pytest.raises(CatalogueError, match=f"there is no table {table} in us-east-1. Correct its name or region"):
        open_catalogue(f"dynamodb:{table}?region=us-east-1", aws=dynamodb.settings)


@pytest.mark.parametrize("url", ["dynamodb:", "dynamodb://host/x", "dynamodb:?region=x"])
def test_a_url_without_a_table_is_refused(url: str) -> None:
    with pytest.raises(CatalogueError, match="names no table: write dynamodb:TABLE"):
        open_catalogue(url)


@pytest.mark.parametrize("option", ["endpoint_url=http://x", "region=", "regoin=eu-west-1"])
def test_an_option_that_means_nothing_is_refused(option: str) -> None:
    with pytest.raises(
        CatalogueError, match=rf"mean nothing: {option.partition('=')[0]}\. Known, .*: config_file, profile"
    ):
        open_catalogue(f"dynamodb:golden?{option}")


def test_a_profile_that_is_not_there_says_so(dynamodb: TableServer) -> None:
    with pytest.raises(CatalogueError, match=r"Cannot open the catalogue dynamodb:golden: There is no profile other"):
        open_catalogue("dynamodb:golden", aws=AwsSettings(config_file=str(dynamodb.config_file), profile="other"))
