# SPDX-License-Identifier: GPL-3.0-or-later
"""Public SSM parameters and EC2 quotas, which moto has not got."""

from __future__ import annotations

import collections
import datetime
import logging
import threading
import typing as t

from moto.ec2 import models as ec2_models
from moto.ec2.exceptions import EC2ClientError
from moto.servicequotas import models as quota_models
from moto.servicequotas import urls as quota_urls
from moto.ssm import models as ssm_models
from moto.ssm import urls as ssm_urls

from lab.ec2 import stock

LOG = logging.getLogger("lab.ssm")
IMAGE_TYPE = "aws:ec2:image"
# How long Parameter Store takes to look at an image.
VALIDATION_SECONDS = 0.2
VCPU_QUOTA = "L-1216C47A"
VCPU_LIMIT = 64.0


class SSMBackend(ssm_models.SimpleSystemManagerBackend):
    """moto's SSM with the parameters that Amazon publishes for its Windows images."""

    _url_module = ssm_urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # Versions of parameters for images that were put and not looked at yet.
        self._unchecked: dict[str, list[ssm_models.Parameter]] = collections.defaultdict(list)
        self._lock = threading.Lock()
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
            data_type=IMAGE_TYPE,
        )

    def put_parameter(self, *args: t.Any, **options: t.Any) -> t.Any:
        """As moto, but a value of type aws:ec2:image is looked at after the answer, and thrown away when it is no AMI.

        So the call succeeds and tells the version that would be. A moment later that version is there, or it never is.
        This is Parameter Store's own way, and the reason for a writer to read back what it wrote.
        """
        made = super().put_parameter(*args, **options)
        if made.data_type != IMAGE_TYPE:
            return made
        with self._lock:
            self._take_back(made)
            waiting = self._unchecked[made.name]
            made.version += len(waiting)
            waiting.append(made)
        threading.Timer(VALIDATION_SECONDS, self._validate, (made,)).start()
        return made

    def _take_back(self, made: ssm_models.Parameter) -> None:
        self._parameters[made.name].remove(made)
        if not self._parameters[made.name]:
            del self._parameters[made.name]

    def _validate(self, made: ssm_models.Parameter) -> None:
        """Keep a version whose image this account sees and could launch."""
        ec2: t.Any = ec2_models.ec2_backends[self.account_id][self.region_name]
        with self._lock:
            self._unchecked[made.name].remove(made)
            try:
                ec2.launchable_image(made.value)
            except EC2ClientError as exc:
                LOG.info("%s: version %s of %s is dropped: %s", self.region_name, made.version, made.name, exc.message)
                return
            before = self._parameters[made.name]
            made.version = before[-1].version + 1 if before else 1
            before.append(made)


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
