# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that differs between images and places. The packer_build action plugin writes the values to a private file.

# What is built

variable "image" {
  description = "Name of the image, as in golden_images."
  type        = string
}

variable "ami_name" {
  description = "Name of the AMI. Unique, so that what a broken build left can be found by it."
  type        = string
  validation {
    condition     = length(var.ami_name) >= 3 && length(var.ami_name) <= 128
    error_message = "An AMI name has 3 to 128 characters."
  }
}

variable "ami_description" {
  description = "Description of the AMI."
  type        = string
  default     = ""
}

variable "source_ami" {
  description = "AMI to start from. The plan resolves it."
  type        = string
}

variable "ami_tags" {
  description = "Tags of the AMI and its snapshots."
  type        = map(string)
}

variable "run_tags" {
  description = "Tags of the instance and its volumes while they exist. What is left of a broken build is found by them."
  type        = map(string)
}

variable "key_pair_name" {
  description = "Name of the temporary key pair."
  type        = string
}

# How it is provisioned

variable "ansible_playbook" {
  description = "The ansible-playbook to run."
  type        = string
}

variable "playbook" {
  description = "The playbook that provisions, verifies and seals the instance."
  type        = string
}

variable "extra_vars_file" {
  description = "JSON file with the variables for that playbook."
  type        = string
}

variable "manifest" {
  description = "File for Packer's account of what it made."
  type        = string
}

# Where it is built

variable "region" {
  description = "Region that the AMI is made in."
  type        = string
}

variable "instance_type" {
  description = "Type of the instance that the image is built on."
  type        = string
}

variable "subnet_id" {
  description = "Subnet of that instance."
  type        = string
}

variable "security_group_id" {
  description = "Security group that lets TCP 5986 in from the builder. Empty: a temporary one."
  type        = string
  default     = ""
}

variable "builder_addresses" {
  description = "CIDR blocks that may reach WinRM, in the temporary security group and in the Windows firewall."
  type        = list(string)
  validation {
    condition     = length(var.builder_addresses) > 0 && ! contains(var.builder_addresses, "0.0.0.0/0")
    error_message = "Name the builder's own addresses: WinRM is not opened to everyone."
  }
}

variable "interface" {
  description = "Address to reach the instance on."
  type        = string
  default     = "private_ip"
  validation {
    condition     = contains(["private_ip", "private_dns", "public_ip", "public_dns"], var.interface)
    error_message = "One of private_ip, private_dns, public_ip, public_dns."
  }
}

variable "associate_public_ip_address" {
  description = "Give the instance a public address."
  type        = bool
  default     = false
}

variable "iam_instance_profile" {
  description = "Instance profile of the instance, when a role of the image needs AWS."
  type        = string
  default     = ""
}

variable "root_volume_gib" {
  description = "Size of the root volume in GiB."
  type        = number
  default     = 50
}

variable "kms_key_id" {
  description = "KMS key of the root volume and so of the AMI. Empty: the account's default key for EBS."
  type        = string
  default     = ""
}

# The proxy until the proxy role has run

variable "proxy_url" {
  description = "Proxy for the first boot. Empty: none."
  type        = string
  default     = ""
  sensitive   = true
}

variable "proxy_bypass" {
  description = "Hosts that are reached without the proxy."
  type        = list(string)
  default     = []
}

# How long to wait

variable "password_timeout" {
  description = "How long EC2 may take to give the Administrator password."
  type        = string
  default     = "30m"
}

variable "winrm_timeout" {
  description = "How long WinRM may take to answer once the password is there."
  type        = string
  default     = "30m"
}

variable "poll_seconds" {
  description = "Seconds between two looks at EC2."
  type        = number
  default     = 15
}

variable "poll_attempts" {
  description = "Looks before giving up on one thing: sysprep and shut down, or the snapshot."
  type        = number
  default     = 240
}

# An EC2 that is not Amazon's

variable "endpoint_url" {
  description = "Address of the EC2 API. Empty: Amazon's own."
  type        = string
  default     = ""
}
