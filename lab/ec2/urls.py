# SPDX-License-Identifier: GPL-3.0-or-later
"""moto finds a backend's URLs in the module `urls` beside its models."""

from moto.ec2.urls import url_bases as url_bases

from lab.ec2.responses import EC2Response

url_paths = {"{0}/": EC2Response.dispatch}
