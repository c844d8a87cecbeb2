# SPDX-License-Identifier: GPL-3.0-or-later
#
# Seals an EC2 Windows instance for imaging: generalize, take away what the build left, shut down. Runs as SYSTEM, in the
# scheduled task 'Golden seal' of the role sysprep, because it closes the connection that Ansible came over.
#
# Sysprep quits instead of shutting down, so that Windows can be asked whether it is generalized. When it is not, WinRM
# stays open for Ansible to read C:\ProgramData\Golden\seal.log, the machine stays up, and no AMI is made of it.

param(
    [string] $Agent, # v2: EC2Launch v2. v1: EC2Launch. ec2config: EC2Config.
    [string] $BuildProxy = '', # The proxy that the first boot set.
    [switch] $ClearEventLogs,
    [int] $Patience = 1800 # Seconds that EC2Config may take, which does not say when it is done.
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Directory = 'C:\ProgramData\Golden'
$Log = "$Directory\seal.log"
$Task = 'Golden seal'
$WinRMName = 'Golden build WinRM'
$LaunchV2 = 'C:\Program Files\Amazon\EC2Launch\EC2Launch.exe'
$LaunchV1 = 'C:\ProgramData\Amazon\EC2-Windows\Launch\Scripts'
$Ec2Config = 'C:\Program Files\Amazon\Ec2ConfigService\Ec2Config.exe'
$ImageStateKey = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Setup\State'
$ProxyPolicyKey = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\CurrentVersion\Internet Settings'
$RoutesKey = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes'
$Panther = 'C:\Windows\System32\Sysprep\Panther\setuperr.log'

function Write-Log {
    param([string] $Text)
    Add-Content -Path $Log -Value ('{0:yyyy-MM-ddTHH:mm:ss} {1}' -f (Get-Date), $Text)
}

function Invoke-Program {
    param([string] $Path, [string[]] $Arguments)
    Write-Log "$Path $($Arguments -join ' ')"
    $output = & $Path @Arguments
    if ($output) {
        Write-Log "$($output -join [Environment]::NewLine)"
    }
    if ($LASTEXITCODE -ne 0) {
        throw "$Path ended with exit code $LASTEXITCODE"
    }
}

function Invoke-LaunchScript {
    # In a process of its own: strict mode and error preference are not what Amazon's scripts were written for.
    param([string] $Name, [string] $Switch)
    Invoke-Program 'powershell.exe' @(
        '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', "$LaunchV1\$Name", $Switch
    )
}

function Assert-LaunchSchedule {
    # Builds have come out without a password because the next boot was not told to make one.
    $config = Get-Content -Path "$LaunchV1\..\Config\LaunchConfig.json" -Raw | ConvertFrom-Json
    if ($config.adminPasswordType -ne 'Random' -or -not $config.handleUserData) {
        throw 'LaunchConfig.json does not ask for a random password and user data'
    }
    if ((Get-ScheduledTask -TaskName 'Amazon Ec2 Launch - Instance Initialization').State -eq 'Disabled') {
        throw 'EC2Launch is not scheduled for the next boot'
    }
}

function Get-ImageState {
    (Get-ItemProperty -Path $ImageStateKey -Name ImageState).ImageState
}

function Assert-Build {
    # The role has looked already. Nobody shall seal a server that runs by starting this, or a part of the role.
    if (-not (Test-Path -Path "$Directory\build.json")) {
        throw "$env:COMPUTERNAME is not the build of an image: it has no $Directory\build.json"
    }
}

function Invoke-Sysprep {
    if ($Agent -eq 'v2') {
        Invoke-Program $LaunchV2 @('validate')
        Invoke-Program $LaunchV2 @('reset', '--block')
        Invoke-Program $LaunchV2 @('sysprep', '--block')
    } elseif ($Agent -eq 'ec2config') {
        Invoke-Program $Ec2Config @('-sysprep')
        $deadline = (Get-Date).AddSeconds($Patience)
        while ((Get-ImageState) -eq 'IMAGE_STATE_COMPLETE' -and (Get-Date) -lt $deadline) {
            Start-Sleep -Seconds 2
        }
    } else {
        # Without the schedule there is no new password, and the routes to EC2's own services are those of the builder.
        Invoke-LaunchScript 'InitializeInstance.ps1' '-Schedule'
        Assert-LaunchSchedule
        Invoke-LaunchScript 'SysprepInstance.ps1' '-NoShutdown'
    }
    $state = Get-ImageState
    if ($state -ne 'IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE') {
        throw "Windows is not generalized: ImageState is $state"
    }
}

function Remove-BuildProxy {
    # Only what is still as the first boot set it: a role of the image may have set its own. With this policy the role
    # proxy gives the whole machine one proxy: then it belongs into the image.
    $policy = Get-ItemProperty -Path $ProxyPolicyKey -Name ProxySettingsPerUser -ErrorAction SilentlyContinue
    if ($policy -and $policy.ProxySettingsPerUser -eq 0) {
        return
    }
    if ($BuildProxy -and [Environment]::GetEnvironmentVariable('HTTP_PROXY', 'Machine') -eq $BuildProxy) {
        Invoke-Program 'netsh.exe' @('winhttp', 'reset', 'proxy')
        foreach ($variable in 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY') {
            [Environment]::SetEnvironmentVariable($variable, $null, 'Machine')
        }
    }
}

function Remove-BuildRoute {
    # EC2Launch made them for the builder's subnet, and makes new ones at the next boot.
    if (Test-Path -Path $RoutesKey) {
        foreach ($route in (Get-Item -Path $RoutesKey).Property) {
            if ($route -like '169.254.169.*') {
                Remove-ItemProperty -Path $RoutesKey -Name $route
            }
        }
    }
}

function Remove-TemporaryFile {
    # Files in use stay. The agents keep the user data that they ran in these directories.
    $users = Get-ChildItem -Path C:\Users | ForEach-Object { "C:\Users\$($_.Name)\AppData\Local\Temp" }
    $system = 'C:\Windows\Temp', 'C:\Windows\System32\config\systemprofile\AppData\Local\Temp'
    foreach ($directory in @($users) + $system) {
        if (Test-Path -Path $directory) {
            Remove-Item -Path "$directory\*" -Recurse -Force -ErrorAction SilentlyContinue
        }
    }
}

function Clear-EventLogs {
    # Some cannot be cleared while they record. wevtutil says so, and that is no reason to stop.
    foreach ($name in & wevtutil.exe el) {
        $said = & wevtutil.exe cl $name
        if ($LASTEXITCODE -ne 0) {
            Write-Log "The event log $name stays: $said"
        }
    }
}

function Remove-BuildWinRM {
    Set-Item -Path WSMan:\localhost\Service\AllowUnencrypted -Value $false -Force
    Set-Item -Path WSMan:\localhost\Service\Auth\Basic -Value $false -Force
    Remove-NetFirewallRule -DisplayName $WinRMName -ErrorAction SilentlyContinue
    Remove-Item -Path WSMan:\localhost\Listener\* -Recurse -Force
    foreach ($certificate in Get-ChildItem -Path Cert:\LocalMachine\My) {
        if ($certificate.FriendlyName -eq $WinRMName) {
            Remove-Item -Path "Cert:\LocalMachine\My\$($certificate.Thumbprint)" -DeleteKey
        }
    }
}

function Remove-BuildFile {
    # The marker too: a server that is started from the image must not pass for a build.
    foreach ($file in 'build.json', 'first-boot.signal', 'first-boot.log', 'seal.ps1') {
        if (Test-Path -Path "$Directory\$file") {
            Remove-Item -Path "$Directory\$file" -Force
        }
    }
}

Set-Content -Path $Log -Value "Seal $env:COMPUTERNAME with the launch agent $Agent"
try {
    # Its definition. That does not stop what runs, and leaves the way free for another try.
    Unregister-ScheduledTask -TaskName $Task -Confirm:$false
    Assert-Build
    Invoke-Sysprep
    Write-Log 'Windows is generalized: take away what the build left, and shut down'
    Remove-BuildProxy
    Remove-BuildRoute
    Remove-TemporaryFile
    if ($ClearEventLogs) {
        Clear-EventLogs
    }
    Remove-BuildFile
    Remove-BuildWinRM
    Write-Log 'Sealed'
    Invoke-Program 'shutdown.exe' @('/s', '/t', '0', '/f')
} catch {
    Write-Log "FAILED: $($_.Exception.Message)"
    if (Test-Path -Path $Panther) {
        Write-Log "The end of ${Panther}:"
        foreach ($line in Get-Content -Path $Panther -Tail 20) {
            Write-Log $line
        }
    }
    exit 1
}
