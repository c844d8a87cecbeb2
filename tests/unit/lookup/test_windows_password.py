# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup golden.windows_ami.windows_password: key pairs, SSM, and what is kept where."""

from __future__ import annotations

import json
import pathlib
import typing as t

import boto3
import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.ec2 import Aws, AwsError, AwsSettings
from ansible_collections.golden.windows_ami.plugins.plugin_utils.windows_password import (
    PasswordError,
    decrypt,
    encrypted_password,
)
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.running import an_ec2, ansible, output

PASSWORD = "f?9)Zz{{ 1 }}-ü"


@pytest.fixture(scope="module")
def address() -> t.Iterator[str]:
    with an_ec2() as address:
        yield address


@pytest.fixture
def aws(address: str, tmp_path: pathlib.Path) -> Aws:
    (tmp_path / "config").write_text(
        f"[default]\nregion = eu-west-1\nendpoint_url = {address}\n"
        "aws_access_key_id = testing\naws_secret_access_key = testing\n"
    )
    return Aws(AwsSettings(str(tmp_path / "config"), "default", "eu-west-1"))


def key_file(home: pathlib.Path, key: t.Any, layout: PrivateFormat = PrivateFormat.TraditionalOpenSSL) -> pathlib.Path:
    path = home / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, layout, NoEncryption()))
    return path


def client(address: str, service: str) -> t.Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client(service, "eu-west-1", endpoint_url=address, **keys)


def instance(address: str) -> str:
    ec2 = client(address, "ec2")
    windows = ec2.describe_images(Filters=[{"Name": "platform", "Values": ["windows"]}])["Images"][0]["ImageId"]
    return str(ec2.run_instances(ImageId=windows, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"])


@pytest.mark.parametrize("layout", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8, PrivateFormat.OpenSSH])
def test_a_password_is_decrypted_with_a_key_of_any_layout(tmp_path: pathlib.Path, layout: PrivateFormat) -> None:
    key = rsa.generate_private_key(65537, 2048)
    data = key.public_key().encrypt(PASSWORD.encode(), padding.PKCS1v15())
    assert decrypt(data, key_file(tmp_path, key, layout)) == PASSWORD


def test_a_key_that_is_none_is_explained(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PasswordError, match=r"Cannot read the key file .*: No such file"):
        decrypt(b"", tmp_path / "none.pem")
    with pytest.raises(PasswordError, match="is no RSA key"):
        decrypt(b"", key_file(tmp_path, ec.generate_private_key(ec.SECP256R1())))
    (tmp_path / "rubbish.pem").write_text("rubbish")
    with pytest.raises(PasswordError, match="is not the private key, without a passphrase, of the key pair"):
        decrypt(b"", tmp_path / "rubbish.pem")


def test_ec2_is_asked_once_and_only_what_it_encrypted_is_kept(aws: Aws, address: str, tmp_path: pathlib.Path) -> None:
    name = instance(address)
    first = encrypted_password(aws, name, tmp_path / "kept")
    # What EC2 says later does not matter: it is not asked.
    client(address, "ec2").terminate_instances(InstanceIds=[name])
    assert encrypted_password(aws, name, tmp_path / "kept") == first
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.read_bytes() == first
    assert kept.stat().st_mode & 0o077 == 0


def test_an_instance_that_is_none_is_refused_before_it_is_asked_for(aws: Aws, tmp_path: pathlib.Path) -> None:
    with pytest.raises(PasswordError, match=r"'\.\./\.\./etc/passwd' is no id of an instance"):
        encrypted_password(aws, "../../etc/passwd", tmp_path)
    with pytest.raises(AwsError, match="Cannot get the password of i-0123456789abcdef0 in eu-west-1"):
        encrypted_password(aws, "i-0123456789abcdef0", tmp_path)


def test_a_password_from_ssm_is_no_template(aws: Aws, address: str, tmp_path: pathlib.Path) -> None:
    client(address, "ssm").put_parameter(Name="/fleet/i-1", Value=PASSWORD, Type="SecureString")
    lookup = "lookup('golden.windows_ami.windows_password', ssm_parameter='/fleet/%s')"
    variables = {"golden_aws": {"config_file": str(tmp_path / "config"), "profile": "default", "region": "eu-west-1"}}
    found = ansible(
        "ansible", "-i", "localhost,", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-e",
        json.dumps(variables), "-a", f"msg={{{{ {lookup % 'i-1'} }}}}", home=tmp_path,
    )  # fmt: skip
    assert PASSWORD in found.stdout, output(found)
    missing = ansible(
        "ansible", "-i", "localhost,", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-e",
        json.dumps(variables), "-a", f"msg={{{{ {lookup % 'i-2'} }}}}", home=tmp_path,
    )  # fmt: skip
    assert "There is no SSM parameter /fleet/i-2 in eu-west-1" in output(missing)


def test_one_source_is_needed(tmp_path: pathlib.Path) -> None:
    result = ansible(
        "ansible", "-i", "localhost,", "localhost", "-c", "local", "-m", "ansible.builtin.debug", "-a",
        "msg={{ lookup('golden.windows_ami.windows_password', 'i-1') }}", home=tmp_path,
    )  # fmt: skip
    assert "Exactly one of key_file and ssm_parameter is needed" in output(result)
