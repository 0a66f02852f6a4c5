# shellcheck shell=bash
# A cluster on this machine: nodes are network namespaces with host names of their own, joined by a switch. Sourced.
#
# Between nodes there is nothing but TCP; within one, ranks share memory as on a real one. Files are the same everywhere.
# Where there are as many cores as nodes, each node has its own.

# What this cluster's namespaces are called before -node1, -node2, ... and -switch; PREFIX.PID, so that what a killed
# script left can be told from what is in use.
cluster=equipoise.$$

# lay_nodes COUNT [RATE]: makes node1 ... with addresses 10.77.0.1 ..., each joined to the switch at RATE (as tc has
# it, such as 1gbit) both ways, or as fast as the kernel copies. Fails where the machine does not allow it.
lay_nodes() {
  local count=$1 rate=${2-} node name entry
  take_leftovers_away
  share_cores "$count"
  ip netns add "$cluster-switch" && ip -n "$cluster-switch" link add name switch type bridge &&
    ip -n "$cluster-switch" link set switch up || return
  for ((node = 1; node <= count; node++)); do
    name=$cluster-node$node
    ip netns add "$name" || return
    # One way to each other: an address of IPv6 is not good for use in its first second.
    enter "node$node"
    "${entry[@]}" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6' &&
      ip link add eth0 netns "$name" type veth peer name "port$node" netns "$cluster-switch" &&
      ip -n "$name" addr add "10.77.0.$node/24" dev eth0 &&
      ip -n "$name" link set lo up && ip -n "$name" link set eth0 up &&
      ip -n "$cluster-switch" link set "port$node" master switch up || return
    if [ -n "$rate" ]; then
      limit "$name" eth0 "$rate" && limit "$cluster-switch" "port$node" "$rate" || return
    fi
    mkdir -p "/etc/netns/$name" && node_names "$count" >"/etc/netns/$name/hosts" || return
  done
}

# The burst goes at the speed of memory: as little as holds a whole packet, which cut up would cost much of a core.
limit() { ip netns exec "$1" tc qdisc add dev "$2" root tbf rate "$3" burst 72kb latency 20ms; }

# /etc/hosts, as `ip netns exec` shows it to what runs there.
node_names() {
  local node
  echo '127.0.0.1 localhost'
  for ((node = 1; node <= $1; node++)); do echo "10.77.0.$node node$node"; done
}

# share_cores COUNT: sets node_cores, for each node (from 1) the cores it has; empty where there are too few.
share_cores() {
  local count=$1 node part first last cores=()
  node_cores=()
  for part in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr ',' ' '); do
    first=${part%-*} last=${part#*-}
    while ((first <= last)); do cores+=($((first++))); done
  done
  ((${#cores[@]} >= count)) || return 0
  for ((node = 1; node <= count; node++)); do
    first=$((${#cores[@]} * (node - 1) / count)) last=$((${#cores[@]} * node / count))
    node_cores[node]=$(IFS=,; echo "${cores[*]:first:last-first}")
  done
}

# enter NODE: what to put before a command that is to run there, as the array `entry`.
enter() {
  local cores=${node_cores[${1#node}]-}
  entry=(${cores:+taskset -c "$cores"} ip netns exec "$cluster-$1" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$1")
}

# write_agent FILE: what mpirun starts its daemons on other nodes with, in place of ssh, and like ssh without the caller's
# environment, but for TMPDIR: nodes of one name, of clusters side by side, must not make and remove the same folders there.
write_agent() {
  local node
  cat >"$1" <<AGENT
#!/bin/sh
node=\$1 pin=
shift
case \$node in
$(for node in "${!node_cores[@]}"; do echo "  node$node) pin='taskset -c ${node_cores[node]}' ;;"; done)
esac
exec env -i HOME="\$HOME" PATH="\$PATH" TMPDIR="\${TMPDIR:-/tmp}" \$pin ip netns exec "$cluster-\$node" unshare --uts sh -c 'hostname "\$0" && exec sh -c "\$*"' "\$node" "\$@"
AGENT
  chmod +x "$1"
}

# Ends whatever runs in the cluster and removes it.
take_nodes_away() { take_away "$cluster"; }

take_away() {
  local name ids id
  for name in /run/netns/"$1"-*; do
    name=${name##*/}
    # Until nothing is left: what was killed may have started something just before.
    while ids=$(ip netns pids "$name" 2>/dev/null) && [ -n "$ids" ]; do
      for id in $ids; do kill -s KILL "$id" 2>/dev/null || true; done
    done
    ip netns del "$name" 2>/dev/null || true
  done
  rm -rf /etc/netns/"$1"-*
}

# Of scripts that were killed.
take_leftovers_away() {
  local name pid
  for name in /run/netns/equipoise.*-switch; do
    pid=${name##*/equipoise.}
    pid=${pid%-switch}
    if [ -e "$name" ] && ! kill -0 "$pid" 2>/dev/null; then take_away "equipoise.$pid"; fi
  done
}
