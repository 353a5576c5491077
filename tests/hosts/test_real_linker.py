"""The verdict is a real host's for components of real toolchains: no WD1xx error exactly when wasmtime resolves
every import. Hundreds that are made for the purpose: test_agreement.py."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from real_host import HOST, Host, assert_agree, errors

from wasmdoctor.catalog import Catalog


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_a_python_component(host: Host, python_component: Path, tmp_path: Path) -> None:
    """18 MB from a real toolchain: wasmtime and wasmdoctor refuse it for the same interfaces."""
    data = python_component.read_bytes()
    refusal = host.refusal(data)
    found = errors(tmp_path / "app.wasm", data, Catalog())
    assert [m for m in found if "shop:net/wasi-network@0.1.0" in m]
    assert re.search(r"imports instance `(shop:net/[a-z-]+@0\.1\.0)`", refusal)
    assert len(found) == 3


def test_a_javascript_component(js_component: Path, tmp_path: Path) -> None:
    """12 MB from another toolchain, which needs `-S http`: with it only the custom import is left."""
    data = js_component.read_bytes()
    found = errors(tmp_path / "app.wasm", data, Catalog())
    assert sorted(re.findall(r"`([a-z]+:[^`]+)`", " ".join(found))) == [
        "shop:net/price@0.1.0",
        "wasi:http/outgoing-handler@0.2.10",
        "wasi:http/types@0.2.10",
    ]
    with_http = errors(tmp_path / "app.wasm", data, Catalog(), "http")
    assert len(with_http) == 1
    host = Host(http=True)
    assert "imports instance `shop:net/price@0.1.0`" in host.refusal(data)


def test_the_committed_components(host: Host, tmp_path: Path) -> None:
    folder = Path(__file__).parent.parent.parent / "fixtures"
    catalog = Catalog()
    components = sorted(folder.rglob("*.wasm"))
    assert components
    for path in components:
        shutil.copy(path, tmp_path / path.name)
        assert_agree(host, catalog, tmp_path / path.name, path.read_bytes(), path.name)


def test_the_facts_about_the_host_are_of_this_major() -> None:
    """The installed wasmtime is judged as the newest line known, and the report says so."""
    view = Catalog().host(HOST)
    assert view.note or view.line.first <= HOST.partition("@")[2] <= view.line.last
    assert json.dumps(view.id)
