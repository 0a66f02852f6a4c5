/// Scripts for the hosts of a run. Its processes are known by a word in their environment, EQUIPOISE_RUN.
enum RunScript {
  /// `$1`: the run's word, `$2`: a signal. Where rank 0 is, sends it to every rank there; fails elsewhere.
  ///
  /// What a rank has started itself is left to it.
  static let signal =
    ranks + """
      [ -n "$first" ] || exit 1
      code=1
      for pid in $ranks; do
        parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status" 2>/dev/null)
        case "$ranks " in *" $parent "*) continue ;; esac
        zero=
        if grep -qzsx OMPI_COMM_WORLD_RANK=0 "/proc/$pid/environ"; then zero=1; fi
        if kill -s "$2" "$pid" 2>/dev/null && [ -n "$zero" ]; then code=0; fi
      done
      exit $code

      """

  /// Sets `ranks` to the processes of ranks and of what these have started, and `first` where rank 0 is one of them.
  private static let ranks = """
    ranks= first=
    for file in $(grep -lzsx "EQUIPOISE_RUN=$1" /proc/[0-9]*/environ); do
      pid=${file#/proc/} pid=${pid%/environ}
      if grep -qzs '^OMPI_COMM_WORLD_RANK=' "$file"; then ranks="$ranks $pid"; fi
      if grep -qzsx OMPI_COMM_WORLD_RANK=0 "$file"; then first=1; fi
    done

    """

  /// `$1`: the run's word. Kills its ranks, gives mpirun five seconds to end and to remove what they shared, kills what is left,
  /// and waits until all are gone; fails where they do not go.
  static let reap = """
    tries=0
    while [ $tries -lt 200 ]; do
      left=
      for file in $(grep -lzsx "EQUIPOISE_RUN=$1" /proc/[0-9]*/environ); do
        pid=${file#/proc/} pid=${pid%/environ} left=1
        if [ $tries -ge 100 ] || grep -qzs '^OMPI_COMM_WORLD_RANK=' "$file"; then
          kill -s KILL "$pid" 2>/dev/null
        elif grep -q '^State:[^A-Za-z]*T' "/proc/$pid/status" 2>/dev/null; then
          kill -s CONT "$pid" 2>/dev/null
        fi
      done
      if [ -z "$left" ]; then exit 0; fi
      sleep 0.05
      tries=$((tries + 1))
    done
    exit 1

    """

  /// `$1`: the file in which rank 0 has left its code. Prints and removes it.
  static let takeCode = """
    cat "$1" 2>/dev/null
    rm -f "$1"

    """

  static let nothing = "exit 0\n"
}
