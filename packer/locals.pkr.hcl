# SPDX-License-Identifier: GPL-3.0-or-later

locals {
  # Single quotes are doubled: the values stand in single-quoted PowerShell strings.
  bootstrap_with_proxy = replace(
    file("${path.root}/bootstrap/winrm.ps1"), "@PROXY_URL@", replace(var.proxy_url, "'", "''")
  )
  bootstrap_with_bypass = replace(
    local.bootstrap_with_proxy, "@PROXY_BYPASS@", replace(join(",", var.proxy_bypass), "'", "''")
  )
  bootstrap = replace(
    local.bootstrap_with_bypass, "@BUILDER_ADDRESSES@", replace(join(",", var.builder_addresses), "'", "''")
  )

  # Another EC2 than Amazon's has no instance metadata and no list of regions to check against.
  stand_in = var.endpoint_url != ""
}
