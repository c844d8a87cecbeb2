# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password of a Windows instance, from EC2 and a key pair. Only what EC2 encrypted is ever kept."""

from __future__ import annotations

import base64
import os
import pathlib
import re
import tempfile
import typing as t

from .ec2 import Aws

_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}")


class PasswordError(Exception):
    """There is no password to be had; the text says why and what to do."""


def encrypted_password(aws: Aws, instance_id: str, directory: pathlib.Path) -> bytes:
    """Return the Administrator password of an instance as EC2 encrypted it for the key pair.

    It never changes, so it is kept in ``directory``, which Ansible removes when it ends: Ansible evaluates a password
    in a process of its own for each task, and EC2 should be asked once. Raises AwsError, PasswordError.
    """
    if not _INSTANCE.fullmatch(instance_id):
        raise PasswordError(f"{instance_id!r} is no id of an instance such as i-0123456789abcdef0")
    kept = directory / f"golden-password-{instance_id}"
    if kept.is_file():
        return kept.read_bytes()
    with aws.explained(f"get the password of {instance_id}"):
        text = aws.client("ec2").get_password_data(InstanceId=instance_id)["PasswordData"].strip()
    if not text:
        raise PasswordError(
            f"EC2 has no password of {instance_id} yet. It comes minutes after the first start, and never for an "
            "instance that was started without a key pair or from an AMI that was not sealed"
        )
    data = base64.b64decode(text)
    _keep(kept, data)
    return data


def decrypt(data: bytes, key_file: pathlib.Path) -> str:
    """Return the password, with the private key of the pair (PEM). Raises PasswordError."""
    try:
        from cryptography.hazmat.primitives.asymmetric import padding, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
    except ImportError as exc:
        raise PasswordError(f"ansible-playbook's Python lacks cryptography ({exc}). Install it: make setup") from exc
    try:
        text = key_file.read_bytes()
        load: t.Any = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in text else load_pem_private_key
        key = load(text, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise PasswordError(f"{key_file} is no RSA key. EC2 encrypts Windows passwords for RSA key pairs only")
        return key.decrypt(data, padding.PKCS1v15()).decode()
    except OSError as exc:
        raise PasswordError(f"Cannot read the key file {key_file}: {exc.strerror}") from exc
    except (TypeError, ValueError) as exc:
        raise PasswordError(
            f"{key_file} does not decrypt the password: it is not the private key, without a passphrase, of the key "
            f"pair that the instance was started with ({exc})"
        ) from exc


def _keep(path: pathlib.Path, data: bytes) -> None:
    """Write a file that is there either in full or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    pathlib.Path(name).replace(path)
