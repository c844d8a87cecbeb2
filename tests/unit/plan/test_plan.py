# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images are built, and what the user is told about it. No AWS, no Ansible."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.golden.windows_ami.plugins.plugin_utils.fingerprint import fingerprint
from ansible_collections.golden.windows_ami.plugins.plugin_utils.images import Image
from ansible_collections.golden.windows_ami.plugins.plugin_utils.plan import (
    Artefact,
    Contents,
    Existing,
    Facts,
    PlanEntry,
    PlanError,
    Source,
    finalize,
    make_plan,
    with_missing_parents,
)
from ansible_collections.golden.windows_ami.plugins.plugin_utils.records import Build
from ansible_collections.golden.windows_ami.plugins.plugin_utils.summary import plan_counts, plan_lines

from .records import BASE_NAME, REGION, a_build

IMAGES = {
    "base": Image("base", "The first", base="windows", roles=("a.b.one",)),
    "web": Image("web", "On top", parent="base", roles=("a.b.two",)),
    "shop": Image("shop", parent="web"),
}
WINDOWS = Source("ami-windows", BASE_NAME)
INPUTS = {name: {"template": "t", f"role:{name}": "r", "var:x": "1"} for name in IMAGES}


def built(name: str, parent_ami: str, **values: t.Any) -> Existing:
    """Return what there is when an image was built from today's inputs."""
    inputs = {**INPUTS[name], "parent_ami": parent_ami}
    build = a_build(name, inputs=inputs, fingerprint=fingerprint(inputs), source_ami_name=BASE_NAME, **values)
    return Existing(build, build.amis[REGION])


BASE_BUILT = built("base", "ami-windows")
WEB_BUILT = built("web", "ami-base-1")


def facts(existing: dict[str, Existing] | None = None, **values: t.Any) -> Facts:
    """Return the facts of a world where nothing was built, but for what is given."""
    contents = {name: Contents(dict(inputs), {"x": 1}) for name, inputs in INPUTS.items()}
    known = Facts(REGION, IMAGES, {"windows": WINDOWS}, contents, existing or {}, {})
    return known._replace(**values)


def changed(name: str, **inputs: str) -> dict[str, Contents]:
    """Return the contents of all images after some inputs of one have changed."""
    contents = facts().contents
    return {**contents, name: contents[name]._replace(inputs={**INPUTS[name], **inputs})}


def test_nothing_built_yet_means_build_everything_parents_first() -> None:
    plan = make_plan(facts(), ["base", "web"])
    assert [(entry.image, entry.action, entry.reasons) for entry in plan] == [
        ("base", "build", ("never built in eu-west-1",)),
        ("web", "build", ("never built in eu-west-1",)),
    ]
    assert (plan[0].source_ami, plan[0].source_ami_name, plan[0].base) == ("ami-windows", BASE_NAME, "windows")
    assert plan[0].fingerprint == fingerprint({**INPUTS["base"], "parent_ami": "ami-windows"})
    assert (plan[1].source_ami, plan[1].fingerprint, plan[1].parent_image) == (None, None, "base")


def test_same_fingerprint_means_skip() -> None:
    plan = make_plan(facts({"base": BASE_BUILT, "web": WEB_BUILT}), ["base", "web"])
    assert [entry.action for entry in plan] == ["skip", "skip"]
    assert (plan[1].ami_id, plan[1].build_id) == ("ami-web-1", WEB_BUILT.build.id)
    assert plan[1].fingerprint == WEB_BUILT.build.fingerprint
    assert plan[1].reasons == (
        "up to date: no input changed since build 20261122T164501Z-000001, 2026-11-22T17:00:00Z, and its AMI ami-web-1 "
        "is available",
    )


def test_a_changed_variable_rebuilds_the_image_and_what_is_based_on_it() -> None:
    existing = {"base": BASE_BUILT, "web": WEB_BUILT}
    plan = make_plan(facts(existing, contents=changed("base", **{"var:x": "2"})), ["base", "web"])
    assert plan[0].reasons == ("variable x changed",)
    assert plan[0].changed_inputs == ("var:x",)
    assert plan[1].reasons == ("its parent base is built in this run",)
    assert plan[1].changed_inputs == ("parent_ami",)


