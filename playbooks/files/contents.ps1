# SPDX-License-Identifier: GPL-3.0-or-later
# What no module tells: versions, programs and updates, read in one go. Changes nothing.
$ErrorActionPreference = 'Stop'
$Ansible.Changed = $false

$version = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
$dotnet = Get-ItemProperty -Path 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full' -ErrorAction SilentlyContinue
$lists = @(
    'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall',
    'HKLM:\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall'
)
$found = @(Get-ChildItem -Path $lists -ErrorAction SilentlyContinue | Get-ItemProperty)
$programs = @($found | Where-Object { $_.DisplayName -and -not $_.SystemComponent })
$updates = @(Get-HotFix)

$names = 'ProductName', 'EditionID', 'InstallationType', 'DisplayVersion', 'ReleaseId', 'CurrentBuild', 'UBR'
$windows = $version | Select-Object -Property $names
$framework = $dotnet | Select-Object -Property 'Release', 'Version'
$listed = @($programs | Select-Object -Property 'DisplayName', 'DisplayVersion', 'Publisher')
$ids = @($updates | ForEach-Object { $_.HotFixID })

$Ansible.Result = @{
    windows = $windows
    dotnet = $framework
    programs = $listed
    updates = $ids
}
