#!/usr/bin/env bash
# include_arrows.sh ROOT: the rooms' doors, checked in the sources of ROOT/include/affekt and ROOT/lib, and that ROOT/tools
# comes in by the public headers (and core/json.h and run/summary_json.h, which may not be such).
# Prints every line that goes through a wall, and fails if there is one. Needs bash and awk only.
set -euo pipefail
root=${1:?include_arrows.sh ROOT}
cd "$root"
mapfile -t files < <(find include/affekt lib $([ -d tools ] && echo tools) -type f \( -name '*.h' -o -name '*.cpp' \) | LC_ALL=C sort)
if [ "${#files[@]}" -eq 0 ]; then
  echo "include_arrows: no sources below $root" >&2
  exit 2
fi

awk '
function doors(room, list,    names, n, i) {
  n = split(list, names, " ")
  known[room] = 1
  may[room, room] = 1
  for (i = 1; i <= n; i++) may[room, names[i]] = 1
}
function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what; bad++ }
# The line without comments and without the insides of texts, so that words in them are free. Block comments carry over.
function code_of(line,    out, c, two, quote) {
  out = ""
  while (line != "") {
    two = substr(line, 1, 2); c = substr(line, 1, 1)
    if (in_comment) {
      if (two == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
    } else if (two == "//") {
      break
    } else if (two == "/*") {
      in_comment = 1; line = substr(line, 3)
    } else if (c == "\"") {
      quote = match(substr(line, 2), /^([^"\\]|\\.)*"/)
      out = out "\"\""
      line = quote ? substr(line, 2 + RLENGTH) : ""
    } else {
      out = out c; line = substr(line, 2)
    }
  }
  return out
}
BEGIN {
  core = "core data faces run model metrics eval music cluster recommend report"
  doors("core", "")
  doors("data", "core")
  doors("faces", "data core")
  doors("run", "data core")
  doors("model", "run data core")
  doors("metrics", "data model core")
  doors("eval", "metrics data model core")
  doors("music", "data model core")
  doors("cluster", "music metrics data model core")
  doors("recommend", "cluster music metrics data model core")
  doors("report", core)
  doors("image", core)
  doors("infer", core)
  doors("predict", "infer image " core)
  doors("video", "predict infer image " core)
  doors("nn", core)
  beside_eval = core
  sub(/ eval/, "", beside_eval)   # training judges its own network
  doors("train", "nn " beside_eval)
  split(core, names, " ")
  for (i in names) library[names[i]] = "core"
  library["image"] = library["infer"] = library["predict"] = library["video"] = "faces"
  library["nn"] = library["train"] = "learn"
  silencer = "lib/image/imgcodecs/imgcodecs.cpp"   # keeps what OpenCV writes off the standard streams
}
FNR == 1 {
  in_comment = 0
  public = FILENAME ~ /^include\//
  tool = FILENAME ~ /^tools\//
  split(FILENAME, part, "/")
  room = public ? part[3] : part[2]
  inner = FILENAME
  sub(/^include\/|^lib\//, "", inner)   # as it is written in an #include
  if (!tool && !(room in known)) { printf "%s: the room %s is in no plan\n", FILENAME, room; bad++ }
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
  target = $0
  sub(/^[^"]*"/, "", target); sub(/".*/, "", target)
  if (tool) {
    if (target !~ /^affekt\// && target !~ /^(core\/json|run\/summary_json)\.h$/ && (getline first < ("tools/" target)) < 0)
      complain("a tool includes the private " target)
    close("tools/" target)
    next
  }
  to = target
  sub(/^affekt\//, "", to); sub(/\/.*/, "", to)
  if (target !~ /\// || target ~ /^\.\.?\//) {
    complain("write includes from the root of include/ or lib/, not " target)
  } else if (!(to in known)) {
    complain("the room of " target " is in no plan")
  } else if (!((room, to) in may)) {
    complain("no door leads from " room " to " to " (" target ")")
  }
  if (public && target !~ /^affekt\//) complain("a public header includes the private " target)
  arrow[inner] = arrow[inner] " " target
  next
}
tool { next }
/^[ \t]*#[ \t]*include[ \t]*</ {
  target = $0
  sub(/^[^<]*</, "", target); sub(/>.*/, "", target)
  if (public && (target ~ /\// || target ~ /\./) && target !~ /^(stdint|stddef)\.h$/)
    complain("a public header includes more than the standard library: " target)
  heavy = target ~ /^(torch|ATen|c10|caffe2)\// ? "torch" : \
          target ~ /^opencv2\// ? "opencv" : target ~ /^(oneapi\/)?dnnl/ ? "dnnl" : ""
  if (target ~ /^hdf5/ && (room != "nn" || public)) complain(target " outside lib/nn")
  if (heavy == "torch" && library[room] != "learn") complain(target " outside libaffekt_learn")
  if ((heavy == "opencv" || heavy == "dnnl") && library[room] != "faces") complain(target " outside libaffekt_faces")
  if (target ~ /^taglib\// && FILENAME !~ /^lib\/recommend\/taglib\//) complain(target " outside lib/recommend/taglib")
  if (target ~ /^CLI\// || target == "CLI11.hpp") complain("CLI11 belongs to the tools")
  if (target == "iostream" && FILENAME != silencer) complain("the library has no standard streams (" target ")")
  next
}
{
  line = code_of($0)
  if (line ~ /(^|[^A-Za-z0-9_])(cout|cerr|clog|cin)([^A-Za-z0-9_]|$)/ && FILENAME != silencer)
    complain("the library has no standard streams")
  if (line ~ /(^|[^A-Za-z0-9_])(stdout|stderr|stdin)([^A-Za-z0-9_]|$)/) complain("the library has no standard streams")
  if (line ~ /(^|[^A-Za-z0-9_])(printf|puts|putchar|perror|vprintf)[ \t]*\(/) complain("the library never prints")
  if (line ~ /(^|[^A-Za-z0-9_])(exit|_exit|_Exit|quick_exit|abort|terminate)[ \t]*\(/) complain("the library never exits")
  if (line ~ /(^|[^A-Za-z0-9_])(argv|argc)([^A-Za-z0-9_]|$)/) complain("arguments of the command line belong to the tools")
}
# Headers that include one another in a ring.
function visit(file,    targets, n, i) {
  state[file] = 1
  n = split(arrow[file], targets, " ")
  for (i = 1; i <= n; i++) {
    if (!(targets[i] in arrow)) continue
    if (!(targets[i] in state)) visit(targets[i])
    else if (state[targets[i]] == 1) { printf "%s: includes %s, which leads back to it\n", file, targets[i]; bad++ }
  }
  state[file] = 2
}
END {
  for (file in arrow) if (!(file in state)) visit(file)
  if (bad) { printf "include_arrows: %d found\n", bad; exit 1 }
}
' "${files[@]}"
echo "include_arrows: ${#files[@]} files keep to the doors"
