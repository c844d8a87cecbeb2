# SPDX-License-Identifier: GPL-3.0-or-later
"""Documented return values that the lab does not return, each with its reason. A path stands for all below it."""

from __future__ import annotations

Reasons = dict[str, dict[str, str]]

# The documentation has it, the module's source never sets it; a test looks into the source.
ONLY_DOCUMENTED: Reasons = {
    "ansible.windows.slurp": {"source": "the module gives content and encoding only"},
    "ansible.windows.win_certificate_info": {"certificates.cert_data": "the source names it raw"},
    "ansible.windows.win_feature_info": {
        "features.additional_info.major_version": "Windows' own dictionary has MajorVersion",
        "features.additional_info.minor_version": "Windows' own dictionary has MinorVersion",
        "features.additional_info.number_id_version": "Windows' own dictionary has NumericId",
        "features.additional_info.install_name": "Windows' own dictionary has InstallName",
    },
    "ansible.windows.win_service_info": {
        "services.failure_action_on_non_crash_failure": "the source has failure_actions_on_non_crash_failure",
        "services.win32_exitcode": "the source has win32_exit_code",
    },
    "community.windows.win_scheduled_task_stat": {
        "settings.mulitple_instances": "multiple_instances, misspelt",
        "settings.run_only_id_idle": "run_only_if_idle, misspelt",
    },
    "ansible.windows.win_command": {
        "stdout_lines": "the controller splits stdout",
        "stderr_lines": "the controller splits stderr",
    },
    "ansible.windows.win_shell": {"stdout_lines": "the controller splits stdout"},
}
# It cannot happen to a guest of the lab.
CANNOT: Reasons = {
    "ansible.windows.win_feature": {
        "feature_result.message.error_code": "Windows' messages about a restart have none; other messages are not made"
    },
    "ansible.windows.win_firewall": {"enabled": "the source has it for each profile, not by itself"},
    "ansible.windows.win_find": {"files.sharename": "a guest of the lab shares no folders"},
    "ansible.windows.win_stat": {"stat.sharename": "a guest of the lab shares no folders"},
    "ansible.windows.win_listen_ports_facts": {
        "tcp_listen": "they are facts: the source has them in ansible_facts",
        "udp_listen": "they are facts: the source has them in ansible_facts",
    },
    "ansible.windows.win_powershell": {
        "error.exception.help_link": "nothing that the lab's PowerShell throws has one, as with nearly all of .NET",
        "error.exception.source": "the name of the .NET assembly that threw it; no assembly throws in the lab",
        "error.exception.inner_exception": "the lab's PowerShell keeps the message of what a method throws, no cause",
    },
    "community.windows.win_scheduled_task_stat": {
        "registration_info.documentation": "no module can set it; Windows gives null then",
        "registration_info.security_descriptor": "no module can set it; Windows gives null then",
        "settings.maintenance_settings": "no module can set it; Windows gives null then",
    },
    "ansible.windows.win_service_info": {
        "services.preferred_node": "a guest has one NUMA node; Windows gives null then"
    },
}
# The source returns another type than the documented one.
OTHER_TYPE: Reasons = {
    "ansible.windows.async_status": {
        "started": "ansible-core's async wrapper writes booleans",
        "finished": "ansible-core's async wrapper writes booleans",
    },
    "ansible.windows.win_command": {"msg": "a text, only when the command failed or was skipped"},
    "ansible.windows.win_shell": {"msg": "a text, only when the command failed or was skipped"},
    "ansible.windows.win_firewall": {
        "profiles": "the documentation has exchanged profiles and state",
        "state": "the documentation has exchanged profiles and state",
    },
    "ansible.windows.win_reg_stat": {
        "value": "as the registry has it: a number, a list of texts or of bytes",
        "raw_value": "as the registry has it: a number, or a list of texts",
    },
    "ansible.windows.win_whoami": {"user_flags": "a list of names"},
}
# Documented as always there, and in some results it is not, as on Windows.
SOMETIMES: Reasons = {
    "ansible.windows.async_status": {
        "stdout": "only when the job's own result has it",
        "stderr": "only when the job's own result has it",
        "finished": "not when the job's file was removed",
        "started": "not when the job's file was removed",
    },
    "ansible.windows.win_command": {"msg": "only when the command failed or was skipped"},
    "ansible.windows.win_shell": {"msg": "only when the command failed or was skipped"},
    "ansible.windows.win_get_url": {
        "msg": "only when something was asked for: not when the file is there with its checksum",
        "status_code": "only when something was asked for: not when the file is there with its checksum",
    },
    "community.windows.win_scheduled_task_stat": {
        "folder_task_count": "not when there is no such folder",
        "folder_task_names": "not when there is no such folder",
    },
    "community.windows.win_xml": {"msg": "not when it only counts"},
    "ansible.windows.win_copy": {
        "operation": "only in the copies made on the server; the controller says it of its own",
    },
}
