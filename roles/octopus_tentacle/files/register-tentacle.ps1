# SPDX-License-Identifier: GPL-3.0-or-later
#
# Registers this server with an Octopus Server when it starts for the first time. The launch template's user data calls
# it; see docs/examples/cloudformation/tentacle-asg.yml. It needs an image with the Tentacle in it, not configured.
#
# The API key comes from SSM Parameter Store through the instance profile, and goes to the server in a header: it is on
# no command line, on no disk and in no log. Nothing else here is a secret.
param(
    [Parameter(Mandatory)] [string] $ServerUrl,
    [Parameter(Mandatory)] [string] $ServerThumbprint,
    [Parameter(Mandatory)] [string] $ApiKeyParameter,
    [Parameter(Mandatory)] [string] $Region,
    [Parameter(Mandatory)] [string[]] $Environment,
    [Parameter(Mandatory)] [string[]] $Role,
    [string] $Space = 'Default',
    # With a policy that deletes unavailable machines, what Auto Scaling terminates disappears by itself.
    [string] $MachinePolicy = 'Default Machine Policy',
    [int] $Port = 10933
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# Windows PowerShell on Windows Server 2016 would not offer it.
[Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12

$Tentacle = 'C:\Program Files\Octopus Deploy\Tentacle\Tentacle.exe'
$Directory = 'C:\Octopus'

function Invoke-Tentacle {
    param([string[]] $Arguments)
    $output = & $Tentacle $Arguments --instance Tentacle --nologo --console
    if ($LASTEXITCODE -ne 0) {
        throw "Tentacle.exe $($Arguments[0]) ended with exit code ${LASTEXITCODE}: $output"
    }
    return $output
}

function Find-Id {
    param([string] $Path, [string] $Name)
    $known = Invoke-RestMethod -Uri "$Api/$Path/all" -Headers $Headers -UseBasicParsing
    foreach ($one in $known) {
        if ($one.Name -eq $Name) {
            return $one.Id
        }
    }
    throw "The Octopus Server has no $Name in $Path"
}

Invoke-Tentacle @('create-instance', '--config', "$Directory\Tentacle.config") | Out-Null
Invoke-Tentacle @('new-certificate', '--if-blank') | Out-Null
Invoke-Tentacle @('configure', '--home', $Directory, '--app', "$Directory\Applications", '--port', "$Port", '--noListen',
    'False') | Out-Null
Invoke-Tentacle @('configure', '--reset-trust', '--trust', $ServerThumbprint) | Out-Null
Invoke-Tentacle @('service', '--install', '--start') | Out-Null
$thumbprint = "$(Invoke-Tentacle @('show-thumbprint'))".Trim()

$instance = Get-EC2InstanceMetadata -Category InstanceId
$address = Get-EC2InstanceMetadata -Category LocalIpv4
$Headers = @{
    'X-Octopus-ApiKey' = (Get-SSMParameter -Name $ApiKeyParameter -WithDecryption $true -Region $Region).Value
}
$Api = "$ServerUrl/api"
$spaceId = Find-Id 'spaces' $Space
$Api = "$ServerUrl/api/$spaceId"
$environments = @()
foreach ($name in $Environment) {
    $environments += Find-Id 'environments' $name
}
$machine = @{
    Name = $instance
    Endpoint = @{
        CommunicationStyle = 'TentaclePassive'
        Uri = "https://${address}:$Port/"
        Thumbprint = $thumbprint
        ProxyId = $null
    }
    EnvironmentIds = $environments
    Roles = $Role
    TenantIds = @()
    TenantTags = @()
    TenantedDeploymentParticipation = 'Untenanted'
    MachinePolicyId = Find-Id 'machinepolicies' $MachinePolicy
    IsDisabled = $false
}
$made = Invoke-RestMethod -Method Post -Uri "$Api/machines" -Headers $Headers -ContentType 'application/json' `
    -Body (ConvertTo-Json $machine -Depth 5) -UseBasicParsing
Write-Output "Registered $instance as $($made.Id) with $ServerUrl"
