#!/bin/bash
# Two ranks in two network namespaces that a virtual cable joins: what two machines see of each other.
# Usage: namespaces_test.sh PATH/affekt-train. Exit code 77: namespaces may not be made here.
set -u
train=$1
a=affekt-a-$$ b=affekt-b-$$
folder=$(mktemp -d)
cleanup() {
  for space in $a $b; do
    for process in $(ip netns pids $space 2>/dev/null); do kill -9 "$process"; done
    ip netns del $space 2>/dev/null
  done
  rm -rf "$folder"
}
trap cleanup EXIT
fail() {
  echo "FAILED: $*"
  tail -n 5 "$folder"/err.* 2>/dev/null
  exit 1
}

command -v ip >/dev/null || { echo "skipped: no ip command (iproute2)"; exit 77; }
if ! { ip netns add $a && ip netns add $b && ip link add va-$$ netns $a type veth peer name vb-$$ netns $b; } 2>/dev/null; then
  echo "skipped: network namespaces may not be made here"
  exit 77
fi
ip -n $a address add 10.77.7.1/24 dev va-$$ && ip -n $a link set va-$$ up && ip -n $a link set lo up || fail "no cable"
ip -n $b address add 10.77.7.2/24 dev vb-$$ && ip -n $b link set vb-$$ up && ip -n $b link set lo up || fail "no cable"

awk 'BEGIN {
  srand(1); print "emotion,pixels,Usage"
  for (row = 0; row < 42; ++row) {
    line = row % 7 ","
    for (i = 0; i < 2304; ++i) line = line (i ? " " : "") int(rand() * 256)
    print line "," (row < 28 ? "Training" : "PublicTest")
  }
}' >"$folder/faces.csv"

# both NAME WORDS...: starts the two ranks with the words.
both() {
  local space rank
  for rank in 1 0; do
    [ $rank = 0 ] && space=$a || space=$b
    RANK=$rank WORLD_SIZE=2 MASTER_ADDR=10.77.7.1 MASTER_PORT=29500 ip netns exec $space "$train" \
      --threads 1 --data "$folder/faces.csv" --batch-size 7 --rank-timeout 4 "$@" >"$folder/out.$rank" 2>"$folder/err.$rank" &
    process[rank]=$!
  done
}
ended() { # ended RANK CODE
  wait "${process[$1]}"
  local code=$?
  [ $code = "$2" ] || fail "rank $1 ended with $code instead of $2"
}

both --epochs 2 --out "$folder/run"
ended 0 0
ended 1 0
grep -q '"ranks": 2' "$folder/run/summary.json" || fail "the summary does not know of two ranks"
[ ! -s "$folder/err.1" ] || fail "rank 1 was not silent"
echo "two namespaces: $(grep -c epoch "$folder/run/log.txt") lines of log, $(grep images/s "$folder/err.0" | tail -n 1)"

both --epochs 100000 --out "$folder/cut"
for _ in $(seq 300); do [ -e "$folder/cut/metrics.csv" ] && break; sleep 0.1; done
ip -n $b link set vb-$$ down # nobody says good-bye on a cable that is pulled
SECONDS=0
ended 0 1
ended 1 1
[ $SECONDS -le 10 ] || fail "the cable was missed after $SECONDS s"
grep -q "lost rank 1 of 2: silent for 4 s" "$folder/err.0" || fail "rank 0 does not say whom it lost"
grep -q "lost rank 0 of 2: silent for 4 s" "$folder/err.1" || fail "rank 1 does not say whom it lost"
echo "a pulled cable is missed within $SECONDS s"
