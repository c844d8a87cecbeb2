# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of AWS that nobody in the lab answers."""

from __future__ import annotations

import typing as t

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from tests.lab.ec2.support import Lab

# Operations that exist at Amazon's and neither in moto nor in the lab.
MISSING: list[tuple[str, str, dict[str, t.Any]]] = [
    ("ec2", "describe_fast_launch_images", {}),
    ("ec2", "enable_fast_launch", {"ImageId": "ami-0123456789abcdef0"}),
    ("ec2", "import_image", {}),
    ("ssm", "list_nodes", {}),
    ("ssm", "describe_available_patches", {}),
]


@pytest.mark.parametrize(("service", "call", "options"), MISSING, ids=[one[1] for one in MISSING])
def test_a_call_that_the_lab_has_not_is_named(lab: Lab, service: str, call: str, options: dict[str, t.Any]) -> None:
    with pytest.raises(ClientError, match=call):
        getattr(lab.client(service), call)(**options)


def _send(lab: Lab, service: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
    """Send a signed request as no client of Amazon's would."""
    request = AWSRequest("POST", lab.state["endpoint_url"], headers, body)
    SigV4Auth(Credentials("lab", "lab"), service, lab.state["region"]).add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("service", ["ec2", "sts", "autoscaling"])
def test_an_action_that_does_not_exist_is_named(lab: Lab, service: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    code, text = _send(lab, service, "Action=InventImage&Version=2016-11-15", form)
    assert code == 400
    assert "<Code>InvalidAction</Code><Message>The lab does not know this: InventImage</Message>" in text


def test_a_target_that_does_not_exist_is_named(lab: Lab) -> None:
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.InventParameter"}
    code, text = _send(lab, "ssm", "{}", headers)
    assert code == 400
    assert "The lab does not know this: The invent_parameter action" in text
