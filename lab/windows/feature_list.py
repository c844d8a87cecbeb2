# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and features of Windows Server as a tree: ``name | display name | marks``; two spaces indent a child.

Marks: R role, F feature, S role service (the default below a role); i installed in the stock AMI, x payload removed,
d installed with its parent by default, r needs a restart when installed, u needs a restart when removed,
g needs the desktop (not on Core), m a management tool that comes with -IncludeManagementTools;
``>name`` needs another feature; ``2016-2019`` only in these releases.
"""

from __future__ import annotations

TREE = """
AD-Certificate | Active Directory Certificate Services | R u
  ADCS-Cert-Authority | Certification Authority | S d
  ADCS-Web-Enrollment | Certification Authority Web Enrollment | S >Web-Server
AD-Domain-Services | Active Directory Domain Services | R u
DHCP | DHCP Server | R u
DNS | DNS Server | R u
FileAndStorage-Services | File and Storage Services | R i
  File-Services | File and iSCSI Services | S
    FS-FileServer | File Server | S
    FS-Data-Deduplication | Data Deduplication | S
    FS-DFS-Namespace | DFS Namespaces | S
    FS-Resource-Manager | File Server Resource Manager | S
  Storage-Services | Storage Services | S i
Hyper-V | Hyper-V | R r u
Print-Services | Print and Document Services | R g u
Remote-Desktop-Services | Remote Desktop Services | R u
  RDS-RD-Server | Remote Desktop Session Host | S r
Web-Server | Web Server (IIS) | R u
  Web-WebServer | Web Server | S d u
    Web-Common-Http | Common HTTP Features | S d u
      Web-Default-Doc | Default Document | S d u
      Web-Dir-Browsing | Directory Browsing | S d u
      Web-Http-Errors | HTTP Errors | S d u
      Web-Static-Content | Static Content | S d u
      Web-Http-Redirect | HTTP Redirection | S u
      Web-DAV-Publishing | WebDAV Publishing | S u
    Web-Health | Health and Diagnostics | S d u
      Web-Http-Logging | HTTP Logging | S d u
      Web-Custom-Logging | Custom Logging | S u
      Web-Log-Libraries | Logging Tools | S u
      Web-ODBC-Logging | ODBC Logging | S u
      Web-Request-Monitor | Request Monitor | S u
      Web-Http-Tracing | Tracing | S u
    Web-Performance | Performance | S d u
      Web-Stat-Compression | Static Content Compression | S d u
      Web-Dyn-Compression | Dynamic Content Compression | S u
    Web-Security | Security | S d u
      Web-Filtering | Request Filtering | S d u
      Web-Basic-Auth | Basic Authentication | S u
      Web-CertProvider | Centralized SSL Certificate Support | S u
      Web-Client-Auth | Client Certificate Mapping Authentication | S u
      Web-Digest-Auth | Digest Authentication | S u
      Web-Cert-Auth | IIS Client Certificate Mapping Authentication | S u
      Web-IP-Security | IP and Domain Restrictions | S u
      Web-Url-Auth | URL Authorization | S u
      Web-Windows-Auth | Windows Authentication | S u
    Web-App-Dev | Application Development | S u
      Web-Net-Ext | .NET Extensibility 3.5 | S u >NET-Framework-Core
      Web-Net-Ext45 | .NET Extensibility {net} | S u >NET-Framework-45-ASPNET
      Web-AppInit | Application Initialization | S u
      Web-ASP | ASP | S u >Web-ISAPI-Ext
      Web-Asp-Net | ASP.NET 3.5 | S u >Web-Net-Ext >Web-ISAPI-Ext >Web-ISAPI-Filter
      Web-Asp-Net45 | ASP.NET {net} | S u >Web-Net-Ext45 >Web-ISAPI-Ext >Web-ISAPI-Filter >NET-Framework-45-ASPNET
      Web-CGI | CGI | S u
      Web-ISAPI-Ext | ISAPI Extensions | S u
      Web-ISAPI-Filter | ISAPI Filters | S u
      Web-Includes | Server Side Includes | S u
      Web-WebSockets | WebSocket Protocol | S u
  Web-Ftp-Server | FTP Server | S u
    Web-Ftp-Service | FTP Service | S d u
    Web-Ftp-Ext | FTP Extensibility | S u >Web-Ftp-Service
  Web-Mgmt-Tools | Management Tools | S m u
    Web-Mgmt-Console | IIS Management Console | S d m g u
    Web-Mgmt-Compat | IIS 6 Management Compatibility | S u
      Web-Metabase | IIS 6 Metabase Compatibility | S u
      Web-Lgcy-Mgmt-Console | IIS 6 Management Console | S g u >Web-Metabase
      Web-Lgcy-Scripting | IIS 6 Scripting Tools | S u >Web-Metabase >Web-WMI
      Web-WMI | IIS 6 WMI Compatibility | S u >Web-Metabase
    Web-Scripting-Tools | IIS Management Scripts and Tools | S u
    Web-Mgmt-Service | Management Service | S u >NET-Framework-45-ASPNET
