// Packer with nothing to build: it connects, and that is the test.
variable "address" { type = string }
variable "port" { type = number }
variable "password" {
  type      = string
  sensitive = true
}
variable "timeout" { type = string }

source "null" "guest" {
  communicator   = "winrm"
  winrm_host     = var.address
  winrm_port     = var.port
  winrm_username = "Administrator"
  winrm_password = var.password
  winrm_use_ssl  = true
  winrm_insecure = true
  winrm_use_ntlm = true
  winrm_timeout  = var.timeout
}

build {
  sources = ["source.null.guest"]

  provisioner "shell-local" {
    inline = ["echo provisioned"]
  }
}
