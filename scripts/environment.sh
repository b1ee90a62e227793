# shellcheck shell=bash
# Sourced by demo and test: an environment in .venv of this repository, installed from one hashed lock.
#
#   prepare LOCK    make .venv where there is none that works, install what is missing, or do nothing
#
# Works on bash 3.2 and later. Messages go to stderr. Exit codes: 1 the installation failed, 2 this machine or
# folder lacks something, 3 the package index cannot be reached. Nothing outside the repository is written,
# except to the caches of uv and pip.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
STAMP=$VENV/meshwright.stamp
LOG=$VENV/install.log
NEEDED_KB=$((2 * 1024 * 1024))
SUPPORTED='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.implementation.name != "cpython")'

# Foreign modules stay out; without byte code every start of mesh would take seconds longer.
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

say() { printf '%s\n' "$*" >&2; }

# stop CODE REASON [REMEDY...]
stop() {
  local code=$1 reason=$2 remedy
  shift 2
  say "error: $reason"
  for remedy in "$@"; do say "  next: $remedy"; done
  exit "$code"
}

has_uv() { uv --version >/dev/null 2>&1; }

check_folder() {
  if [ -e "$ROOT/platform/__init__.py" ]; then
    stop 2 "platform/__init__.py hides Python's own module platform; this folder must have none" \
      "rm $(printf %q "$ROOT/platform/__init__.py")"
  fi
  [ -w "$ROOT" ] || stop 2 "$ROOT cannot be written to; the environment and the data of the mesh live in it" \
    "copy the folder to a place that is yours and run the script there"
  if [ -e "$VENV" ] && [ ! -d "$VENV" ]; then
    stop 2 "$VENV is in the way: a file, where the environment has to be" "mv $(printf %q "$VENV") $(printf %q "$VENV.old")"
  fi
}

# Every Python that might do, best first. uv knows more than PATH does; nothing is downloaded.
candidates() {
  local name
  if [ -n "${PYTHON:-}" ]; then
    command -v -- "$PYTHON" || true
    return
  fi
  for name in python3.13 python3.12 python3.11 python3 python; do type -ap "$name" || true; done
  if has_uv; then uv python find --system --no-python-downloads '>=3.11,<3.14' 2>/dev/null || true; fi
}

