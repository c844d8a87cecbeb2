# SPDX-License-Identifier: GPL-3.0-or-later
#
# User data of the instance that an image is built on. Opens WinRM (HTTPS, NTLM) to the builder's address, last of all.
# packer/locals.pkr.hcl fills in the @NAMES@ and wraps the text in <powershell>.
#
# Progress for playbooks/provision.yml, in C:\ProgramData\Golden: first-boot.signal (1 running, -1 failed, 0 done) and
# first-boot.log. After a failure WinRM is opened too, when it can be: otherwise nobody learns what went wrong until
# Packer gives up waiting for it.

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$ProxyUrl = '@PROXY_URL@'
$ProxyBypass = '@PROXY_BYPASS@'
$BuilderAddresses = '@BUILDER_ADDRESSES@' -split ','

$Name = 'Golden build WinRM'
$Directory = 'C:\ProgramData\Golden'
$Log = "$Directory\first-boot.log"
$Signal = "$Directory\first-boot.signal"

function Write-Log {
    param([string] $Text)
    Add-Content -Path $Log -Value ('{0:yyyy-MM-ddTHH:mm:ss} {1}' -f (Get-Date), $Text)
}

function Set-FirstBootProxy {
    # Enough for what runs before the proxy role does. netsh wants host:port, and takes no credentials.
    $address = $ProxyUrl -replace '^https?://([^@/]*@)?', '' -replace '/.*$', ''
    $bypass = $ProxyBypass -replace ',', ';'
    Write-Log "Set the proxy to $address"
    $output = & netsh.exe winhttp set proxy "proxy-server=$address" "bypass-list=$bypass"
    if ($LASTEXITCODE -ne 0) {
        throw "netsh winhttp set proxy ended with exit code ${LASTEXITCODE}: $output"
    }
    [Environment]::SetEnvironmentVariable('HTTP_PROXY', $ProxyUrl, 'Machine')
    [Environment]::SetEnvironmentVariable('HTTPS_PROXY', $ProxyUrl, 'Machine')
    [Environment]::SetEnvironmentVariable('NO_PROXY', $ProxyBypass, 'Machine')
}

function Open-WinRM {
    # The WSMan: drive needs the service. Port 5986 stays closed in the firewall until all is set.
    Write-Log 'Configure WinRM: HTTPS only, Negotiate only'
    Set-Service -Name WinRM -StartupType Automatic
    Start-Service -Name WinRM
    $certificate = New-SelfSignedCertificate -DnsName $env:COMPUTERNAME -FriendlyName $Name `
        -CertStoreLocation Cert:\LocalMachine\My -NotAfter (Get-Date).AddDays(3)
    Remove-Item -Path WSMan:\localhost\Listener\* -Recurse -Force
    New-Item -Path WSMan:\localhost\Listener -Transport HTTPS -Address * `
        -CertificateThumbPrint $certificate.Thumbprint -Force | Out-Null
    Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false -Force
    Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $false -Force
    Set-Item -Path WSMan:\localhost\Service\Auth\CredSSP -Value $false -Force
    Set-Item -Path WSMan:\localhost\Service\Auth\Certificate -Value $false -Force
    Set-Item -Path WSMan:\localhost\Service\Auth\Negotiate -Value $true -Force

    # Stopped until the rule is there, so that the first connection is not one that a restart cuts off.
    Stop-Service -Name WinRM -Force
    Write-Log "Let in TCP 5986 from $($BuilderAddresses -join ', ')"
    Remove-NetFirewallRule -DisplayName $Name -ErrorAction SilentlyContinue
    New-NetFirewallRule -DisplayName $Name -Direction Inbound -Action Allow -Profile Any -Protocol TCP -LocalPort 5986 `
        -RemoteAddress $BuilderAddresses | Out-Null
    Start-Service -Name WinRM
}

New-Item -Path $Directory -ItemType Directory -Force | Out-Null
Set-Content -Path $Signal -Value '1'
$Outcome = '0'
try {
    Write-Log "First boot of $env:COMPUTERNAME"
    # A parent image may have the proxy already, with more to bypass than is known here.
    if ($ProxyUrl -and -not [Environment]::GetEnvironmentVariable('HTTP_PROXY', 'Machine')) {
        Set-FirstBootProxy
    }
} catch {
    $Outcome = '-1'
    Write-Log "FAILED: $($_.Exception.Message)"
}
try {
    Open-WinRM
} catch {
    $Outcome = '-1'
    Write-Log "FAILED: $($_.Exception.Message)"
}
Write-Log "First boot ended with signal $Outcome"
Set-Content -Path $Signal -Value $Outcome
if ($Outcome -ne '0') {
    exit 1
}
