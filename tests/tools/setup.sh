#!/usr/bin/env bash
# Installs what the tests marked `rust` need to build components from Rust, and prints what is there.
#
#   - a Rust that can build for wasm32-wasip1 and wasm32-wasip2: rustup's when it has both targets, else
#     Debian's packages, which bring the sources of std
#   - wasm-component-ld, the linker for wasm32-wasip2, wac, which composes components, and wit-bindgen, whose
#     generated code is compared with ours
#   - clang, for a component made of C, and rustfmt, for Rust that is generated
#   - the adapter that makes a component of a preview1 module
#   - published crates that carry WIT, for the tests of the WIT reader
#   - older releases of wasmtime for Python, whose linkers the tests ask
#   - what judges the outputs for CI systems: a SARIF validator, schemas of JUnit XML and of CI configurations
#   - Chromium, for the tests that look at pages in a browser
#
# It looks before it installs, so that a second run takes a second. What is not a Debian package goes to
# ${WASMDOCTOR_TOOLS:-~/.cache/wasmdoctor-tools}. Any failure ends it with a message and a code other than 0.
set -euo pipefail

readonly DEBIAN_PACKAGES=(rustc-web cargo-web rust-web-src lld-19 wasi-libc clang-19 libclang-rt-19-dev-wasm32)
readonly LINKER_VERSION=0.5.31
readonly WAC_VERSION=0.12.0
readonly WIT_BINDGEN_VERSION=0.48.1
# The first that can link components, the last with WASI 0.2.6, and the first with 0.2.12.
readonly WASMTIME_VERSIONS=(39.0.0 45.0.0 46.0.1)
readonly SARIF_MULTITOOL_VERSION=5.7.0
readonly CHECK_JSONSCHEMA_VERSION=0.39.0
readonly XMLSCHEMA_VERSION=4.3.2
readonly JUNIT_SCHEMA_FROM=8.4.2 # the source distribution of pytest, which carries Jenkins's schema

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export WASMDOCTOR_TOOLS=${WASMDOCTOR_TOOLS:-${HOME:?HOME is not set}/.cache/wasmdoctor-tools}

die() {
  printf 'setup.sh: %s\n' "$@" >&2
  exit 1
}

show() {
  printf '%-20s %s\n' "$1" "$2"
}

as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo -n "$@"; fi
}

