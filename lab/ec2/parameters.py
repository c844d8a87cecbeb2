# SPDX-License-Identifier: GPL-3.0-or-later
"""Public SSM parameters and EC2 quotas, which moto has not got."""

from __future__ import annotations

import datetime
import typing as t

from moto.servicequotas import models as quota_models
from moto.servicequotas import urls as quota_urls
from moto.ssm import models as ssm_models
from moto.ssm import urls as ssm_urls

from lab.ec2 import stock

VCPU_QUOTA = "L-1216C47A"
VCPU_LIMIT = 64.0


class SSMBackend(ssm_models.SimpleSystemManagerBackend):
    """moto's SSM with the parameters that Amazon publishes for its Windows images."""

    _url_module = ssm_urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        for name, image_id in stock.parameters(region_name).items():
            self._parameters[name].append(self._parameter(name, image_id))

    def _parameter(self, name: str, image_id: str) -> ssm_models.Parameter:
        released = datetime.datetime.combine(stock.RELEASES[-1], datetime.time(12), datetime.UTC)
        return ssm_models.Parameter(  # type: ignore[abstract]  # moto makes them the same way
            account_id=self.account_id,
            name=name,
            value=image_id,
            parameter_type="String",
            description=None,
            allowed_pattern=None,
            keyid=None,
            last_modified_date=released,
            version=len(stock.RELEASES),
            data_type="aws:ec2:image",
        )


class QuotaBackend(quota_models.ServiceQuotasBackend):
    """moto's quotas with the one for On-Demand vCPUs of the standard families."""

    _url_module = quota_urls

    def list_aws_default_service_quotas(self, service_code: str) -> list[dict[str, t.Any]]:
        return [self._vcpus()] if service_code == "ec2" else super().list_aws_default_service_quotas(service_code)

    def get_service_quota(self, service_code: str, quota_code: str) -> dict[str, t.Any]:
        if (service_code, quota_code) == ("ec2", VCPU_QUOTA):
            return self._vcpus()
        return super().get_service_quota(service_code, quota_code)

    def _vcpus(self) -> dict[str, t.Any]:
        return {
            "ServiceCode": "ec2",
            "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
            "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:ec2/{VCPU_QUOTA}",
            "QuotaCode": VCPU_QUOTA,
            "QuotaName": "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
            "Value": VCPU_LIMIT,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }


def install() -> None:
    """Make moto use these backends. Call before the first request."""
    ssm_models.ssm_backends.backend = SSMBackend
    quota_models.servicequotas_backends.backend = QuotaBackend
