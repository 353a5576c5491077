"""From the crate in a symbol to the package of the workspace or of Cargo.lock."""

from __future__ import annotations

from wasmdoctor.model.cargo import CrateId, Lock, LockedPackage
from wasmdoctor.model.source import Location
from wasmdoctor.readers.symbols import (
    Owner,
    crates_in,
    in_std,
    known_packages,
    packages_of,
    read_symbol,
    version_in_path,
)

REGISTRY = "registry+index"
SHOP = CrateId("shop-core", "0.1.0", "path+/home/shop/core")
OLD, NEW = CrateId("wasi", "0.11.1", REGISTRY), CrateId("wasi", "0.14.4", REGISTRY)
MAP = CrateId("hashbrown", "0.15.2", REGISTRY)


def test_dashes_and_names_that_the_manifest_gives() -> None:
    found = packages_of(
        [("shop_core", ""), ("money", ""), ("nobody", "")],
        {"shop_core": [SHOP], "money": [CrateId("rusty-money", "1.0.0", REGISTRY)]},
    )
    assert found["shop_core", ""].package == SHOP
    assert str(found["money", ""].package) == "rusty-money 1.0.0"
    assert found["nobody", ""] == Owner()
    assert not found["nobody", ""].certain


def test_the_crates_of_rust_are_std_whatever_the_lock_says() -> None:
    crates = [("core", "1"), ("alloc", "2"), ("std", "3"), ("compiler_builtins", "4"), ("__rustc", "5")]
    assert set(packages_of(crates, {"core": [SHOP]}).values()) == {Owner(std=True)}


def test_a_crate_that_std_copies_may_be_either() -> None:
    copies = packages_of([("hashbrown", "a"), ("dlmalloc", "b")], {"hashbrown": [MAP]})
    assert copies["hashbrown", "a"] == Owner((MAP,), std=True)
    assert copies["hashbrown", "a"].package is None
    assert copies["dlmalloc", "b"] == Owner(std=True)


def test_places_tell_versions_apart_and_the_last_is_what_is_left() -> None:
    crates = [("wasi", "a"), ("wasi", "b")]
    known = {"wasi": [OLD, NEW]}
    assert not any(owner.certain for owner in packages_of(crates, known).values())
    found = packages_of(
        crates,
        known,
        {
            ("wasi", "a"): ["/home/me/.cargo/registry/src/index-1/wasi-0.14.4/src/lib.rs"],
            ("wasi", "b"): ["library/vendor/x.rs", "/rustc/0123456789abcdef/library/std/src/lib.rs"],
        },
    )
    assert found["wasi", "a"].package == NEW
    assert found["wasi", "b"] == Owner(std=True)
    twice = packages_of([*crates, ("wasi", "c")], known, {("wasi", "a"): ["x/wasi-0.14.4/src/lib.rs"], ("wasi", "b"): ["/rustc/0123456789/library/vendor/wasi/l.rs"]})  # fmt: skip
    assert twice["wasi", "c"].package == OLD


def test_a_version_that_the_lock_does_not_have_is_stds() -> None:
    """As with ``-Zbuild-std``, where std's own dependencies stand in the registry's folder too."""
    place = {("wasi", "a"): ["/registry/wasi-0.14.7+wasi-0.2.4/src/lib.rs"]}
    assert packages_of([("wasi", "a")], {"wasi": [OLD, NEW]}, place) == {("wasi", "a"): Owner(std=True)}


def test_a_place_inside_a_path_package() -> None:
    other = CrateId("shop-core", "0.2.0", "path+/home/other")
    found = packages_of(
        [("shop_core", "a")],
        {"shop_core": [SHOP, other]},
        {("shop_core", "a"): ["/home/other/src/lib.rs"]},
    )
    assert found["shop_core", "a"].package == other


def test_versions_in_paths() -> None:
    folder = "/root/.cargo/registry/src/index-1949cf8c6b5b557f"
    assert version_in_path(f"{folder}/wasi-0.14.4+wasi-0.2.4/src/lib.rs", "wasi") == "0.14.4+wasi-0.2.4"
    assert version_in_path(f"{folder}/rustc-demangle-0.1.27/src/lib.rs", "rustc-demangle") == "0.1.27"
    assert version_in_path("C:\\registry\\wasi-1.0.0-rc.1\\src\\lib.rs", "wasi") == "1.0.0-rc.1"
    assert version_in_path(f"{folder}/wasi-http-0.1.0/src/lib.rs", "wasi") is None
    assert version_in_path("wasi-0.1.0", "wasi") is None


def test_places_of_std() -> None:
    assert in_std("/rustc/48a426eca9df23b24b3559e545cf88dee61d4de9/library/core/src/fmt/mod.rs")
    assert in_std("/usr/lib/rustlib/src/rust/library/std/src/io/mod.rs")
    assert in_std("library/alloc/src/vec/mod.rs")
    assert not in_std("/home/shop/library/src/lib.rs")


def test_what_a_lock_knows() -> None:
    here = Location("Cargo.lock", 1)
    lock = Lock(
        "Cargo.lock",
        4,
        (
            LockedPackage("shop-core", "0.1.0", "", here),
            LockedPackage("wasi", "0.11.1", REGISTRY, here),
            LockedPackage("wasi", "0.14.4", REGISTRY, here),
        ),
    )
    known = known_packages(lock=lock)
    assert [str(package) for package in known["wasi"]] == ["wasi 0.11.1", "wasi 0.14.4"]
    assert [str(package) for package in known["shop_core"]] == ["shop-core 0.1.0"]


def test_crates_in_symbols() -> None:
    names = [
        "_RNvCs6DXkGYLi8lr_4shop1f",
        "_RNvCs6DXkGYLi8lr_4shop1g",
        "main.main",
        "_RNvCs6DXkGYLi8ls_4shop1f",
    ]
    assert [crate for crate, _ in crates_in(map(read_symbol, names))] == ["shop", "shop"]
