#!/usr/bin/env bash
# The guard can say no: a small tree that keeps to the doors passes, and each wrong line put into it fails with its name.
set -euo pipefail
guard=$(cd "$(dirname "$0")" && pwd)/include_arrows.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

plant() {
  rm -rf "$tree/include" "$tree/lib" "$tree/tools"
  mkdir -p "$tree"/include/affekt/{core,recommend,cluster} "$tree"/lib/{core,nn,train,eval,image,recommend,cellar} "$tree"/tools/common
  printf '#include <string>\n' >"$tree/include/affekt/core/a.h"
  printf '#include "affekt/core/a.h"\n' >"$tree/include/affekt/cluster/b.h"
  printf '#include "affekt/cluster/b.h"\n' >"$tree/lib/recommend/c.cpp"
  printf '#include <torch/types.h>\n#include "nn/d.h"\n' >"$tree/lib/train/d.cpp"
  printf '#include <opencv2/core.hpp>\n' >"$tree/lib/image/e.cpp"
  printf '// std::cout, exit(1), argv\n/* abort()\n printf("") */\nconst char* t = "exit(1) \\" // cout"; early_exit(x);\n' \
    >"$tree/lib/core/words.cpp"
  printf '#include <iostream>\n#include "affekt/core/a.h"\n#include "common/f.h"\n#include "core/json.h"\n' >"$tree/tools/f.cpp"
  printf '#include <CLI/CLI.hpp>\nint main(int argc, char** argv);\n' >"$tree/tools/common/f.h"
}

# expect_refusal FILE LINE TEXT: with LINE added to FILE the guard fails and its words contain TEXT.
expect_refusal() {
  plant
  printf '%s\n' "$2" >>"$tree/$1"
  local said
  if said=$("$guard" "$tree"); then
    echo "accepted in $1: $2"; failures=$((failures + 1))
  elif [[ $said != *"$3"* ]]; then
    printf 'in %s, %s: expected "%s" in:\n%s\n' "$1" "$2" "$3" "$said"; failures=$((failures + 1))
  fi
}

plant
"$guard" "$tree" || { echo "the clean tree was refused"; failures=1; }

expect_refusal include/affekt/core/a.h '#include "affekt/cluster/b.h"' 'no door leads from core to cluster'
expect_refusal include/affekt/cluster/b.h '#include "affekt/recommend/x.h"' 'no door leads from cluster to recommend'
expect_refusal lib/train/d.cpp '#include "affekt/eval/x.h"' 'no door leads from train to eval'
expect_refusal lib/eval/x.cpp '#include "train/x.h"' 'no door leads from eval to train'
expect_refusal lib/image/e.cpp '#include "nn/d.h"' 'no door leads from image to nn'
expect_refusal lib/nn/x.cpp '#include "affekt/image/x.h"' 'no door leads from nn to image'
expect_refusal lib/core/words.cpp '#include "../cluster/b.h"' 'write includes from the root'
expect_refusal lib/cellar/x.cpp '#include <string>' 'the room cellar is in no plan'
expect_refusal include/affekt/core/a.h '#include "core/secret.h"' 'a public header includes the private'
expect_refusal include/affekt/core/a.h '#include <nlohmann/json.hpp>' 'more than the standard library'
expect_refusal include/affekt/core/a.h '#include <torch/types.h>' 'more than the standard library'
expect_refusal lib/core/words.cpp '#include <torch/types.h>' 'outside libaffekt_learn'
expect_refusal lib/train/d.cpp '#  include <opencv2/core.hpp>' 'outside libaffekt_faces'
expect_refusal lib/recommend/c.cpp '#include <oneapi/dnnl/dnnl.hpp>' 'outside libaffekt_faces'
expect_refusal lib/recommend/c.cpp '#include <taglib/tag.h>' 'outside lib/recommend/taglib'
expect_refusal lib/core/words.cpp '#include <CLI/CLI.hpp>' 'CLI11 belongs to the tools'
expect_refusal lib/core/words.cpp '#include <iostream>' 'no standard streams'
expect_refusal lib/core/words.cpp 'std::cerr << "x";' 'no standard streams'
expect_refusal lib/core/words.cpp '  std::exit (1);' 'the library never exits'
expect_refusal lib/core/words.cpp 'int main(int argc, char** argv);' 'belong to the tools'
expect_refusal lib/core/words.cpp 'std::printf("x");' 'the library never prints'
expect_refusal tools/f.cpp '#include "nn/d.h"' 'a tool includes the private'

plant
printf '#include "affekt/core/ring.h"\n' >>"$tree/include/affekt/core/a.h"
printf '#include "affekt/core/a.h"\n' >"$tree/include/affekt/core/ring.h"
if said=$("$guard" "$tree"); then echo "a ring of headers was accepted"; failures=$((failures + 1)); fi
[[ $said == *"leads back to it"* ]] || { echo "a ring of headers: $said"; failures=$((failures + 1)); }

[ "$failures" -eq 0 ] && echo "include_arrows_test: every wrong line was found"
exit "$((failures > 0))"
