# SPDX-License-Identifier: GPL-3.0-or-later
# Packer starts the machine, runs one playbook and says what it made. All configuration is in roles.

build {
  sources = ["source.amazon-ebs.windows"]

  provisioner "ansible" {
    command            = var.ansible_playbook
    skip_version_check = true
    playbook_file      = var.playbook
    use_proxy          = false # WinRM: Ansible connects directly, so that it survives reboots.
    user               = "Administrator"
    extra_arguments    = ["--extra-vars", "@${var.extra_vars_file}"]
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
