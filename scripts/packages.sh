# shellcheck shell=bash disable=SC2034
# Debian packages by name, for run and check. Each argument is a package or alternatives `a|b`: the
# first of them that is installed, or else that apt knows, is taken (Debian 12 and 13 differ in a few names).

BUILD_PACKAGES=(
  build-essential cmake ninja-build pkg-config libuv1-dev "libllhttp-dev|node-llhttp" libssl-dev
  nlohmann-json3-dev libc-ares-dev libxxhash-dev libcli11-dev libjemalloc-dev libhiredis-dev
)
RUN_PACKAGES=(openssl curl ca-certificates)
TEST_PACKAGES=(
  catch2 clang "libclang-rt-14-dev|libclang-rt-dev" "clang-format-14|clang-format" ccache nginx python3
  redis-server shellcheck valgrind
)

is_installed() {
  [[ "$(dpkg-query -W -f '${Status}' "$1" 2>/dev/null)" == *"ok installed" ]]
}

# Prints which of the arguments are missing, one a line.
missing_packages() {
  local wanted name
  for wanted in "$@"; do
    for name in ${wanted//|/ }; do
      is_installed "$name" && continue 2
    done
    echo "$wanted"
  done
}

known_to_apt() {
  apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "not root, and there is no sudo: run as root: $*" >&2
    return 1
  fi
}

# Installs what is missing of its arguments; says what it does only when there is something to do.
install_packages() {
  command -v dpkg-query >/dev/null || {
    echo "This is made for Debian 12 and 13. Elsewhere, install the likes of: $*" >&2
    return 1
  }
  local missing wanted name chosen=()
  mapfile -t missing < <(missing_packages "$@")
  [[ ${#missing[@]} -eq 0 ]] && return 0
  echo "installing: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq || return 1
  for wanted in "${missing[@]}"; do
    for name in ${wanted//|/ }; do
      known_to_apt "$name" && break
    done
    chosen+=("$name")
  done
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${chosen[@]}" </dev/null
}
