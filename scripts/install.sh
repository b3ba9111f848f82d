# install.sh: sourced by the other scripts. need COMMAND PACKAGE, need_pkg PKG-CONFIG-NAME PACKAGE: install from
# Debian's packages what is not there. Without network nothing is fetched when everything is there.
apt_get() {
    as_root=""
    [ "$(id -u)" = 0 ] || as_root=sudo
    DEBIAN_FRONTEND=noninteractive $as_root apt-get -o DPkg::Lock::Timeout=300 -qq "$@" >/dev/null
}
install_packages() {
    command -v apt-get >/dev/null || { echo "please install: $*" >&2; exit 1; }
    echo "installing: $*"
    apt_get install -y "$@" 2>/dev/null || { apt_get update && apt_get install -y "$@"; }
}
need() { command -v "$1" >/dev/null 2>&1 || install_packages "$2"; }
# build_targets TARGET…: in build/, with what compiles them
build_targets() {
    need cmake cmake
    need cc gcc
    cmake -B build >/dev/null
    cmake --build build -j "$(nproc)" --target "$@" >/dev/null
}
need_pkg() { pkg-config --exists "$1" 2>/dev/null || install_packages "$2"; }
