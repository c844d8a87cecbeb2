# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to AWS that the controller makes. They answer with plain records and decide nothing.

Every failure is an `AwsError` that says what was tried, where, and what to do about it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import ipaddress
import os
import pathlib
import typing as t
import urllib.parse

from .bases import Ami

try:
    import botocore.config
    import botocore.exceptions
    import botocore.loaders
    import botocore.session
except ImportError as exc:  # said when the first call is made: the documentation must load without boto
    BOTOCORE_IMPORT_ERROR: ImportError | None = exc
else:
    BOTOCORE_IMPORT_ERROR = None

# The `aws` option of every action that calls AWS, as an argument specification.
AWS_OPTIONS: dict[str, t.Any] = {
    "type": "dict",
    "default": {},
    "options": {"config_file": {"type": "path"}, "profile": {"type": "str"}, "region": {"type": "str"}},
}
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_BAD_CREDENTIALS = frozenset(
    {"AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "SignatureDoesNotMatch"}
)
# By these one knows the operations of EC2 Auto Scaling.
_SCALING = ("AutoScaling", "InstanceRefresh", "LaunchConfiguration", "ScalingActivit")
_NO_IMAGE = frozenset({"InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed"})


class AwsError(Exception):
    """A call to AWS failed. ``code`` is AWS's own name for it, "" when there was no answer."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code

    @property
    def denied(self) -> bool:
        """Whether the identity lacks the permission for this call; others may work."""
        return self.code in _DENIED


@dataclasses.dataclass(frozen=True)
class AwsSettings:
    """Where AWS is: None means the usual places (environment, ~/.aws, SSO, the machine's own role)."""

    config_file: str | None = None
    profile: str | None = None
    region: str | None = None


class Identity(t.NamedTuple):
    """Who the credentials belong to."""

    account: str
    arn: str


class Credentials(t.NamedTuple):
    """What a role that was assumed may sign with, for an hour."""

    access_key: str
    secret_key: str
    token: str


class Aws:
    """A session with one region of AWS, or with a stand-in for it that the config file's ``endpoint_url`` names."""

    def __init__(self, settings: AwsSettings, credentials: Credentials | None = None, models: t.Any = None) -> None:
        """Read the configuration; call nothing yet.

        ``credentials`` count instead of the configuration's; ``models`` is a loader of botocore's descriptions.
        """
        if BOTOCORE_IMPORT_ERROR is not None:
            raise AwsError(f"ansible-playbook's Python has no boto3 ({BOTOCORE_IMPORT_ERROR}). Install it: make setup")
        try:
            self._session = _session(settings, models or _service_models())
            if credentials:
                self._session.set_credentials(*credentials)
            scoped = self._session.get_scoped_config()
        except botocore.exceptions.ProfileNotFound as exc:
            place = settings.config_file or "the AWS config file"
            raise AwsError(
                f"There is no profile {exc.kwargs['profile']} in {place}. Check golden_aws.profile."
            ) from exc
        except botocore.exceptions.BotoCoreError as exc:
            raise AwsError(f"Cannot read the AWS configuration: {_sentence(exc)}") from exc
        self.endpoint: str | None = scoped.get("endpoint_url") if settings.config_file else None
        region = settings.region or self._session.get_config_variable("region")
        if not region:
            raise AwsError("No AWS region is set. Set golden_aws.region in the inventory, or AWS_REGION.")
        self.region: str = region
        self._clients: dict[str, t.Any] = {}

    def client(self, service: str) -> t.Any:
        """Return the client of a service, made once. Its calls belong in ``with explained(...)``."""
        if service not in self._clients:
            self._clients[service] = self._make_client(service)
        return self._clients[service]

    def _make_client(self, service: str) -> t.Any:
        proxies: dict[str, t.Any] = {"proxies": {}} if self.endpoint and _is_loopback(self.endpoint) else {}
        config = botocore.config.Config(
            retries={"mode": "standard", "max_attempts": 4}, connect_timeout=10, read_timeout=30, **proxies
        )
        with self.explained(f"prepare for {service}"):
            return self._session.create_client(
                service, region_name=self.region, endpoint_url=self.endpoint, config=config
            )

    @contextlib.contextmanager
    def explained(self, attempt: str) -> t.Iterator[None]:
        """Turn botocore's errors into `AwsError`; ``attempt`` goes on after "Cannot"."""
        try:
            yield
        except botocore.exceptions.ClientError as exc:
            code = str(exc.response.get("Error", {}).get("Code", ""))
            raise AwsError(f"Cannot {attempt} in {self.region}: {_explain(exc, code)}", code) from exc
        except botocore.exceptions.BotoCoreError as exc:
            raise AwsError(f"Cannot {attempt} in {self.region}: {self._explain_no_answer(exc)}") from exc

    def identity(self) -> Identity:
        """Return who the credentials belong to."""
        with self.explained("find out whose credentials these are"):
            answer = self.client("sts").get_caller_identity()
        return Identity(answer["Account"], answer["Arn"])

    def assume_role(self, role_arn: str, external_id: str | None = None) -> Credentials:
        """Return the credentials of a role, in another account or not."""
        more = {"ExternalId": external_id} if external_id else {}
        with self.explained(f"assume the role {role_arn}"):
            answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="golden-windows-ami", **more)
        found = answer["Credentials"]
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def parameter(self, name: str) -> str | None:
        """Return the value of an SSM parameter, decrypted if need be; None when there is none."""
        try:
            with self.explained(f"read SSM parameter {name}"):
                answer = self.client("ssm").get_parameter(Name=name, WithDecryption=True)
                return str(answer["Parameter"]["Value"])
        except AwsError as exc:
            if exc.code == "ParameterNotFound":
                return None
            raise

    def image(self, ami_id: str) -> Ami | None:
        """Return an AMI, None when there is none or this account may not see it."""
        try:
            with self.explained(f"look for AMI {ami_id}"):
                answer = self.client("ec2").describe_images(
                    ImageIds=[ami_id], IncludeDeprecated=True, IncludeDisabled=True
                )
        except AwsError as exc:
            if exc.code in _NO_IMAGE:
                return None
            raise
        return next(map(_ami, answer["Images"]), None)

    def images_named(self, pattern: str, owner: str) -> list[Ami]:
        """Return the available AMIs of an owner (an account, ``self``, ``amazon``) whose name matches, oldest first."""
        filters = [{"Name": "name", "Values": [pattern]}, {"Name": "state", "Values": ["available"]}]
        with self.explained(f"look for AMIs of {owner} named {pattern}"):
            pages = self.client("ec2").get_paginator("describe_images").paginate(Owners=[owner], Filters=filters)
            found = [_ami(image) for page in pages for image in page["Images"]]
        return sorted(found, key=lambda ami: (ami.created, ami.name))

    def _explain_no_answer(self, exc: Exception) -> str:
        if isinstance(exc, botocore.exceptions.NoCredentialsError | botocore.exceptions.PartialCredentialsError):
            return "there are no credentials. Sign in (aws sso login), or set AWS_PROFILE or golden_aws.profile."
        no_answer = isinstance(exc, botocore.exceptions.HTTPClientError | botocore.exceptions.ConnectionError)
        if no_answer and self.endpoint and _is_loopback(self.endpoint):
            return (
                f"nothing answers at {self.endpoint}. That is the lab's address: is it running? Start it with: make lab"
            )
        return _sentence(exc)


@functools.cache
def _service_models() -> t.Any:
    """Return botocore's descriptions of the services: megabytes of JSON, read once for all sessions of a process."""
    return botocore.loaders.create_loader()


def _session(settings: AwsSettings, models: t.Any) -> t.Any:
    """Return a botocore session. A given config file counts alone: no environment, no ~/.aws beside it."""
    session = botocore.session.Session(profile=settings.profile or (settings.config_file and "default"))
    session.register_component("data_loader", models)
    if settings.config_file:
        path = pathlib.Path(settings.config_file).expanduser()
        if not path.is_file():
            raise AwsError(f"There is no AWS config file {path}, which golden_aws.config_file names.")
        session.set_config_variable("config_file", str(path))
        session.set_config_variable("credentials_file", os.devnull)
        session.get_component("credential_provider").remove("env")
    return session


def _explain(exc: t.Any, code: str) -> str:
    message = str(exc.response.get("Error", {}).get("Message", "")).rstrip(".")
    if code in _DENIED:
        return f"the permission {_permission(exc.operation_name)} is missing ({message})."
    if code in _BAD_CREDENTIALS:
        return f"AWS does not accept the credentials ({code}: {message}). Sign in again, or name another profile."
    return f"{message} ({code})."


def _permission(operation: str) -> str:
    """Return the IAM action of an operation; the services used here name both alike."""
    services = {
        "GetParameter": "ssm",
        "GetParameters": "ssm",
        "PutParameter": "ssm",
        "AssumeRole": "sts",
        "GetCallerIdentity": "sts",
        "GetServiceQuota": "servicequotas",
        "DescribeKey": "kms",
    }
    scaling = any(part in operation for part in _SCALING)
    return f"{services.get(operation, 'autoscaling' if scaling else 'ec2')}:{operation}"


def _sentence(exc: Exception) -> str:
    return f"{str(exc).rstrip('.')}."


def _is_loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ami(image: t.Mapping[str, t.Any]) -> Ami:
    root = image.get("RootDeviceName")
    sizes = [
        device["Ebs"]["VolumeSize"]
        for device in image.get("BlockDeviceMappings", ())
        if device.get("DeviceName") == root and "VolumeSize" in device.get("Ebs", {})
    ]
    return Ami(
        id=image["ImageId"],
        name=image.get("Name", ""),
        state=image.get("State", ""),
        owner=image.get("ImageOwnerAlias") or image.get("OwnerId", ""),
        created=image.get("CreationDate", ""),
        platform=image.get("Platform", ""),
        architecture=image.get("Architecture", ""),
        deprecated=image.get("DeprecationTime"),
        root_gib=sizes[0] if sizes else None,
        tags={tag["Key"]: tag["Value"] for tag in image.get("Tags", ())},
    )
