#!/usr/bin/env bash
# The steps of action.yml: `install` makes an environment with this checkout's wasmdoctor, `check` runs it.
#
# install: PYTHON, ACTION_FOLDER, RUNNER_TEMP   -> output `program`
# check:   WASMDOCTOR, INPUT_*                  -> outputs `sarif` and `exit-code`, annotations, the summary
set -euo pipefail

die() {
  printf '::error title=wasmdoctor::%s\n' "$1"
  exit 2
}

output() {
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

install() {
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or newer is needed, as \`python: python3.12\` or by actions/setup-python"
  local folder=${RUNNER_TEMP:?}/wasmdoctor
  "$PYTHON" -m venv "$folder" || die "no environment can be made with $PYTHON -m venv"
  local bin=$folder/bin
  [[ -d $bin ]] || bin=$folder/Scripts
  "$bin/python" -m pip install --quiet --disable-pip-version-check "$ACTION_FOLDER" ||
    die "pip could not install wasmdoctor"
  output program "$bin/wasmdoctor"
}

check() {
  local words=() paths=() line word
  # Words are split, not expanded: globs are wasmdoctor's, which knows `**` everywhere.
  set -f
  for word in $INPUT_HOST; do words+=(--host "$word"); done
  for word in $INPUT_HOST_FLAGS; do words+=(--host-flag "$word"); done
  [[ -z $INPUT_FAIL_ON ]] || words+=(--fail-on "$INPUT_FAIL_ON")
  [[ -z $INPUT_SINCE ]] || words+=(--since "$INPUT_SINCE")
  while IFS= read -r line; do [[ -z $line ]] || words+=("$line"); done <<<"$INPUT_ARGS"
  for word in $INPUT_PATHS; do paths+=("$word"); done
  set +f

  # Each file gets its report before standard output does.
  local summary
  summary=$(mktemp)
  if [[ -n $INPUT_SARIF ]]; then words+=(--format sarif --output "$INPUT_SARIF"); fi
  if [[ $INPUT_SUMMARY == true ]]; then words+=(--format markdown --output "$summary"); fi
  if [[ $INPUT_ANNOTATIONS == true ]]; then words+=(--format github); else words+=(--format text); fi

  local code=0
  "$WASMDOCTOR" check "${words[@]}" -- ${paths[@]+"${paths[@]}"} || code=$?
  [[ ! -s $summary ]] || cat "$summary" >>"$GITHUB_STEP_SUMMARY"
  rm -f "$summary"
  if [[ -n $INPUT_SARIF && -f $INPUT_SARIF ]]; then output sarif "$(realpath "$INPUT_SARIF")"; else output sarif ""; fi
  output exit-code "$code"
  exit "$code"
}

case ${1:-} in
  install) install ;;
  check) check ;;
  *) die "usage: action.sh install|check" ;;
esac
