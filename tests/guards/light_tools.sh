#!/usr/bin/env bash
# light_tools.sh linked FILE...    none of the files is linked, however indirectly, to a heavy library
# light_tools.sh loaded PROGRAM... the program's run maps none; it runs to its end under the dynamic linker's log
# HEAVY, an extended regular expression, names other libraries than these.
# The heavy ones: LibTorch, OpenCV, oneDNN, GDAL, HDF5, and TagLib, which --library loads. Without them these tools start in milliseconds.
set -euo pipefail
heavy=${HEAVY:-'/lib(torch|c10|opencv|dnnl|mkldnn|gdal|onnx|hdf5|tag)[^/]*\.so'}

refuse() {
  echo "light_tools: $1 brings in:"
  grep -Eio "[^ ]*$heavy[^ ]*" <<<"$2" | sort -u
  exit 1
}

case ${1:?linked or loaded} in
  linked)
    shift
    for file in "$@"; do
      objects=$(ldd "$file")
      if [[ $file != *libaffekt_core* && $objects != *libaffekt_core* ]]; then
        echo "light_tools: ldd $file does not even show libaffekt_core"; exit 1
      fi
      if grep -Eiq "$heavy" <<<"$objects"; then refuse "$file" "$objects"; fi
    done
    ;;
  loaded)
    shift
    log=$(mktemp -d)
    trap 'rm -rf "$log"' EXIT
    code=0
    LD_DEBUG=files LD_DEBUG_OUTPUT="$log/files" "$@" >"$log/out" 2>"$log/err" || code=$?
    if [ "$code" -ne 0 ]; then
      echo "light_tools: $* ended with $code:"; cat "$log/err"; exit 1
    fi
    objects=$(grep -h 'calling init: ' "$log"/files.*)
    if [[ $objects != *libaffekt_core* ]]; then echo "light_tools: the log does not show libaffekt_core"; exit 1; fi
    if grep -Eiq "$heavy" <<<"$objects"; then refuse "$*" "$objects"; fi
    ;;
esac
echo "light_tools: $* is light"
