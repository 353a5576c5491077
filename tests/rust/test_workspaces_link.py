"""Every release component of fixtures/workspaces: wasmdoctor refuses exactly those that wasmtime refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_host import Host, assert_agree
from rust import workspaces

from wasmdoctor.catalog import Catalog

pytestmark = pytest.mark.rust


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


@pytest.mark.parametrize("target", workspaces.TARGETS)
def test_the_verdict_is_wasmtimes(target: str, host: Host, tmp_path: Path) -> None:
    catalog = Catalog()
    linked = 0
    seen = 0
    for case in workspaces.cases():
        for component in workspaces.build(case, target, "release"):
            path = tmp_path / f"{case}-{component.path.name}"
            linked += assert_agree(host, catalog, path, component.path.read_bytes(), str(component.path))
            seen += 1
    print(f"\n{target}: {seen} components, {linked} link")
    assert seen >= 30
    assert 0 < linked < seen