def test_a_child_can_change_alone() -> None:
    existing = {"base": BASE_BUILT, "web": WEB_BUILT}
    plan = make_plan(facts(existing, contents=changed("web", **{"role:web": "new"})), ["base", "web"])
    assert [entry.action for entry in plan] == ["skip", "build"]
    assert plan[1].reasons == ("the files of role web changed",)
    assert (plan[1].source_ami, plan[1].parent_build) == ("ami-base-1", BASE_BUILT.build.id)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({}, {"var:y": "1"}, "variable y is new"),
        ({"var:y": "1"}, {}, "variable y is gone"),
        ({"template": "old"}, {}, "the Packer template changed"),
        ({"provision": "1"}, {"provision": "2"}, "the provisioning playbook changed"),
        ({"user_data": "1"}, {"user_data": "2"}, "the user data changed"),
        ({"roles": "1"}, {"roles": "2"}, "the list of roles changed"),
        ({}, {"role:a.b.c": "2"}, "role a.b.c is new"),
        (
            {"version:ansible-core": "2.19.1"},
            {"version:ansible-core": "2.19.2"},
            "ansible-core is 2.19.2 now, was 2.19.1",
        ),
        ({"builder:root_volume_gib": "50"}, {"builder:root_volume_gib": "60"}, "root_volume_gib is 60 now, was 50"),
    ],
)
def test_a_change_is_said_in_words(before: dict[str, str], after: dict[str, str], reason: str) -> None:
    build = dataclasses.replace(BASE_BUILT.build, inputs={**BASE_BUILT.build.inputs, **before})
    existing = {"base": Existing(build, "ami-base-1")}
    (entry,) = make_plan(facts(existing, contents=changed("base", **after)), ["base"])
    assert entry.reasons[0].endswith(reason)


def test_a_newer_base_ami_is_named_beside_the_old_one() -> None:
    newer = Source("ami-newer", "Windows-2026.12.09")
    (entry,) = make_plan(facts({"base": BASE_BUILT}, bases={"windows": newer}), ["base"])
    assert entry.reasons == (f"base windows is Windows-2026.12.09 (ami-newer) now, was {BASE_NAME} (ami-windows)",)


def test_a_newer_build_of_the_parent_is_a_reason() -> None:
    newer = a_build("base", 2, inputs=BASE_BUILT.build.inputs, ami_name="golden-base-2")
    existing = {"base": Existing(newer, "ami-base-2"), "web": WEB_BUILT}
    entry = make_plan(facts(existing), ["base", "web"])[1]
    assert entry.action == "build"
    assert entry.reasons == (f"parent base is golden-base-2 (ami-base-2) now, was {BASE_NAME} (ami-base-1)",)


def test_an_unusable_ami_is_built_anew_and_so_is_what_is_based_on_it() -> None:
    gone = BASE_BUILT._replace(problem="ami-base-1 is gone")
    plan = make_plan(facts({"base": gone, "web": WEB_BUILT}), ["base", "web"])
    assert plan[0].reasons == (
        "the AMI of its newest build, 20261122T164501Z-000001, cannot be used: ami-base-1 is gone",
    )
    assert [entry.action for entry in plan] == ["build", "build"]


def test_force_rebuilds_what_was_chosen() -> None:
    existing = {"base": BASE_BUILT, "web": WEB_BUILT}
    (entry,) = make_plan(facts(existing), ["web"], force=True)
    assert (entry.action, entry.reasons, entry.source_ami) == ("build", ("forced",), "ami-base-1")


def test_a_failed_attempt_is_mentioned() -> None:
    failure = a_build("base", 3, status="failed", error="\nThe role failed.\nMore.", amis={})
    (entry,) = make_plan(facts(last_failures={"base": failure}), ["base"])
    assert entry.reasons[1] == "the last attempt, 20261122T164503Z-000003, failed: The role failed."


