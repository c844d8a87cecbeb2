# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the audit. Their names are for filters and dashboards: they stay."""

from __future__ import annotations

import typing as t

ERROR = "error"
WARNING = "warning"
NOTE = "note"
SEVERITIES = (ERROR, WARNING, NOTE)


class Rule(t.NamedTuple):
    """What a rule looks at, the worst that it can be, and what to do about it."""

    title: str
    severity: str
    advice: str


_ROLL_OUT = "Roll out an AMI that is there: rollout.yml, or another version of the launch template."

RULES: dict[str, Rule] = {
    "answer-missing": Rule(
        "A question was not answered, so nobody knows",
        ERROR,
        "Give the audit the permission (docs/iam/audit.json), or run it again when AWS answers.",
    ),
    "ami-gone": Rule("The AMI does not exist, or is not shown to this account", ERROR, _ROLL_OUT),
    "ami-disabled": Rule(
        "The AMI is disabled", ERROR, "Enable it again (retire.yml -e undo=true, for one of ours), or roll out another."
    ),
    "ami-unavailable": Rule("The AMI is not available", ERROR, _ROLL_OUT),
    "ami-revoked": Rule(
        "The build was revoked, and may still be launched",
        ERROR,
        "Roll out what the channel points at now: rollout.yml.",
    ),
    "ami-not-allowed": Rule(
        "The account's Allowed AMIs exclude it", WARNING, "Extend the criteria, or roll out an AMI that meets them."
    ),
    "snapshot-unusable": Rule(
        "A snapshot behind the AMI is gone or broken",
        ERROR,
        "Restore it from the Recycle Bin, or roll out another AMI.",
    ),
    "kms-key-unusable": Rule(
        "The KMS key of a snapshot cannot be used",
        ERROR,
        "Enable the key, or cancel its deletion; or roll out an AMI that another key encrypts.",
    ),
    "parameter-missing": Rule(
        "An SSM parameter does not exist", ERROR, "Publish the channel again: promote.yml writes its parameter."
    ),
    "parameter-stale": Rule(
        "An SSM parameter does not say what its channel says",
        WARNING,
        "Publish the channel again: promote.yml writes its parameter.",
    ),
    "template-broken": Rule(
        "What is launched from does not lead to an AMI", ERROR, "Name a version that exists, and an AMI in it."
    ),
    "ami-withdrawn-soon": Rule(
        "Amazon is about to withdraw the stock AMI",
        ERROR,
        "Build an AMI of your own from it and roll that out: build.yml, promote.yml, rollout.yml.",
    ),
    "ami-deprecated": Rule(
        "The AMI is deprecated", WARNING, "It still launches. Roll out a newer one before it is disabled."
    ),
    "not-ours": Rule(
        "Somebody else owns the AMI and may take it away",
        WARNING,
        "Build an AMI of your own from it, or name its owner in golden_audit.owners when you trust it.",
    ),
    "not-recorded": Rule(
        "The AMI has our tags, and the catalogue does not know it", NOTE, "Record it: catalogue.yml -e verb=rebuild."
    ),
    "not-verified": Rule("The build was never proved", NOTE, "Prove it: prove.yml."),
    "updates-old": Rule(
        "Its updates are old", WARNING, "Build it again on Amazon's newest base, and roll that out: build.yml."
    ),
    "nothing-found": Rule(
        "There is nothing to audit", NOTE, "Check golden_regions and golden_accounts: is this where you run things?"
    ),
}
