#!/usr/bin/env bash
# The smoke study on a one-node Slurm cluster: the bytes must be those of one machine.
#
#   tests/slurm/run.sh [FOLDER]      as root on Debian or Ubuntu; FOLDER (default .slurm) is emptied
#
# Installs slurm-wlm and munge, starts a cluster on loopback, and runs the study three times: on
# this machine, on the cluster, and on the cluster while a job is cancelled and the controller is
# killed. Exit status 0 only if all three left the same bytes. What happened is in FOLDER/log.txt.
set -euo pipefail

PROJECT="$(cd "$(dirname "$0")/../.." && pwd)"
FOLDER="$(realpath -m "${1:-$PROJECT/.slurm}")"
STUDY="${STUDY:-$PROJECT/config/smoke.yaml}"
export PATH="$PROJECT/.venv/bin:$PATH:/usr/sbin"
# Where every command looks: the plugin takes the variables of Slurm out of a job's environment.
CONF=/etc/slurm/slurm.conf
MINE="# Written by tests/slurm/run.sh of ednag"

say() { echo "[$(date +%T)] $*" | tee -a "$FOLDER/log.txt"; }

install() {
  command -v slurmctld >/dev/null && command -v munged >/dev/null ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge; }
  make -C "$PROJECT" environment
  pip install --quiet --requirement "$PROJECT/envs/cluster.lock"
}

start_cluster() {
  mkdir -p "$FOLDER/cluster/state" "$FOLDER/cluster/spool"
  local host memory
  host="$(hostname -s)"
  memory="$(awk '/MemTotal/ {print int($2 / 1024 * 0.8)}' /proc/meminfo)"
  if [ -e "$CONF" ] && ! grep -qxF "$MINE" "$CONF"; then
    echo "$CONF belongs to another cluster; run this on a machine that is in none" >&2
    exit 1
  fi
  mkdir -p "$(dirname "$CONF")"
  cat > "$CONF" <<CONF
$MINE
ClusterName=ednag
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$FOLDER/cluster/state
SlurmdSpoolDir=$FOLDER/cluster/spool
SlurmctldPidFile=$FOLDER/cluster/slurmctld.pid
SlurmdPidFile=$FOLDER/cluster/slurmd.pid
SlurmctldLogFile=$FOLDER/cluster/slurmctld.log
SlurmdLogFile=$FOLDER/cluster/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
MinJobAge=600
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  pgrep -x munged >/dev/null || { mkdir -p /run/munge && chown munge: /run/munge && runuser -u munge -- munged; }
  start_controller
  slurmd -c
  for _ in $(seq 30); do
    sinfo --noheader --format=%T 2>/dev/null | grep -q idle && return
    sleep 1
  done
  say "the node is not idle after 30 s; see $FOLDER/cluster/*.log"
  exit 1
}

start_controller() { slurmctld "$@"; }

stop_cluster() {
  for name in slurmd slurmctld; do
    [ -f "$FOLDER/cluster/$name.pid" ] && kill "$(cat "$FOLDER/cluster/$name.pid")" 2>/dev/null || true
  done
  rm -f "$CONF"
}

# study NAME ARGUMENTS...: the study in a folder of its own.
study() {
  local name="$1"
  shift
  mkdir -p "$FOLDER/$name"
  snakemake --snakefile "$PROJECT/Snakefile" --directory "$FOLDER/$name" --configfile "$STUDY" \
    "$@" > "$FOLDER/$name.log" 2>&1
}

# same NAME: results and figures are those of this machine's run. Run records tell of machines and
# times, and are judged by the audit instead.
same() {
  for part in results figures; do
    diff --recursive --brief --exclude=provenance "$FOLDER/local/$part" "$FOLDER/$1/$part" \
      | tee -a "$FOLDER/log.txt"
    [ "${PIPESTATUS[0]}" = 0 ]
  done
  (cd "$FOLDER/$1" && ednag audit) >> "$FOLDER/log.txt"
  say "$1: $(find "$FOLDER/$1/results" "$FOLDER/$1/figures" -type f -not -path '*/provenance/*' | wc -l)" \
    "files, the bytes of this machine's; the audit is sound"
}

# Cancels the first job that runs, then kills the controller and starts it again 10 s later.
disturb() {
  local job=""
  until [ -n "$job" ]; do
    job="$(squeue --noheader --states=RUNNING --format=%i 2>/dev/null | head -1)"
    sleep 0.5
  done
  sleep 2
  scancel "$job"
  say "cancelled job $job"
  sleep 20
  kill -9 "$(cat "$FOLDER/cluster/slurmctld.pid")"
  say "killed the controller"
  sleep 10
  start_controller
  say "started it again"
}

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
install
trap stop_cluster EXIT
start_cluster
say "one machine"
study local --cores all
say "the cluster of $(sinfo --noheader --format='%D node, %C cores (allocated/idle/other/total)')"
study cluster --profile "$PROJECT/profiles/slurm"
say "$(grep -c 'has been submitted with SLURM jobid' "$FOLDER/cluster.log") allocations for" \
  "$(grep -oE 'of [0-9]+ steps' "$FOLDER/cluster.log" | tail -1 | tr -dc 0-9) jobs"
same cluster
say "the cluster, disturbed"
disturb &
study disturbed --profile "$PROJECT/profiles/slurm"
wait $!
same disturbed
say "done"
