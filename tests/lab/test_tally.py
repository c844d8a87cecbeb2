# SPDX-License-Identifier: GPL-3.0-or-later
"""Which IAM action a request to the lab's AWS needs."""

from __future__ import annotations

import typing as t

import pytest

from lab.tally import ApiCalls, action_of


def signed(service: str, **more: str) -> dict[str, str]:
    scope = (
        f"AWS4-HMAC-SHA256 Credential=lab/20261122/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
    return {"REQUEST_METHOD": "POST", "HTTP_AUTHORIZATION": scope, **more}


@pytest.mark.parametrize(
    ("environ", "body", "action"),
    [
        (signed("ec2"), "Action=RunInstances&Version=2016-11-15&ImageId=ami-1", "ec2:RunInstances"),
        (signed("ec2"), "ImageId=ami-1&Action=RunInstances", "ec2:RunInstances"),
        (signed("ssm", HTTP_X_AMZ_TARGET="AmazonSSM.GetParameter"), None, "ssm:GetParameter"),
        (
            signed("servicequotas", HTTP_X_AMZ_TARGET="ServiceQuotasV20190624.GetServiceQuota"),
            None,
            "servicequotas:GetServiceQuota",
        ),
        (signed("s3", REQUEST_METHOD="PUT"), None, "s3:PUT"),
        ({"REQUEST_METHOD": "GET"}, None, "unsigned:GET"),
        ({"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "AWS lab:c2lnbmF0dXJl"}, "", "unsigned:GET"),
    ],
    ids=["form", "form, action later", "json", "signing name of quotas", "rest", "unsigned", "an old signature"],
)
def test_the_action_of_a_request(environ: dict[str, t.Any], body: str | None, action: str) -> None:
    assert action_of(environ, body) == action


def test_calls_add_up() -> None:
    calls = ApiCalls()
    for body in ("Action=StopInstances", "Action=DescribeImages", "Action=StopInstances"):
        calls.add(signed("ec2"), body)
    assert calls.to_dict() == {"ec2:DescribeImages": 1, "ec2:StopInstances": 2}
