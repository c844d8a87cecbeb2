# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS that only lists: all that an audit asks for, made once, so that what is measured is whoever asks.

A process of its own: ``python -m tests.bench.canned_estate INSTANCES AMIS GROUPS REGION…`` prints its address, and
serves until its input ends. Each region has so many instances and AMIs, so many groups and as many launch templates.
Pages are as large as AWS lets them be. ``GET /calls`` tells how often each action was asked for.
"""

from __future__ import annotations

import collections
import functools
import http.server
import itertools
import json
import re
import sys
import threading
import typing as t
import urllib.parse

from tests.bench.canned_ec2 import NAMESPACE, OWNER, Answers, ami_id

AUTOSCALING = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
STS = "https://sts.amazonaws.com/doc/2011-06-15/"
PREFIX = "/golden/ami"
CHANNELS = 20
# The largest pages of AWS.
INSTANCES_PAGE, GROUPS_PAGE, TEMPLATES_PAGE, PARAMETERS_PAGE = 1000, 100, 200, 10
_REGION = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")

_TEMPLATE = """<item><launchTemplateId>{id}</launchTemplateId><launchTemplateName>{name}</launchTemplateName>\
<createTime>2026-09-01T12:00:00.000Z</createTime><createdBy>arn:aws:iam::{owner}:root</createdBy>\
<defaultVersionNumber>1</defaultVersionNumber><latestVersionNumber>3</latestVersionNumber>\
<tagSet><item><key>team</key><value>web</value></item></tagSet></item>"""
_VERSION = """<item><launchTemplateId>{id}</launchTemplateId><launchTemplateName>{name}</launchTemplateName>\
<versionNumber>{number}</versionNumber><createTime>2026-09-01T12:00:00.000Z</createTime>\
<createdBy>arn:aws:iam::{owner}:root</createdBy><defaultVersion>{default}</defaultVersion><launchTemplateData>\
<imageId>{image}</imageId><instanceType>m5.large</instanceType><keyName>fleet</keyName>\
<securityGroupIdSet><item>sg-0a1b2c3d4e5f60710</item></securityGroupIdSet><userData>PHBvd2Vyc2hlbGw+</userData>\
</launchTemplateData></item>"""
_GROUP = """<member><AutoScalingGroupName>{name}</AutoScalingGroupName>\
<AutoScalingGroupARN>arn:aws:autoscaling:{region}:{owner}:autoScalingGroup:0:autoScalingGroupName/{name}\
</AutoScalingGroupARN>{how}<MinSize>2</MinSize><MaxSize>20</MaxSize><DesiredCapacity>10</DesiredCapacity>\
<DefaultCooldown>300</DefaultCooldown><AvailabilityZones><member>{region}a</member></AvailabilityZones>\
<LoadBalancerNames/><TargetGroupARNs/><HealthCheckType>EC2</HealthCheckType>\
<HealthCheckGracePeriod>300</HealthCheckGracePeriod><Instances>{instances}</Instances>\
<CreatedTime>2026-09-01T12:00:00Z</CreatedTime><SuspendedProcesses/>\
<VPCZoneIdentifier>subnet-0a1b2c3d4e5f60718</VPCZoneIdentifier><EnabledMetrics/><Tags><member>\
<ResourceId>{name}</ResourceId><ResourceType>auto-scaling-group</ResourceType><Key>team</Key><Value>web</Value>\
<PropagateAtLaunch>true</PropagateAtLaunch></member></Tags></member>"""
_MEMBER = """<member><InstanceId>i-{number:017x}</InstanceId><InstanceType>m5.large</InstanceType>\
<AvailabilityZone>{region}a</AvailabilityZone><LifecycleState>InService</LifecycleState>\
<HealthStatus>Healthy</HealthStatus><ProtectedFromScaleIn>false</ProtectedFromScaleIn></member>"""
_SPECIFICATION = "<LaunchTemplateId>{id}</LaunchTemplateId><LaunchTemplateName>{name}</LaunchTemplateName>\
<Version>{version}</Version>"
_SNAPSHOT = """<item><snapshotId>{id}</snapshotId><volumeId>vol-ffffffff</volumeId><status>completed</status>\
<startTime>2026-09-01T12:00:00.000Z</startTime><progress>100%</progress><ownerId>{owner}</ownerId>\
<volumeSize>50</volumeSize><description>Golden</description><encrypted>true</encrypted><kmsKeyId>{key}</kmsKeyId>\
<storageTier>standard</storageTier></item>"""


class Estate(Answers):
    """What AWS says of one region. A tenth of the groups pins an old version, is mixed, or names a parameter."""

    def __init__(self, name: str, number: int, instances: int, amis: int, groups: int) -> None:
        super().__init__(name, number, instances, amis, INSTANCES_PAGE)
        self._region, self._number, self._amis = name, number, amis
        templates = [_Template(number, index) for index in range(groups)]
        self._templates = {template.id: template for template in templates}
        self.lists = {
            "DescribeLaunchTemplates": _pages((one.described() for one in templates), TEMPLATES_PAGE),
            "DescribeLaunchTemplateVersions": _pages(
                (self._version(one, version) for one in templates for version in (1, 3)), TEMPLATES_PAGE
            ),
            "DescribeAutoScalingGroups": _pages((self._group(one) for one in templates), GROUPS_PAGE),
        }

    def ec2(self, form: t.Mapping[str, str]) -> str:
        """Return the inside of an answer of EC2."""
        action, token = form["Action"], int(form.get("NextToken", "0"))
        if action == "DescribeLaunchTemplateVersions" and "LaunchTemplateId" in form:
            template = self._templates[form["LaunchTemplateId"]]
            wanted = [int(value) for name, value in form.items() if name.startswith("LaunchTemplateVersion.")]
            versions = "".join(self._version(template, one) for one in wanted)
            return f"<launchTemplateVersionSet>{versions}</launchTemplateVersionSet>"
        if action == "DescribeSnapshots":
            wanted_ids = [value for name, value in form.items() if ".Value." in name]
            key = f"arn:aws:kms:{self._region}:{OWNER}:key/golden"
            found = (_SNAPSHOT.format(id=one, owner=OWNER, key=key) for one in wanted_ids)
            return f"<snapshotSet>{''.join(found)}</snapshotSet>"
        tags = {
            "DescribeLaunchTemplates": "launchTemplates",
            "DescribeLaunchTemplateVersions": "launchTemplateVersionSet",
            "DescribeSpotFleetRequests": "spotFleetRequestConfigSet",
            "DescribeFleets": "fleetSet",
        }
        return self._listed(action, tags[action], token, "nextToken")

    def autoscaling(self, form: t.Mapping[str, str]) -> str:
        """Return the inside of an answer of Auto Scaling."""
        action, token = form["Action"], int(form.get("NextToken", "0"))
        tag = action.removeprefix("Describe")
        return f"<{action}Result>{self._listed(action, tag, token, 'NextToken')}</{action}Result>"

    def _listed(self, action: str, tag: str, page: int, token: str) -> str:
        pages = self.lists.get(action, [""])
        more = f"<{token}>{page + 1}</{token}>" if page + 1 < len(pages) else ""
        return f"<{tag}>{pages[page]}</{tag}>{more}"

    def ssm(self, action: str, asked: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return an answer of SSM. Every parameter that is asked for by name exists."""
        if action == "GetParameters":
            found = [{"Name": name, "Value": ami_id(self._number, 0)} for name in asked["Names"]]
            return {"Parameters": found, "InvalidParameters": []}
        start = int(asked.get("NextToken") or 0)
        numbers = range(start, min(start + PARAMETERS_PAGE, CHANNELS))
        listed = [
            {"Name": f"{PREFIX}/image{number}/stable", "Value": ami_id(self._number, number % self._amis)}
            for number in numbers
        ]
        token = {"NextToken": str(start + PARAMETERS_PAGE)} if start + PARAMETERS_PAGE < CHANNELS else {}
        return {"Parameters": listed, **token}

    def _version(self, template: _Template, number: int) -> str:
        image = ami_id(self._number, (template.index + number) % self._amis)
        if template.index % 10 == 2:
            image = f"resolve:ssm:{PREFIX}/image{template.index % CHANNELS}/stable"
        default = "true" if number == 1 else "false"
        return _VERSION.format(**template.names, number=number, image=image, default=default)

    def _group(self, template: _Template) -> str:
        version = {0: "2", 1: "$Latest"}.get(template.index % 10, "1")
        specification = _SPECIFICATION.format(**template.names, version=version)
        how = f"<LaunchTemplate>{specification}</LaunchTemplate>"
        if template.index % 10 == 3:
            overrides = "".join(
                f"<member><InstanceType>m5.{size}</InstanceType></member>" for size in ("large", "xlarge", "2xlarge")
            )
            how = (
                "<MixedInstancesPolicy><LaunchTemplate><LaunchTemplateSpecification>"
                f"{specification}</LaunchTemplateSpecification><Overrides>{overrides}</Overrides></LaunchTemplate>"
                "</MixedInstancesPolicy>"
            )
        instances = "".join(_MEMBER.format(number=number, region=self._region) for number in range(10))
        return _GROUP.format(
            name=f"group-{template.index}", region=self._region, owner=OWNER, how=how, instances=instances
        )


