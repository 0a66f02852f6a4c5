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