@pytest.mark.parametrize(
    ("selected", "existing", "expected"),
    [
        (["web"], {}, ("base", "web")),
        (["web"], {"base": BASE_BUILT}, ("web",)),
        (["web"], {"base": BASE_BUILT._replace(problem="gone")}, ("base", "web")),
        (["shop"], {"base": BASE_BUILT}, ("web", "shop")),
        (["shop"], {"web": WEB_BUILT}, ("shop",)),
        (["base"], {}, ("base",)),
    ],
)
def test_a_chosen_image_brings_the_parents_it_lacks(
    selected: list[str], existing: dict[str, Existing], expected: tuple[str, ...]
) -> None:
    assert with_missing_parents(IMAGES, selected, existing) == expected


def test_a_parent_that_is_out_of_date_but_not_chosen_is_noted() -> None:
    existing = {"base": BASE_BUILT, "web": WEB_BUILT}
    (entry,) = make_plan(facts(existing, contents=changed("base", **{"var:x": "2"})), ["web"])
    assert entry.action == "skip"
    assert entry.notes == (
        "its parent base is not up to date (variable x changed) and was not asked for: build 20261122T164501Z-000001 "
        "is used",
    )


def test_an_entry_survives_json() -> None:
    (entry,) = make_plan(facts(), ["base"])
    entry = dataclasses.replace(entry, artefacts=(Artefact("x_url", "http://x/y.msi", False),), secret_vars=("k",))
    assert PlanEntry.from_dict(entry.to_dict()) == entry


@pytest.mark.parametrize("values", [{}, {"image": "a", "action": "build", "region": "r", "imgae": "x"}])
def test_something_else_is_no_entry(values: dict[str, str]) -> None:
    with pytest.raises(PlanError, match="This is not an entry of a plan"):
        PlanEntry.from_dict(values)


def test_finalize_fills_in_the_parent_that_was_just_built() -> None:
    entry = make_plan(facts(), ["base", "web"])[1]
    done = finalize(entry, a_build("base", 7, ami_name="golden-base-7"))
    assert (done.source_ami, done.source_ami_name) == ("ami-base-7", "golden-base-7")
    assert done.parent_build == "20261122T164507Z-000007"
    assert done.fingerprint == fingerprint({**INPUTS["web"], "parent_ami": "ami-base-7"})


def test_what_finalize_made_is_up_to_date_in_the_next_run() -> None:
    entry = finalize(make_plan(facts(), ["base", "web"])[1], BASE_BUILT.build)
    web = a_build("web", inputs=entry.inputs, fingerprint=entry.fingerprint)
    plan = make_plan(facts({"base": BASE_BUILT, "web": Existing(web, "ami-web-1")}), ["base", "web"])
    assert [item.action for item in plan] == ["skip", "skip"]


@pytest.mark.parametrize(
    ("parent", "message"),
    [
        (a_build("other"), "Image web has parent base, but was given a build of other"),
        (a_build("base", status="failed", error="WinRM"), "its build 20261122T164501Z-000001 is failed: WinRM"),
        (a_build("base", amis={"us-east-1": "ami-1"}), "has no AMI in eu-west-1"),
    ],
)
def test_finalize_refuses_a_parent_that_cannot_be_used(parent: Build, message: str) -> None:
    entry = make_plan(facts(), ["base", "web"])[1]
    with pytest.raises(PlanError) as caught:
        finalize(entry, parent)
    assert message in str(caught.value)


def test_the_summary_reads_well() -> None:
    existing = {"base": BASE_BUILT, "web": WEB_BUILT}
    plan = make_plan(facts(existing, contents=changed("web", **{"var:x": "2"})), ["base", "web"])
    assert plan_lines(plan) == [
        "base: up to date",
        "  because no input changed since build 20261122T164501Z-000001, 2026-11-22T17:00:00Z, and its AMI ami-base-1 "
        "is available",
        f"  from    {BASE_NAME} (ami-windows)",
        "web: build",
        "  because variable x changed",
        "  from    image base, build 20261122T164501Z-000001 (ami-base-1)",
        "  roles   a.b.two",
    ]
    assert plan_counts(plan) == "1 to build, 1 up to date."
    assert plan_counts(plan[:1]) == "Nothing to build: it is up to date."
