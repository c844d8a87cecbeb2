# SPDX-License-Identifier: GPL-3.0-or-later

source "amazon-ebs" "windows" {
  ami_name        = var.ami_name
  ami_description = var.ami_description
  source_ami      = var.source_ami
  tags            = var.ami_tags
  snapshot_tags   = var.ami_tags
  run_tags        = var.run_tags
  run_volume_tags = var.run_tags

  region                      = var.region
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  associate_public_ip_address = var.associate_public_ip_address
  iam_instance_profile        = var.iam_instance_profile
  user_data                   = "<powershell>\n${local.bootstrap}\n</powershell>\n"

  # With a group of the user's own Packer makes none, and the addresses have no effect.
  security_group_id                     = var.security_group_id
  temporary_security_group_source_cidrs = var.security_group_id == "" ? var.builder_addresses : []
  temporary_key_pair_name               = var.key_pair_name

  # Encrypted from the start: encrypt_boot would copy the finished AMI once more.
  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = var.root_volume_gib
    iops                  = 3000 # gp3's baseline; 1.6.6 wants both said.
    throughput            = 125
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  communicator             = "winrm"
  winrm_username           = "Administrator"
  winrm_use_ssl            = true
  winrm_insecure           = true # The instance signs its own certificate.
  winrm_use_ntlm           = true
  winrm_timeout            = var.winrm_timeout
  windows_password_timeout = var.password_timeout
  ssh_interface            = var.interface

  # Sysprep shuts the instance down. Packer must wait for that, and must not terminate it.
  disable_stop_instance = true
  shutdown_behavior     = "stop"
  aws_polling {
    delay_seconds = var.poll_seconds
    max_attempts  = var.poll_attempts
  }

  custom_endpoint_ec2        = var.endpoint_url
  skip_metadata_api_check    = local.stand_in
  skip_region_validation     = local.stand_in
  skip_credential_validation = local.stand_in
}