rustup_has_both_targets() {
  local sysroot target
  sysroot=$(rustc --print sysroot 2>/dev/null) || return 1
  for target in wasm32-wasip1 wasm32-wasip2; do
    compgen -G "$sysroot/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null || return 1
  done
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs the Debian packages that are missing.
install_debian_packages() {
  local name missing=()
  command -v apt-get >/dev/null || die "rustc has no std for wasm32-wasip1 and wasm32-wasip2, and there is no apt-get" \
    "run: rustup target add wasm32-wasip1 wasm32-wasip2"
  for name in "${DEBIAN_PACKAGES[@]}"; do
    is_installed "$name" || missing+=("$name")
  done
  if ((${#missing[@]})); then
    as_root apt-get update -q || die "apt-get update failed (as root, or with sudo that asks for no password)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" ||
      die "apt-get could not install: ${missing[*]}"
  fi
  for name in "${DEBIAN_PACKAGES[@]}"; do
    is_installed "$name" || die "$name is still not installed"
    show "$name" "$(dpkg-query -W -f '${Version}' "$name")"
  done
}

# What formats the Rust that is generated: rustup's, or the one that belongs to Debian's rustc.
install_rustfmt() {
  if ! rustfmt --version >/dev/null 2>&1; then
    command -v apt-get >/dev/null || die "there is no rustfmt, and no apt-get" "run: rustup component add rustfmt"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends rustfmt-web ||
      die "apt-get could not install rustfmt-web"
  fi
  show rustfmt "$(rustfmt --version)"
}

# The version that a program in our own folder says it has, or nothing.
version_of() {
  "$WASMDOCTOR_TOOLS/bin/$1" --version 2>/dev/null || true
}

# Builds a program from a crate, unless that version of it is there: PROGRAM CRATE VERSION.
install_program() {
  local program=$1 crate=$2 version=$3
  if [[ $(version_of "$program") != *" $version"* ]]; then
    cargo install --locked --force --root "$WASMDOCTOR_TOOLS" "$crate" --version "$version" ||
      die "cargo could not install $crate $version"
  fi
  [[ $(version_of "$program") == *" $version"* ]] || die "$program $version does not run"
  show "$program" "$version ($WASMDOCTOR_TOOLS/bin/$program)"
}

# Fetches the crates whose WIT the tests of the WIT reader compare with wasm-tools.
fetch_corpus() {
  local folder=$WASMDOCTOR_TOOLS/corpus
  if ! cmp -s "$root/tests/tools/corpus/Cargo.toml" "$folder/Cargo.toml" || [[ ! -f $folder/.complete ]]; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$root"/tests/tools/corpus/* "$folder/"
    (cd "$folder" && cargo vendor --quiet vendor >/dev/null) || die "cargo could not fetch the WIT corpus"
    touch "$folder/.complete"
  fi
  show "WIT corpus" "$(find "$folder/vendor" -name '*.wit' | wc -l) files ($folder/vendor)"
}

# What judges SARIF, JUnit XML, action.yml and the examples of docs/ci.md, each the real one.
install_output_judges() {
  local folder=$WASMDOCTOR_TOOLS/outputs
  local versions="$SARIF_MULTITOOL_VERSION $CHECK_JSONSCHEMA_VERSION $XMLSCHEMA_VERSION $JUNIT_SCHEMA_FROM"
  if [[ $(cat "$folder/.complete" 2>/dev/null) != "$versions" ]]; then
    rm -rf "$folder"
    mkdir -p "$folder/sdist"
    npm install --silent --no-audit --no-fund --no-save --prefix "$folder" \
      "@microsoft/sarif-multitool-linux@$SARIF_MULTITOOL_VERSION" >/dev/null ||
      die "npm could not install the SARIF multitool"
    chmod +x "$folder/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    python3 -m venv "$folder/venv" || die "python3 -m venv does not work"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
      "check-jsonschema==$CHECK_JSONSCHEMA_VERSION" "xmlschema==$XMLSCHEMA_VERSION" ||
      die "pip could not install check-jsonschema and xmlschema"
    "$folder/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
      --dest "$folder/sdist" "pytest==$JUNIT_SCHEMA_FROM" || die "pip could not fetch the schema of JUnit XML"
    tar -xzf "$folder/sdist/pytest-$JUNIT_SCHEMA_FROM.tar.gz" -C "$folder" --strip-components=3 \
      "pytest-$JUNIT_SCHEMA_FROM/testing/example_scripts/junit-10.xsd" || die "pytest carries no junit-10.xsd"
    printf '%s' "$versions" >"$folder/.complete"
  fi
  show "SARIF multitool" "$SARIF_MULTITOOL_VERSION ($folder)"
}

# wasmtime for Python, each version in a venv of its own: wasmtime-<major>.
install_wasmtimes() {
  local version folder
  for version in "${WASMTIME_VERSIONS[@]}"; do
    folder=$WASMDOCTOR_TOOLS/wasmtime-${version%%.*}
    if [[ $(cat "$folder/.complete" 2>/dev/null) != "$version" ]]; then
      rm -rf "$folder"
      python3 -m venv "$folder" || die "python3 -m venv does not work"
      "$folder/bin/pip" install --quiet --disable-pip-version-check "wasmtime==$version" ||
        die "pip could not install wasmtime $version"
      printf '%s' "$version" >"$folder/.complete"
    fi
    "$folder/bin/python" -c 'from wasmtime import component; component.Linker.add_wasip2' ||
      die "wasmtime $version does not run"
    show "wasmtime" "$version ($folder)"
  done
}

# A browser for the tests of the pages, which are marked `browser`.
install_chromium() {
  if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
    command -v apt-get >/dev/null || die "there is no chromium, and no apt-get"
    as_root apt-get update -q || die "apt-get update failed (as root, or with sudo that asks for no password)"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium ||
      die "apt-get could not install chromium"
  fi
  show chromium "$("$(command -v chromium || command -v google-chrome)" --version 2>/dev/null)"
}

main() {
  mkdir -p "$WASMDOCTOR_TOOLS" || die "cannot make the folder $WASMDOCTOR_TOOLS"
  if rustup_has_both_targets; then
    show rustc "$(rustc --version), with std for wasm32-wasip1 and wasm32-wasip2"
  else
    install_debian_packages
    # Debian's cargo and rustc, whatever else comes first on PATH.
    export PATH=/usr/bin:$PATH
    show rustc "$(rustc --version)"
  fi
  install_rustfmt
  install_program wasm-component-ld wasm-component-ld "$LINKER_VERSION"
  install_program wac wac-cli "$WAC_VERSION"
  install_program wit-bindgen wit-bindgen-cli "$WIT_BINDGEN_VERSION"
  fetch_corpus
  install_output_judges
  install_wasmtimes
  install_chromium
  show adapter "$("$root/fixtures/scheduler/build.sh" --adapter)"
}

main "$@"