class _Template(t.NamedTuple):
    region: int
    index: int

    @property
    def id(self) -> str:
        return f"lt-{self.region:04x}{self.index:013x}"

    @property
    def names(self) -> dict[str, str]:
        return {"id": self.id, "name": f"template-{self.index}", "owner": OWNER}

    def described(self) -> str:
        return _TEMPLATE.format(**self.names)


def _pages(items: t.Iterable[str], size: int) -> list[str]:
    every = list(items)
    return ["".join(every[start : start + size]) for start in range(0, len(every), size)]


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet; without that, Nagle's algorithm would be measured.
    wbufsize = -1

    def __init__(self, regions: dict[str, Estate], calls: collections.Counter[str], *more: t.Any) -> None:
        self._regions, self._calls = regions, calls
        super().__init__(*more)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        found = _REGION.search(self.headers["Authorization"])
        region = self._regions[found.group(1) if found else ""]
        target = self.headers.get("X-Amz-Target")
        if target:
            service, _, action = target.partition(".")
            self._calls[action] += 1
            answer: dict[str, t.Any] = {"KeyMetadata": {"KeyId": "golden", "KeyState": "Enabled"}}
            if service == "AmazonSSM":
                answer = region.ssm(action, json.loads(text))
            self._answer(json.dumps(answer).encode(), "application/x-amz-json-1.1")
            return
        form = dict(urllib.parse.parse_qsl(text))
        self._calls[form["Action"]] += 1
        self._answer(_query(region, form), "text/xml;charset=UTF-8")

    def do_GET(self) -> None:
        self._answer(json.dumps(self._calls).encode(), "application/json")

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _query(region: Estate, form: t.Mapping[str, str]) -> bytes:
    """Return the answer to a request with a form."""
    action = form["Action"]
    if action == "DescribeInstances":
        return region.describe_instances(form)
    if action == "DescribeImages":
        return region.describe_images(form)
    if action == "GetCallerIdentity":
        arn = f"arn:aws:iam::{OWNER}:user/audit"
        result = f"<Arn>{arn}</Arn><UserId>AIDA</UserId><Account>{OWNER}</Account>"
        inner, namespace = f"<GetCallerIdentityResult>{result}</GetCallerIdentityResult>", STS
    elif action in ("DescribeAutoScalingGroups", "DescribeLaunchConfigurations"):
        inner, namespace = region.autoscaling(form), AUTOSCALING
    else:
        inner, namespace = region.ec2(form), NAMESPACE
    return f'<{action}Response xmlns="{namespace}">{inner}</{action}Response>'.encode()


def main() -> None:
    """Serve until the standard input ends."""
    instances, amis, groups = map(int, sys.argv[1:4])
    numbers = itertools.count()
    regions = {name: Estate(name, next(numbers), instances, amis, groups) for name in sys.argv[4:]}
    calls: collections.Counter[str] = collections.Counter()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, regions, calls))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
