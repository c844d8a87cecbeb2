# SPDX-License-Identifier: GPL-3.0-or-later
#
# User data of an instance that proves an AMI, before packer/bootstrap/winrm.ps1 opens WinRM: writes down what the image
# has brought along. That this file is there shows that user data ran; @NONCE@ shows that it ran on this instance.

$ErrorActionPreference = 'Stop'
$Build = 'Golden build WinRM'
$Proof = 'C:\ProgramData\Golden\proof.json'

# The WSMan: drive needs the service.
Start-Service -Name WinRM
$Brought = @{
    nonce = '@NONCE@'
    listeners = @(Get-ChildItem -Path WSMan:\localhost\Listener | Where-Object { $_.Keys -contains 'Transport=HTTPS' }).Count
    certificates = @(Get-ChildItem -Path Cert:\LocalMachine\My | Where-Object { $_.FriendlyName -eq $Build }).Count
    rules = @(Get-NetFirewallRule -DisplayName $Build -ErrorAction SilentlyContinue).Count
    marker = Test-Path -Path 'C:\ProgramData\Golden\build.json'
    proxy = [Environment]::GetEnvironmentVariable('HTTPS_PROXY', 'Machine')
}
New-Item -Path 'C:\ProgramData\Golden' -ItemType Directory -Force | Out-Null
$Brought | ConvertTo-Json | Set-Content -Path $Proof
