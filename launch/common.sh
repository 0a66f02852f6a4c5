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

# mpirun for RANKS ranks of THREADS threads on this machine, as the array `mpirun`.
# Ranks that fill the machine are bound to their cores. Others are not: mpirun would give every run the same first ones.
mpirun_command() {
  local ranks=$1 threads=$2 cores
  cores=$(nproc)
  mpirun=(mpirun -q -n "$ranks")
  if ((ranks * threads == cores)) && [ "$cores" = "$(nproc --all)" ]; then
    mpirun+=(--use-hwthread-cpus --map-by "slot:PE=$threads" --bind-to hwthread)
  else
    mpirun+=(--oversubscribe --bind-to none)
  fi
}

# The ranks that mpirun PID started on this machine, among other children that lead to other machines.
ranks_of() {
  local file line fields
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    read -ra fields <<<"${line##*) }"
    if [ "${fields[1]}" = "$1" ] && grep -qzs '^OMPI_COMM_WORLD_RANK=' "${file%/stat}/environ"; then
      line=${file%/stat}
      echo "${line#/proc/}"
    fi
  done
}

# Hands SIGNAL to every rank here under mpirun PID, or to mpirun where there is none; when asked to end once more, INT,
# which ends a rank at once. What one rank is asked, all do.
# mpirun itself answers INT and TERM by dropping the ranks' output and killing them a second or two later; told
# directly, they take the time they need to save, and INT stays INT.
forward() {
  local signal=$1 pid=$2 targets
  mapfile -t targets < <(ranks_of "$pid")
  local first=''
  if [[ $signal = INT || $signal = TERM ]]; then
    if [ -n "$ending" ]; then signal=INT; else first=1; fi
  fi
  if ((${#targets[@]} == 0)) && [ -n "${first_host-}" ]; then
    on "$first_host" "$(signal_script "$signal")" || kill -s "$signal" "$pid" 2>/dev/null || true
  elif ((${#targets[@]} == 0)); then
    kill -s "$signal" "$pid" 2>/dev/null || true
  else
    kill -s "$signal" "${targets[@]}" 2>/dev/null || true
  fi
  case $signal in
    INT) ending=130 ;;
    TERM) ending=143 ;;
  esac
  if [ -n "$first" ]; then say "stopping when the step is done and saved; once more ends it at once" || true; fi
}

# A script that hands SIGNAL to rank 0 of this run, on the machine where it runs; it fails where there is none.
signal_script() {
  cat <<SCRIPT
code=1
for file in \$(grep -lzsx "EQUIPOISE_EXIT_FILE=$EQUIPOISE_EXIT_FILE" /proc/[0-9]*/environ); do
  if grep -qzsx OMPI_COMM_WORLD_RANK=0 "\$file"; then
    pid=\${file#/proc/}
    kill -s $1 "\${pid%/environ}" && code=0
  fi
done
exit \$code
SCRIPT
}

# Runs COMMAND on RANKS ranks of THREADS threads on this machine, as run_mpirun does: run_ranks RANKS THREADS COMMAND...
run_ranks() {
  local mpirun
  mpirun_command "$1" "$2"
  run_mpirun "${@:3}"
}

# Runs COMMAND under the array `mpirun` and returns the code that rank 0 left in the file named by EQUIPOISE_EXIT_FILE, or
# mpirun's where it left none: run_mpirun COMMAND...
# Where rank 0 is on another machine, `first_host` is that machine, and `on MACHINE SCRIPT` runs scripts there.
# mpirun stands between its ranks and the terminal, so EQUIPOISE_TERMINAL says whether standard error is one (1 or 0).
run_mpirun() {
  local pid='' ending='' code=0 left=''
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  EQUIPOISE_EXIT_FILE=$(mktemp "${TMPDIR:-/tmp}/equipoise-exit.XXXXXX")
  EQUIPOISE_TERMINAL=0
  if [ -t 2 ]; then EQUIPOISE_TERMINAL=1; fi
  export EQUIPOISE_EXIT_FILE EQUIPOISE_TERMINAL

  # A group of its own, so that Ctrl-C reaches the ranks through `forward` only.
  set -m
  # The reader of this output may end with Ctrl-C before the ranks have been told.
  trap '' PIPE
  trap 'forward INT "${pid:-$!}"' INT
  trap 'forward TERM "${pid:-$!}"' TERM HUP
  trap 'forward USR1 "${pid:-$!}"' USR1
  trap 'forward USR2 "${pid:-$!}"' USR2
  "${mpirun[@]}" -x EQUIPOISE_EXIT_FILE -x EQUIPOISE_TERMINAL "$@" </dev/null &
  pid=$!
  set +m
  # A signal ends `wait` early; the status of what has ended stays to be asked for.
  while kill -0 "$pid" 2>/dev/null; do wait "$pid" || true; done
  wait "$pid" || code=$?
  trap - INT TERM HUP USR1 USR2 PIPE

  if [ -n "${first_host-}" ]; then
    left=$(on "$first_host" "cat '$EQUIPOISE_EXIT_FILE'; rm -f '$EQUIPOISE_EXIT_FILE'" 2>/dev/null) || true
  else
    read -r left <"$EQUIPOISE_EXIT_FILE" || true
  fi
  rm -f "$EQUIPOISE_EXIT_FILE"
  unset EQUIPOISE_EXIT_FILE EQUIPOISE_TERMINAL
  if [[ $left =~ ^[0-9]{1,3}$ ]]; then
    if ((left == 0 && code != 0)); then say "rank 0 ended well, but mpirun ended with $code"; fi
    return "$left"
  fi
  if [ -n "$ending" ]; then return "$ending"; fi
  if ((code > 128)); then
    say "mpirun ended with $code: a rank was stopped by $(kill -l $((code - 128)) 2>/dev/null || echo a signal)"
  elif ((code != 0 && code != 9)); then
    # 9: a rank that gave up on rank 0 has said so.
    say "mpirun ended with $code and rank 0 left no code; without -q it says more: ${mpirun[*]} $*"
  fi
  return "$code"
}
