# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AWS is talked to, with whose credentials, and what a failure says."""

from __future__ import annotations

import pathlib
import socket
import typing as t

import botocore.exceptions
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsError, AwsSettings

from .conftest import REGION

KEYS = {"aws_access_key_id": "FROMFILE", "aws_secret_access_key": "secret", "region": REGION}


@pytest.fixture(autouse=True)
def no_settings_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Keep the machine's own AWS settings away."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_a_config_file_decides_alone(
    endpoint: str, config: t.Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FROMENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_PROFILE", "other")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id=FROMCREDENTIALS\naws_secret_access_key=x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    aws = Aws(AwsSettings(config_file=config(**KEYS, endpoint_url=endpoint), region=REGION))
    assert aws.region == REGION
    assert aws.identity().account == "123456789012"
    assert aws._session.get_credentials().access_key == "FROMFILE"


def test_the_environment_counts_without_a_config_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "FROMENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    aws = Aws(AwsSettings())
    assert aws.region == "us-west-2"
    assert aws._session.get_credentials().access_key == "FROMENVIRONMENT"


def test_a_missing_config_file_is_named() -> None:
    with pytest.raises(AwsError, match=r"There is no AWS config file /none, which golden_aws.config_file names"):
        Aws(AwsSettings(config_file="/none"))


def test_a_missing_profile_is_named(config: t.Callable[..., str]) -> None:
    with pytest.raises(AwsError, match=r"There is no profile nobody in .*config\. Check golden_aws\.profile\."):
        Aws(AwsSettings(config_file=config(**KEYS), profile="nobody"))


def test_a_missing_region_is_said() -> None:
    with pytest.raises(AwsError, match=r"No AWS region is set. Set golden_aws.region in the inventory"):
        Aws(AwsSettings())


def test_no_credentials_are_said() -> None:
    with pytest.raises(AwsError, match=r"Cannot find out .* in eu-west-1: there are no credentials. Sign in"):
        Aws(AwsSettings(region=REGION)).identity()


def test_a_lab_that_does_not_answer_is_said_to_be_down(config: t.Callable[..., str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: nothing else can answer there
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(AwsError, match=f"nothing answers at {url}. That is the lab's address: is it running"):
            Aws(AwsSettings(config_file=config(**KEYS, endpoint_url=url))).identity()


@pytest.mark.parametrize(
    ("code", "operation", "message", "denied"),
    [
        ("UnauthorizedOperation", "DescribeImages", "the permission ec2:DescribeImages is missing (No).", True),
        ("AccessDeniedException", "GetParameter", "the permission ssm:GetParameter is missing (No).", True),
        ("ExpiredToken", "GetCallerIdentity", "AWS does not accept the credentials (ExpiredToken: No). Sign in", False),
        ("Throttling", "DescribeImages", "No (Throttling).", False),
    ],
)
def test_what_aws_refuses_is_explained(
    config: t.Callable[..., str], code: str, operation: str, message: str, denied: bool
) -> None:
    aws = Aws(AwsSettings(config_file=config(**KEYS)))
    answer: t.Any = {"Error": {"Code": code, "Message": "No."}}
    with pytest.raises(AwsError) as caught, aws.explained("look"):
        raise botocore.exceptions.ClientError(answer, operation)
    assert str(caught.value).startswith(f"Cannot look in eu-west-1: {message}")
    assert caught.value.code == code
    assert caught.value.denied is denied
