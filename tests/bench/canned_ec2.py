# SPDX-License-Identifier: GPL-3.0-or-later
"""An EC2 that only lists: its answers are made once, so that what is measured is whoever asks.

A process of its own: ``python -m tests.bench.canned_ec2 INSTANCES AMIS PAGE REGION…`` prints its address and serves
until its input ends. Every region has its own instances and AMIs. The shape of the answers is that of EC2's API
2016-11-15, with everything that a usual instance has. ``GET /calls`` tells how often each action was asked for.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import http.server
import json
import re
import sys
import threading
import typing as t
import urllib.parse

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
OWNER = "123456789012"
IMAGES = ("octopus_tentacle", "iis_dotnet", "sql", "worker", "jump")
_DENIED = b"""<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform \
this operation.</Message></Error></Errors><RequestID>0</RequestID></Response>"""
_REGION = re.compile(r"Credential=[^/]+/\d+/([^/]+)/")

_TAGS = "<tagSet>{}</tagSet>"
_TAG = "<item><key>{}</key><value>{}</value></item>"
_VOLUME = """<item><deviceName>{device}</deviceName><ebs><volumeId>vol-{id}</volumeId><status>attached</status>\
<attachTime>2026-10-02T08:11:42.000Z</attachTime><deleteOnTermination>true</deleteOnTermination>\
<operator><managed>false</managed></operator></ebs></item>"""
_INSTANCE = """<item><reservationId>r-{id}</reservationId><ownerId>{owner}</ownerId><groupSet/><instancesSet><item>\
<instanceId>i-{id}</instanceId><imageId>{ami}</imageId>\
<instanceState><code>16</code><name>running</name></instanceState>\
<privateDnsName>ip-{dashed}.{region}.compute.internal</privateDnsName><dnsName/><reason/><keyName>fleet</keyName>\
<amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m5.large</instanceType>\
<launchTime>2026-10-02T08:11:41.000Z</launchTime><placement><availabilityZone>{region}a</availabilityZone>\
<availabilityZoneId>{region}-az1</availabilityZoneId><groupName/><tenancy>default</tenancy></placement>\
<platform>windows</platform><monitoring><state>enabled</state></monitoring>\
<subnetId>subnet-0a1b2c3d4e5f60718</subnetId><vpcId>vpc-0a1b2c3d4e5f60718</vpcId>\
<privateIpAddress>{address}</privateIpAddress><sourceDestCheck>true</sourceDestCheck><groupSet>{groups}</groupSet>\
<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/sda1</rootDeviceName>\
<blockDeviceMapping>{volumes}</blockDeviceMapping><virtualizationType>hvm</virtualizationType>\
<clientToken>fleet-{id}</clientToken>{tags}<hypervisor>xen</hypervisor><networkInterfaceSet><item>\
<networkInterfaceId>eni-{id}</networkInterfaceId><subnetId>subnet-0a1b2c3d4e5f60718</subnetId>\
<vpcId>vpc-0a1b2c3d4e5f60718</vpcId><description/><ownerId>{owner}</ownerId><status>in-use</status>\
<macAddress>02:5f:a1:7c:{mac}</macAddress><privateIpAddress>{address}</privateIpAddress>\
<privateDnsName>ip-{dashed}.{region}.compute.internal</privateDnsName><sourceDestCheck>true</sourceDestCheck>\
<groupSet>{groups}</groupSet><attachment><attachmentId>eni-attach-{id}</attachmentId><deviceIndex>0</deviceIndex>\
<status>attached</status><attachTime>2026-10-02T08:11:41.000Z</attachTime>\
<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>\
<privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress>\
<privateDnsName>ip-{dashed}.{region}.compute.internal</privateDnsName><primary>true</primary></item>\
</privateIpAddressesSet><ipv6AddressesSet/><interfaceType>interface</interfaceType>\
<operator><managed>false</managed></operator></item></networkInterfaceSet>\
<iamInstanceProfile><arn>arn:aws:iam::{owner}:instance-profile/fleet</arn><id>AIPA{id}</id></iamInstanceProfile>\
<ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport>\
<cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>\
<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>\
</capacityReservationSpecification><hibernationOptions><configured>false</configured></hibernationOptions>\
<metadataOptions><state>applied</state><httpTokens>required</httpTokens>\
<httpPutResponseHopLimit>2</httpPutResponseHopLimit><httpEndpoint>enabled</httpEndpoint>\
<httpProtocolIpv6>disabled</httpProtocolIpv6><instanceMetadataTags>disabled</instanceMetadataTags></metadataOptions>\
<enclaveOptions><enabled>false</enabled></enclaveOptions><platformDetails>Windows</platformDetails>\
<usageOperation>RunInstances:0002</usageOperation><usageOperationUpdateTime>2026-10-02T08:11:41.000Z\
</usageOperationUpdateTime><privateDnsNameOptions><hostnameType>ip-name</hostnameType>\
<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>\
<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>\
<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>\
<currentInstanceBootMode>legacy-bios</currentInstanceBootMode><operator><managed>false</managed></operator></item>\
</instancesSet></item>"""
_IMAGE = """<item><imageId>{ami}</imageId><imageLocation>{owner}/{name}</imageLocation>\
<imageState>available</imageState><imageOwnerId>{owner}</imageOwnerId><creationDate>2026-09-{day:02}T12:00:00.000Z\
</creationDate><isPublic>false</isPublic><architecture>x86_64</architecture><imageType>machine</imageType>\
<platform>windows</platform><name>{name}</name><description>Golden</description><rootDeviceType>ebs</rootDeviceType>\
<rootDeviceName>/dev/sda1</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/sda1</deviceName><ebs>\
<snapshotId>snap-{ami}</snapshotId><volumeSize>50</volumeSize><deleteOnTermination>true</deleteOnTermination>\
<volumeType>gp3</volumeType><iops>3000</iops><throughput>125</throughput><encrypted>true</encrypted></ebs></item>\
</blockDeviceMapping><virtualizationType>hvm</virtualizationType>{tags}<hypervisor>xen</hypervisor>\
<enaSupport>true</enaSupport><sriovNetSupport>simple</sriovNetSupport><platformDetails>Windows</platformDetails>\
<usageOperation>RunInstances:0002</usageOperation><bootMode>uefi-preferred</bootMode>\
<imdsSupport>v2.0</imdsSupport><sourceImageId>ami-0123456789abcdef0</sourceImageId></item>"""


def ami_id(region_number: int, number: int) -> str:
    """Return the id of the AMI with a number, for those who fill a catalogue to match."""
    return f"ami-{region_number:04x}{number:013x}"


def image_of(number: int) -> str:
    """Return the image that the AMI with a number was built for."""
    return IMAGES[number % len(IMAGES)]


class Answers:
    """What EC2 says of one region, as the bodies of its answers."""

    def __init__(self, name: str, number: int, instances: int, amis: int, page: int) -> None:
        ids = [ami_id(number, index) for index in range(amis)]
        listed = [_instance(name, number, index, ids[index % amis]) for index in range(instances)]
        self.pages = [_page(listed, start, page) for start in range(0, instances, page)]
        self.images = {ami: _image(ami, index) for index, ami in enumerate(ids)}

    def describe_instances(self, form: t.Mapping[str, str]) -> bytes:
        return self.pages[int(form.get("NextToken", "0"))]

    def describe_images(self, form: t.Mapping[str, str]) -> bytes:
        wanted = [value for name, value in form.items() if ".Value." in name and value.startswith("ami-")]
        found = [self.images[ami] for ami in wanted if ami in self.images] if wanted else self.images.values()
        return _body("DescribeImages", f"<imagesSet>{''.join(found)}</imagesSet>")


class Canned(t.NamedTuple):
    """A server that answers: where, and how often each action was asked for."""

    address: str
    calls: collections.Counter[str]


@contextlib.contextmanager
def canned(instances: int, amis: int, page: int, regions: t.Sequence[str]) -> t.Iterator[Canned]:
    """Serve so many instances and AMIs in each region, so many instances in a page."""
    calls: collections.Counter[str] = collections.Counter()
    answers = {name: Answers(name, number, instances, amis, page) for number, name in enumerate(regions)}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, answers, calls))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Canned(f"http://127.0.0.1:{server.server_port}", calls)
    finally:
        server.shutdown()
        server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet; without that, Nagle's algorithm would be measured.
    wbufsize = -1

    def __init__(self, answers: dict[str, Answers], calls: collections.Counter[str], *more: t.Any) -> None:
        self._answers, self._calls = answers, calls
        super().__init__(*more)

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(text))
        found = _REGION.search(self.headers["Authorization"])
        region = self._answers.get(found.group(1) if found else "")
        self._calls[form["Action"]] += 1
        if region is None:
            self._answer(403, _DENIED)
        elif form["Action"] == "DescribeInstances":
            self._answer(200, region.describe_instances(form))
        elif form["Action"] == "DescribeImages":
            self._answer(200, region.describe_images(form))
        else:
            items = "".join(f"<item><regionName>{name}</regionName></item>" for name in self._answers)
            self._answer(200, _body(form["Action"], f"<regionInfo>{items}</regionInfo>"))

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self._calls).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _instance(region: str, region_number: int, number: int, ami: str) -> str:
    address = f"10.{region_number}.{number >> 8}.{number & 255}"
    tags = {
        "Name": f"web-{number}",
        "aws:autoscaling:groupName": f"web-{number % 40}",
        "aws:ec2launchtemplate:id": "lt-0a1b2c3d4e5f60718",
        "aws:ec2launchtemplate:version": "7",
        "team": f"team-{number % 9}",
        "environment": "production",
        "cost-centre": "4711",
        "owner": "platform@example.com",
    }
    identity = f"{region_number:04x}{number:013x}"
    volumes = "".join(_VOLUME.format(device=device, id=identity) for device in ("/dev/sda1", "xvdf"))
    groups = "".join(
        f"<item><groupId>sg-0a1b2c3d4e5f6071{digit}</groupId><groupName>fleet-{digit}</groupName></item>"
        for digit in range(2)
    )
    return _INSTANCE.format(
        id=identity, ami=ami, owner=OWNER, region=region, address=address, dashed=address.replace(".", "-"),
        groups=groups, volumes=volumes, mac=f"{number >> 8:02x}:{number & 255:02x}", tags=_tag_set(tags),
    )  # fmt: skip


def _image(ami: str, number: int) -> str:
    image = image_of(number)
    tags = {
        "Name": image,
        "golden:image": image,
        "golden:build": f"20260901T12{number // 60:02}{number % 60:02}Z-000000",
    }
    return _IMAGE.format(ami=ami, owner=OWNER, name=f"{image}-{number}", day=number % 30 + 1, tags=_tag_set(tags))


def _tag_set(tags: t.Mapping[str, str]) -> str:
    return _TAGS.format("".join(_TAG.format(*tag) for tag in tags.items()))


def _page(items: list[str], start: int, size: int) -> bytes:
    number = start // size
    token = f"<nextToken>{number + 1}</nextToken>" if start + size < len(items) else ""
    return _body("DescribeInstances", f"<reservationSet>{''.join(items[start : start + size])}</reservationSet>{token}")


def _body(action: str, inner: str) -> bytes:
    text = f'<{action}Response xmlns="{NAMESPACE}"><requestId>00000000-0000-0000</requestId>{inner}</{action}Response>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def main() -> None:
    """Serve until the standard input ends."""
    with canned(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]) as server:
        print(server.address, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