# Sets PYTHON_FOUND. A name on PATH proves nothing (a version manager's shim may refuse to run): each is run.
find_python() {
  local path version others="" without_venv=""
  while IFS= read -r path; do
    case $path in "$VENV"/*) continue ;; esac
    if ! "$path" -I -c "$SUPPORTED" >/dev/null 2>&1; then
      version=$("$path" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue
      others="$others${others:+, }$path is $version"
    elif ! has_uv && ! "$path" -I -c 'import ensurepip, venv' >/dev/null 2>&1; then
      without_venv=$path
    else
      PYTHON_FOUND=$path
      return
    fi
  done < <(candidates)
  if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    stop 2 "$without_venv cannot make environments: its modules venv and ensurepip are missing" \
      "on Debian or Ubuntu: apt-get install python$version-venv" \
      "elsewhere: install uv, which needs neither, or a complete Python 3.11, 3.12 or 3.13"
  fi
  stop 2 "no CPython 3.11, 3.12 or 3.13${PYTHON:+ as $PYTHON, which the variable PYTHON asks for}${others:+ (found: $others)}" \
    "install one (Debian: apt-get install python3 python3-venv; with uv: uv python install 3.13)" \
    "or name one that is not on PATH: PYTHON=/path/to/python3.12 $0"
}

# An environment bears absolute paths: one that was moved, copied or outlived its Python is of no use.
healthy() {
  local probe='import os, sys, sysconfig
here = os.path.samefile(sys.prefix, sys.argv[1]) and sys.prefix != sys.base_prefix
sys.exit(not (here and os.path.isdir(sysconfig.get_path("purelib"))))'
  "$VENV/bin/python" -I -c "$SUPPORTED" >/dev/null 2>&1 &&
    "$VENV/bin/python" -I -c "$probe" "$VENV" >/dev/null 2>&1 &&
    grep -qF -- "$VENV" "$VENV/bin/activate" 2>/dev/null
}

make_venv() {
  find_python
  if [ -d "$VENV" ]; then
    if [ -n "$(ls -A "$VENV")" ] && [ ! -e "$VENV/pyvenv.cfg" ] && [ ! -d "$VENV/bin" ] && [ ! -d "$VENV/lib" ]; then
      stop 2 "$VENV is in the way: a folder that holds no Python environment" "mv $(printf %q "$VENV") $(printf %q "$VENV.old")"
    fi
    say "replacing .venv: it does not work here (moved, half made, or its Python is gone or another)"
    rm -rf -- "$VENV"
  fi
  say "making .venv with $("$PYTHON_FOUND" -V 2>&1) ($PYTHON_FOUND)"
  if has_uv; then
    uv venv --quiet --no-python-downloads --python "$PYTHON_FOUND" "$VENV" >&2
  else
    "$PYTHON_FOUND" -m venv "$VENV" >&2
  fi || stop 1 "$PYTHON_FOUND could not make $VENV" "choose another Python: PYTHON=/path/to/python3 $0"
}

check_space() {
  local free
  free=$(df -Pk -- "$ROOT" | awk 'NR == 2 { print $4 }')
  [ "${free:-0}" -ge "$NEEDED_KB" ] || stop 2 \
    "$((${free:-0} / 1024)) MB are free in $ROOT; the packages and the example mesh need $((NEEDED_KB / 1024)) MB" \
    "free some space, or copy the folder to a larger disk, and run the script again"
}

# pip prints a thousand lines, or none for minutes: every twentieth package is enough to see it live.
condense_pip() {
  local line fetched=0
  while IFS= read -r line; do
    case $line in
      "Collecting "*)
        fetched=$((fetched + 1))
        [ $((fetched % 20)) -ne 0 ] || say "  $fetched packages fetched"
        ;;
      "Installing collected packages"*) [ "$fetched" -lt 2 ] || say "  unpacking $fetched packages" ;;
      *ERROR* | *WARNING* | *rror:* | "    Expected sha"* | "     "*"Got "*) say "  $line" ;;
    esac
  done
}

condense_uv() { grep -vE '^ ([-+~]|Downloaded) ' >&2 || true; }

run_installer() {
  if has_uv; then
    uv pip install --python "$VENV/bin/python" "$@" 2>&1 | tee -a -- "$LOG" | condense_uv
  else
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 || "$VENV/bin/python" -m ensurepip >>"$LOG" 2>&1 ||
      stop 2 "there is neither uv nor pip in .venv" "rm -r $(printf %q "$VENV") and run the script again"
    PIP_USER=0 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 \
      "$VENV/bin/python" -m pip install --progress-bar off --no-input "$@" 2>&1 | tee -a -- "$LOG" | condense_pip
  fi
}

explain_failure() {
  local again="run the script again; it goes on where it stopped"
  if grep -qiE 'no space left|disk quota|os error 28' "$LOG"; then
    stop 2 "the disk filled up while packages were installed" "free some space, then $again"
  elif grep -qiE 'hashes? mismatch|do not match the hashes|digest mismatch' "$LOG"; then
    stop 1 "a package differs from the one that the lock names; nothing of it was installed" \
      "clear the installer's cache (uv cache clean, or pip cache purge), then $again"
  elif grep -qiE 'max retries|connection (error|broken|refused|reset|aborted|timed out)|timed? ?out|name resolution|dns error|error sending request|failed to fetch|newconnectionerror|proxyerror|sslerror|certificate|unreachable|connectivity|from versions: none' "$LOG"; then
    stop 3 "the package index cannot be reached" \
      "check the network (behind a proxy: HTTPS_PROXY; with a mirror: the configuration of pip or uv), then $again"
  fi
  stop 1 "the installation failed; all that was said is in $LOG" "mend what is named above, then $again"
}

install() {
  local lock=$1 tool=pip
  if has_uv; then tool=uv; fi
  say "installing the $(grep -cE '^[a-zA-Z0-9]' "$ROOT/$lock") packages of $lock with $tool (the first time takes minutes)"
  # The lock is whole, so nothing is left to resolve. What is unpacked on the way stays on the disk that was just measured.
  mkdir -p -- "$VENV/tmp" && : >"$LOG"
  export TMPDIR=$VENV/tmp
  run_installer --require-hashes --no-deps -r "$lock" || explain_failure
  run_installer --no-deps --no-build-isolation --editable "$ROOT" || explain_failure
  rm -rf -- "$VENV/tmp"
  unset TMPDIR
}

# Equal where nothing changed: the folder, the Python, the lock, what pyproject.toml declares, the packages there.
fingerprint() {
  local python=$VENV/bin/python
  printf '%s\n' "$ROOT"
  "$python" -V
  cksum "$1" pyproject.toml
  ls -- "$("$python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" | grep -v __pycache__ | cksum
}

installed() { [ -x "$VENV/bin/mesh" ] && [ "$(fingerprint "$1")" = "$(cat -- "$STAMP" 2>/dev/null)" ]; }

prepare() {
  local lock=$1
  cd -- "$ROOT" || exit 2
  check_folder
  # The lock for development holds the other one, pin for pin.
  if healthy && { installed "$lock" || installed requirements-dev.lock; }; then
    return
  fi
  trap 'say "interrupted; run the script again, it goes on where it stopped"; exit 130' INT
  check_space
  healthy || make_venv
  rm -f -- "$STAMP"
  install "$lock"
  fingerprint "$lock" >"$STAMP"
  trap - INT
}
