# Sourced by quickstart and test: installs what is missing and builds in build/. Needs nothing but apt.

packages=(
  g++ cmake ninja-build pkg-config # to build
  nlohmann-json3-dev libcli11-dev libhwy-dev zlib1g-dev liblzma-dev
  libopencv-dev opencv-data libdnnl-dev libjpeg62-turbo-dev libpng-dev
  libtag1-dev
  libtorch-dev libgloo-dev libopenblas0-openmp libhdf5-dev # LibTorch falls back to a slow BLAS without OpenBLAS
  catch2 libxml2-utils python3-minimal xz-utils zstd curl # to test
)

say() { printf 'affekt: %s\n' "$*" >&2; }

# Runs a command with its output in build/setup.log; shows the end of it if the command fails.
logged() {
  mkdir -p build
  if ! "$@" >>build/setup.log 2>&1; then
    tail -n 40 build/setup.log >&2
    say "failed: $*; the whole log is in build/setup.log"
    exit 1
  fi
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]; }

# install_packages NAME...: those that are missing, as root or through sudo; without either prints the list and stops.
install_packages() {
  local missing=() root=() name
  for name in "$@"; do
    is_installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    root=(sudo)
    if ! command -v sudo >/dev/null || ! sudo true; then
      say "neither root nor sudo; ask an administrator for: apt-get install ${missing[*]}"
      exit 4
    fi
  fi
  say "installing ${#missing[@]} packages (some minutes): ${missing[*]}"
  logged "${root[@]}" apt-get update
  logged "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# The compiler needs about 2 GB for a file that includes LibTorch.
jobs_that_fit() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/MemAvailable/ {print int($2 / 2000000)}' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# build TARGET: configures and builds.
build() {
  say "building in build/ with $(jobs_that_fit) jobs (some minutes the first time)"
  # shellcheck disable=SC2086 # the variable holds several words
  logged cmake --preset release ${AFFEKT_CMAKE_ARGS:-}
  logged cmake --build build --parallel "$(jobs_that_fit)" --target "$1"
}
