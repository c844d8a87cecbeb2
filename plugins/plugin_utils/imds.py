# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Session tokens for instance metadata (IMDSv2), which Packer 1.6.6 cannot ask for.

Sources: the EC2 API reference on ModifyInstanceMetadataOptions, and on ModifyImageAttribute (ImdsSupport).
"""

from __future__ import annotations

from .ec2 import Aws


def require_tokens(aws: Aws, instance: str) -> None:
    """Let an instance that runs answer metadata requests with a token only. Raises AwsError."""
    with aws.explained(f"require IMDSv2 of {instance}"):
        aws.client("ec2").modify_instance_metadata_options(
            InstanceId=instance, HttpTokens="required", HttpPutResponseHopLimit=1, HttpEndpoint="enabled"
        )


def require_tokens_of_image(aws: Aws, ami: str) -> None:
    """Make IMDSv2 the default of every instance that is started from an AMI. Cannot be taken back. Raises AwsError."""
    with aws.explained(f"require IMDSv2 of what is started from {ami}"):
        aws.client("ec2").modify_image_attribute(ImageId=ami, ImdsSupport={"Value": "v2.0"})
