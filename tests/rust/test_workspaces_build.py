"""Builds the workspaces in fixtures/workspaces, and compares what comes out with their records.

The tests marked `rust` need what tests/tools/setup.sh installs. The others read the records only.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from rust import workspaces

CASES = workspaces.cases()
README = workspaces.WORKSPACES / "README.md"


def manifests(case: str) -> list[tuple[Path, dict[str, Any]]]:
    """The packages in a workspace's folder, members or not."""
    found = [
        (path, tomllib.loads(path.read_text()))
        for path in sorted((workspaces.WORKSPACES / case).rglob("Cargo.toml"))
        if "target" not in path.parts
    ]
    return [(path, manifest) for path, manifest in found if "package" in manifest]


def components(case: str, **wanted: str) -> list[dict[str, Any]]:
    """The recorded components of a case that have these values."""
    return [
        component
        for component in workspaces.recorded(case)["component"]
        if all(component[key] == value for key, value in wanted.items())
    ]


def component(case: str, crate: str, profile: str, target: str = "wasm32-wasip1") -> dict[str, Any]:
    (found,) = components(case, crate=crate, profile=profile, target=target)
    return found


def custom(names: Any) -> list[str]:
    """Those of the names that are not WASI's, without the version."""
    return sorted(name.partition("@")[0] for name in names if not name.startswith("wasi:"))


@pytest.mark.rust
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("profile", workspaces.PROFILES)
@pytest.mark.parametrize("target", workspaces.TARGETS)
def test_record_is_what_the_sources_give(target: str, profile: str, case: str) -> None:
    document = workspaces.recorded(case)
    recorded = {
        kind: [
            entry
            for entry in document.get(kind, ())
            if (entry["target"], entry["profile"]) == (target, profile)
        ]
        for kind in ("output", "component", "composition")
    }
    built = workspaces.record(case, target, profile)
    assert built["component"]
    if document["rustc"] != workspaces.rustc_version():
        # Another std brings other WASI imports, and splits and inlines otherwise: that is not this test's.
        built, recorded = (essentials(found) for found in (built, recorded))
    assert built == recorded, f"run scripts/record_fixtures.py {case}"


