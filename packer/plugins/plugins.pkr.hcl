# SPDX-License-Identifier: GPL-3.0-or-later
# For `packer init packer/plugins`: Packer 1.7 and later fetch their plugins, 1.6.6 has them built in and does not know
# this block, hence its own directory. `packer_build` never runs `packer init`: a build downloads no code.

packer {
  required_version = ">= 1.7.0"
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "= 1.8.2"
    }
    ansible = {
      source  = "github.com/hashicorp/ansible"
      version = "~> 1.1"
    }
  }
}
