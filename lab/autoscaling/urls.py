# SPDX-License-Identifier: GPL-3.0-or-later
"""moto finds a backend's URLs in the module `urls` beside its models."""

from moto.autoscaling.urls import url_bases as url_bases

from lab.autoscaling.responses import AutoScalingResponse

url_paths = {"{0}/$": AutoScalingResponse.dispatch}