def essentials(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The record without what depends on the version of rustc."""
    return {
        kind: [
            {
                **{key: entry[key] for key in ("build", "crate", "exports", "export-functions")},
                "imports": custom(entry["imports"]),
            }
            for entry in found[kind]
        ]
        for kind in ("component", "composition")
    }


def test_there_are_enough_shapes() -> None:
    assert len(CASES) >= 14


@pytest.mark.parametrize("case", CASES)
def test_every_component_is_recorded_for_every_target_and_profile(case: str) -> None:
    crates = {
        manifest["package"]["name"]
        for _, manifest in manifests(case)
        if "cdylib" in manifest.get("lib", {}).get("crate-type", ())
    }
    assert crates
    for target in workspaces.TARGETS:
        for profile in workspaces.PROFILES:
            found = components(case, target=target, profile=profile)
            assert {entry["crate"] for entry in found} == crates
            assert {entry["build"] for entry in found} == {build["name"] for build in workspaces.builds(case)}


@pytest.mark.parametrize("case", CASES)
def test_every_case_has_a_lock_file_and_a_line_in_the_readme(case: str) -> None:
    assert (workspaces.WORKSPACES / case / "Cargo.lock").is_file()
    assert sum(line.startswith(f"| {case} |") for line in README.read_text().splitlines()) == 1


def test_no_two_workspaces_have_a_crate_of_one_name() -> None:
    # In the shared target folder cargo would take the one's cdylib for the other's.
    names = [manifest["package"]["name"] for case in CASES for _, manifest in manifests(case)]
    scheduler = workspaces.ROOT / "fixtures" / "scheduler"
    names += [
        tomllib.loads(path.read_text())["package"]["name"] for path in sorted(scheduler.glob("*/Cargo.toml"))
    ]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("case", CASES)
def test_all_workspaces_have_the_same_profiles(case: str) -> None:
    # Else std would be built again for one of them.
    profiles = tomllib.loads((workspaces.WORKSPACES / case / "Cargo.toml").read_text())["profile"]
    profiles["release"].pop("package", None)
    scheduler = (workspaces.ROOT / "fixtures" / "scheduler" / "Cargo.toml").read_text()
    assert profiles == tomllib.loads(scheduler)["profile"]


# What the records say, so that a case cannot lose what it is there for.


@pytest.mark.parametrize("profile", workspaces.PROFILES)
def test_of_the_own_world_only_what_is_called_stays(profile: str) -> None:
    found = component("single-crate", "tide-clock", profile)
    assert found["imports"]["harbor:tide-clock/gauge@0.1.0"] == ["level"]
    assert found["import-functions"] == ["beep"]
    assert set(custom(found["may-import"])) > {*custom(found["imports"]), "beep"}
    assert found["exports"] == {"history": ["since"]}


def test_debug_and_release_differ_where_an_optimizer_finds_out() -> None:
    debug, release = (
        set(custom(component("ways-to-call", "lift-cabin", profile)["imports"]))
        for profile in workspaces.PROFILES
    )
    assert release < debug
    assert {name.partition("/")[2] for name in debug - release} == {
        "constant-argument",
        "debug-assertion",
        "empty-loop",
        "impossible-condition",
    }


def test_a_section_of_a_crate_whose_import_is_not_called_changes_the_version() -> None:
    debug, release = (
        component("two-versions", "teller-patch-other-module", profile) for profile in workspaces.PROFILES
    )
    assert [name for name in debug["imports"] if name.startswith("bank:")] == ["bank:rates/table@0.2.1"]
    assert [name for name in release["imports"] if name.startswith("bank:")] == ["bank:rates/table@0.2.3"]


@pytest.mark.parametrize("profile", workspaces.PROFILES)
def test_sections_of_uncalled_libraries_give_no_import(profile: str) -> None:
    found = component("uncalled-library", "bakery", profile)
    assert custom(found["may-import"])
    assert custom(found["imports"]) == []


@pytest.mark.parametrize("profile", workspaces.PROFILES)
@pytest.mark.parametrize("target", workspaces.TARGETS)
def test_exports_of_linked_libraries_leak_and_keep_their_imports(target: str, profile: str) -> None:
    found = component("export-leak", "cinema-ticket", profile, target)
    assert custom(found["exports"]) == ["cinema:poster/wall", "cinema:seats/booking", "cinema:usher/aisle"]
    assert custom(found["imports"]) == ["cinema:poster/glue", "cinema:seats/ledger", "cinema:usher/torch"]
    assert found["export-functions"] == ["close", "sell"]


@pytest.mark.parametrize("profile", workspaces.PROFILES)
def test_features_of_crates_built_together_are_unified(profile: str) -> None:
    imports = {
        entry["build"]: custom(entry["imports"])
        for entry in components("features", crate="mail-quiet", target="wasm32-wasip1", profile=profile)
    }
    assert imports == {"off": [], "unified": ["post:transport/relay"]}


def test_cfg_of_the_target_and_of_the_profile_decide() -> None:
    imports = {
        (entry["target"], entry["profile"]): {name.partition("/")[2] for name in custom(entry["imports"])}
        for entry in components("cfg-modules")
    }
    assert imports == {
        ("wasm32-wasip1", "debug"): {"anemometer", "debug"},
        ("wasm32-wasip1", "release"): {"anemometer"},
        ("wasm32-wasip2", "debug"): {"anemometer", "debug", "second-preview"},
        ("wasm32-wasip2", "release"): {"anemometer", "second-preview"},
    }


def test_types_that_exports_need_are_imported_without_functions() -> None:
    for crate in ("pin-world", "pin-world-unneeded", "pin-export", "pin-borrowed-resource"):
        imports = component("world-use", crate, "release")["imports"]
        custom_imports = [functions for name, functions in imports.items() if name.startswith("geo:")]
        assert custom_imports
        assert all(functions == [] for functions in custom_imports)


@pytest.mark.parametrize("profile", workspaces.PROFILES)
def test_a_composition_imports_less_than_its_parts(profile: str) -> None:
    record = workspaces.recorded("composed")
    (composition,) = (
        entry
        for entry in record["composition"]
        if (entry["target"], entry["profile"]) == ("wasm32-wasip1", profile)
    )
    assert custom(composition["imports"]) == ["press:shop/ink", "press:shop/paper"]