UpdateServices | Windows Server Update Services | R u
NET-Framework-Features | .NET Framework 3.5 Features | F
  NET-Framework-Core | .NET Framework 3.5 (includes .NET 2.0 and 3.0) | F d x
  NET-HTTP-Activation | HTTP Activation | F >NET-Framework-Core >WAS
  NET-Non-HTTP-Activ | Non-HTTP Activation | F >NET-Framework-Core >WAS
NET-Framework-45-Features | .NET Framework {net} Features | F i
  NET-Framework-45-Core | .NET Framework {net} | F i
  NET-Framework-45-ASPNET | ASP.NET {net} | F
  NET-WCF-Services45 | WCF Services | F i
    NET-WCF-HTTP-Activation45 | HTTP Activation | F >NET-Framework-45-ASPNET >WAS
    NET-WCF-MSMQ-Activation45 | Message Queuing (MSMQ) Activation | F >MSMQ-Server >WAS
    NET-WCF-Pipe-Activation45 | Named Pipe Activation | F >WAS
    NET-WCF-TCP-Activation45 | TCP Activation | F >NET-WCF-TCP-PortSharing45 >WAS
    NET-WCF-TCP-PortSharing45 | TCP Port Sharing | F i
BITS | Background Intelligent Transfer Service (BITS) | F
BitLocker | BitLocker Drive Encryption | F r u
Containers | Containers | F r u
EnhancedStorage | Enhanced Storage | F r u
Failover-Clustering | Failover Clustering | F r u
GPMC | Group Policy Management | F
MSMQ | Message Queuing | F u
  MSMQ-Services | Message Queuing Services | F d u
    MSMQ-Server | Message Queuing Server | F d u
Multipath-IO | Multipath I/O | F r u
NLB | Network Load Balancing | F
PowerShellRoot | Windows PowerShell | F i
  PowerShell | Windows PowerShell 5.1 | F i
  PowerShell-V2 | Windows PowerShell 2.0 Engine | F i 2016-2022
  PowerShell-ISE | Windows PowerShell ISE | F i g
  WindowsPowerShellWebAccess | Windows PowerShell Web Access | F >Web-Asp-Net45
Windows-Defender | Microsoft Defender Antivirus | F i r u 2019-2025
Windows-Defender-Features | Windows Defender Features | F i 2016-2016
  Windows-Defender | Windows Defender | F i r u 2016-2016
FS-SMB1 | SMB 1.0/CIFS File Sharing Support | F r u
RSAT | Remote Server Administration Tools | F
  RSAT-Feature-Tools | Feature Administration Tools | F
    RSAT-SMTP | SMTP Server Tools | F g 2016-2022
    RSAT-Clustering | Failover Clustering Tools | F
  RSAT-Role-Tools | Role Administration Tools | F
    RSAT-AD-Tools | AD DS and AD LDS Tools | F
      RSAT-AD-PowerShell | Active Directory module for Windows PowerShell | F
      RSAT-ADDS | AD DS Tools | F
    RSAT-DNS-Server | DNS Server Tools | F
    RSAT-DHCP | DHCP Server Tools | F
SNMP-Service | SNMP Service | F
  SNMP-WMI-Provider | SNMP WMI Provider | F
System-DataArchiver | System Data Archiver | F i 2019-2025
Telnet-Client | Telnet Client | F
TFTP-Client | TFTP Client | F
WAS | Windows Process Activation Service | F u
  WAS-Process-Model | Process Model | F d u
  WAS-NET-Environment | .NET Environment 3.5 | F u >NET-Framework-Core
  WAS-Config-APIs | Configuration APIs | F d u
Windows-Server-Backup | Windows Server Backup | F
WoW64-Support | WoW64 Support | F i r u
XPS-Viewer | XPS Viewer | F i g
"""
