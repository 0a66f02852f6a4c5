# shellcheck shell=bash
# What the launchers share; sourced by them, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/.build/release/equipoise

# A message of the launcher's own.
say() { printf '%s\n' "$*" >&2; }

# Ends the script: fail CODE MESSAGE...
fail() {
  local code=$1
  shift
  say "${0##*/}: $*"
  exit "$code"
}

# The script's header comment is its help.
show_help() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

need_program() { [ -x "$program" ] || fail 2 "$program is not there; build it with launch/build"; }

# Seconds as minutes and seconds.
duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

# A folder of this script's own in TMPDIR, named after NAME: temporary_folder NAME. mpirun and its ranks need TMPDIR too: where
# it cannot be written to, there is no other.
temporary_folder() {
  mktemp -d "${TMPDIR:-/tmp}/equipoise-$1.XXXXXX" 2>/dev/null ||
    fail 6 "cannot make a folder in ${TMPDIR:-/tmp}; set TMPDIR to a folder that can be written to"
}

# Runs COMMAND, a launcher, and hands on the signals that this script gets: forwarding COMMAND...
forwarding() {
  local pid='' code=0 signal
  # A group of its own, so that Ctrl-C reaches it once.
  set -m
  for signal in INT TERM HUP USR1 USR2; do
    # shellcheck disable=SC2064  # the signal is this one
    trap "kill -s $signal \"\${pid:-\$!}\" 2>/dev/null || true" "$signal"
  done
  "$@" </dev/null &
  pid=$!
  set +m
  # A signal ends `wait` early; the status of what has ended stays to be asked for.
  while kill -0 "$pid" 2>/dev/null; do wait "$pid" || true; done
  wait "$pid" || code=$?
  trap - INT TERM HUP USR1 USR2
  return "$code"
}
