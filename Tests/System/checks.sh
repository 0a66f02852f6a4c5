# shellcheck shell=bash
# Counting checks; sourced by the test scripts, never run.

passed=0
failed=0

# check NAME COMMAND...: prints ok or FAILED, and what COMMAND said where it failed. COMMAND runs in a shell of its own,
# where a failure in its midst does not end it: what has to hold is said by `same`, `differ` and `exit`.
check() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    if [ -n "$said" ]; then printf '%s\n' "$said" | tail -n 20 | sed 's/^/        /'; fi
  fi
}

# Prints the total, and ends the script.
report() {
  echo "$passed passed, $failed failed"
  exit $((failed > 0))
}

# Within a check: ends it where A is not B, or where it is: same WHAT A B, differ WHAT A B.
same() { [ "$2" = "$3" ] || { echo "$1: $2, not $3"; exit 1; }; }

differ() { [ "$2" != "$3" ] || { echo "$1: both are $2"; exit 1; }; }

# Within a check, awaits WHAT COMMAND...: until COMMAND succeeds, for `patience` seconds at most and while the process `pid`
# is there.
awaits() {
  local tries=0 newest
  until "${@:2}" >/dev/null 2>&1; do
    if ((++tries > 20 * patience)) || ! kill -0 "$pid" 2>/dev/null; then
      echo "never came to $1"
      # shellcheck disable=SC2012  # names of our own
      newest=$(ls -t "$work"/*.out 2>/dev/null | head -n 1)
      if [ -n "$newest" ]; then tail -n 8 "$newest"; fi
      exit 1
    fi
    sleep 0.05
  done
}

# Short steps for configs/debug.yaml.
# shellcheck disable=SC2034  # for the scripts that source this
tiny_networks=(--set model.generator.stacks=1 --set model.generator.depth=1 --set model.generator.features=8
  --set model.discriminator.depth=1 --set model.discriminator.features=8)

# processes_with environ|cmdline GREP-OPTION... PATTERN: those with an item of theirs that matches.
processes_with() {
  local file
  for file in $(grep -lzs "${@:2}" /proc/[0-9]*/"$1"); do
    file=${file%/*}
    # grep finds itself too, and has ended by now.
    if [ -e "$file" ]; then echo "${file#/proc/}"; fi
  done
}

# Kills whatever a check that failed has left running in `work`; twice, as a supervisor may begin again meanwhile.
kill_all() {
  local id again
  for again in 1 2; do
    for id in $(processes_with cmdline "run.directory=$work/"); do kill -s KILL "$id" 2>/dev/null || true; done
  done
}
