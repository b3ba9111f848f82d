#!/bin/sh
# Every way to get the library, tried by a consumer of its kind: two files, Meson, FetchContent, one component, Debian's
# packages, and what can be checked of the other recipes. usage: test-packages.sh [BUILD-DIR]
set -eu
cd "$(dirname "$0")/.."
. scripts/install.sh
if [ ! -d "${1:-build}" ]; then
    need cmake cmake
    cmake -B "${1:-build}" >/dev/null
    cmake --build "${1:-build}" -j "$(nproc)"
fi
src=$(pwd) build=$(cd "${1:-build}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
not_run=""
fail() { echo "FAIL: $*"; exit 1; }
# wanted COMMAND PACKAGE: there, or installed now; else it is said at the end
wanted() {
    command -v "$1" >/dev/null 2>&1 || (install_packages "$2") || true
    command -v "$1" >/dev/null 2>&1 && return
    not_run="$not_run $1"
    return 1
}
need python3 python3

echo "== ABI and schema, against the last release"
wanted abidiff abigail-tools || true
code=0
sh abi/check.sh "$build" || code=$?
[ $code = 0 ] || [ $code = 77 ] || fail "abi/check.sh"

echo "== amalgamation"
python3 scripts/amalgamate.py "$work/two"
for cc in gcc clang; do
    command -v $cc >/dev/null 2>&1 || { not_run="$not_run $cc"; continue; }
    $cc -std=c11 -Wall -Wextra -Werror -c "$work/two/maillog.c" -o "$work/two/$cc.o"
    mkdir -p "$work/two/maillog"
    echo '#include "../maillog.h"' >"$work/two/maillog/maillog.h" # consumer.c says <maillog/maillog.h>
    $cc -Wall -Wextra -Werror -I"$work/two" tests/install/consumer.c "$work/two/$cc.o" -o "$work/two/consumer"
    "$work/two/consumer"
done
echo '#include "maillog.h"' | gcc -std=c99 -pedantic-errors -Wall -Wextra -Werror -I"$work/two" -fsyntax-only -x c -
for std in 11 20; do echo '#include "maillog.h"' | g++ -std=c++$std -pedantic-errors -Wall -Wextra -Werror -I"$work/two" -fsyntax-only -x c++ -; done
cc=$(ls "$work"/two/*.o | head -1)
gcc -std=gnu11 -I"$work/two" tests/support/vectors.c tests/support/cases.c "$cc" -o "$work/two/vectors" # the same events
LC_ALL=C "$work/two/vectors" tests/cases/*.txt >"$work/two/events"
LC_ALL=C "$build/tests/vectors" tests/cases/*.txt | cmp - "$work/two/events" || fail "the two files give other events"

echo "== install, by component"
cmake --install "$build" --prefix "$work/runtime" --component library >/dev/null
[ "$(find "$work/runtime" ! -type d | grep -vc '/libmaillog\.so\.[0-9.]*$')" = 0 ] || fail "component library: $(find "$work/runtime")"
cmake --install "$build" --prefix "$work/prefix" >/dev/null
libdir=$(dirname "$(find "$work/prefix" -name libmaillog.a)")

echo "== pkg-config, moved to a place with a blank in its name; C and C++"
mv "$work/prefix" "$work/moved here"
libdir="$work/moved here"${libdir#"$work/prefix"}
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
eval "cc tests/install/consumer.c $(pkg-config --define-prefix --cflags --libs maillog) -o '$work/pc'"
LD_LIBRARY_PATH=$libdir "$work/pc"
eval "g++ -std=c++17 tests/headers_cxx.cpp $(pkg-config --define-prefix --cflags --libs maillog) -o '$work/pc++'"
LD_LIBRARY_PATH=$libdir "$work/pc++"

echo "== CMake, moved, by component"
# package NAME PREFIX COMPONENTS: a consumer that asks for them
package() {
    mkdir -p "$work/$1"
    cp tests/install/consumer.c "$work/$1/"
    printf 'cmake_minimum_required(VERSION 3.18)\nproject(consumer C)\nfind_package(maillog 0.1 REQUIRED COMPONENTS %s)\nadd_executable(consumer consumer.c)\ntarget_link_libraries(consumer PRIVATE maillog::maillog)\n' \
        "$3" >"$work/$1/CMakeLists.txt"
    cmake -S "$work/$1" -B "$work/$1/build" -DCMAKE_PREFIX_PATH="$2" >"$work/$1/log" 2>&1 && cmake --build "$work/$1/build" >>"$work/$1/log" && "$work/$1/build/consumer"
}
package both "$work/moved here" "static shared" || fail "find_package: $(cat "$work/both/log")"
! package other "$work/moved here" "nonsense" || fail "find_package finds a component that is not there"

# only NAME OPTION…: a build of one kind, installed, and used
only() {
    name=$1
    shift
    cmake -B "$work/only-$name" -DMAILLOG_BUILD_COMMAND=OFF -DMAILLOG_BUILD_EXAMPLES=OFF -DMAILLOG_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX="$work/as-$name" "$@" >/dev/null
    cmake --build "$work/only-$name" -j "$(nproc)" >/dev/null
    cmake --install "$work/only-$name" >/dev/null
    package "use-$name" "$work/as-$name" "$name" || fail "$name alone: $(cat "$work/use-$name/log")"
}
echo "== the shared library alone, with link-time optimisation"
only shared -DMAILLOG_BUILD_STATIC=OFF -DCMAKE_BUILD_TYPE=Release -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
[ -z "$(find "$work/as-shared" -name '*.a')" ] || fail "a static library though none was wanted"
! package wrong "$work/as-shared" static || fail "find_package finds the static library that is not there"
sh tests/check_symbols.sh "$build/libmaillog.a" "$(find "$work/as-shared" -name libmaillog.so)" include
echo "== the static library alone, unoptimised"
only static -DMAILLOG_BUILD_SHARED=OFF -DCMAKE_BUILD_TYPE=Debug
[ -z "$(find "$work/as-static" -name '*.so*')" ] || fail "a shared library though none was wanted"

echo "== Meson"
if wanted meson meson && wanted ninja ninja-build; then
    printf '#!/bin/sh\nexec pkg-config --define-prefix "$@"\n' >"$work/pkg-config"
    chmod +x "$work/pkg-config"
    PKG_CONFIG=$work/pkg-config meson setup "$work/meson" tests/install/meson >/dev/null
    meson compile -C "$work/meson" >/dev/null
    LD_LIBRARY_PATH=$libdir "$work/meson/consumer"
fi

echo "== FetchContent"
cmake -S tests/install/fetchcontent -B "$work/fetch" -DMAILLOG_SOURCE="$src" -DMAILLOG_BUILD_SHARED=OFF -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build "$work/fetch" -j "$(nproc)" --target consumer >/dev/null
"$work/fetch/consumer"

echo "== Debian"
if wanted dpkg-buildpackage dpkg-dev && wanted dh debhelper && wanted lintian lintian; then
    dpkg -s dh-python >/dev/null 2>&1 || install_packages dh-python
    mkdir -p "$work/deb/maillog"
    git ls-files -co --exclude-standard | tar cf - -T - | tar xf - -C "$work/deb/maillog"
    (cd "$work/deb/maillog" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" dpkg-buildpackage -us -uc -b >../log 2>&1) ||
        { tail -30 "$work/deb/log"; fail dpkg-buildpackage; }
    ! grep -E 'dpkg-gensymbols: (warning|error)' "$work/deb/log" || fail "symbols"
    # nobody asked Debian for the package yet
    lintian --allow-root --suppress-tags initial-upload-closes-no-bugs --fail-on error,warning "$work"/deb/*.changes
    root=$work/deb/root # nothing in it but what the packages put there
    for deb in "$work"/deb/libmaillog0_*.deb "$work"/deb/libmaillog-dev_*.deb "$work"/deb/maillog_*.deb "$work"/deb/python3-maillog_*.deb; do
        dpkg-deb -x "$deb" "$root"
    done
    lib=$(dirname "$(find "$root" -name libmaillog.a)")
    # shellcheck disable=SC2046
    cc tests/install/consumer.c $(PKG_CONFIG_PATH="" PKG_CONFIG_LIBDIR="$lib/pkgconfig" pkg-config --define-variable=prefix="$root/usr" --cflags --libs maillog) -o "$work/deb/consumer"
    LD_LIBRARY_PATH=$lib "$work/deb/consumer"
    "$root/usr/bin/maillog" trace examples/seed/mail.log | grep -q delivered || fail "the command of the package"
    LD_LIBRARY_PATH=$lib PYTHONPATH=$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -c \
        'import maillog; print([m["verdict"] for m in maillog.messages(open("examples/seed/mail.log", "rb"))])'

    echo "== Debian, installed by apt in a new system"
    if [ "$(id -u)" = 0 ] && wanted mmdebstrap mmdebstrap; then
        mkdir "$work/deb/in"
        rm -f "$work"/deb/*-dbgsym_*.deb
        cp "$work"/deb/*.deb tests/install/consumer.c examples/seed/mail.log "$work/deb/in/"
        cat >"$work/deb/in/try" <<'TRY'
set -eu
cd /in
apt-get install -qq -y --no-install-recommends ./*.deb gcc libc6-dev pkg-config >/dev/null 2>&1
maillog trace mail.log
cc consumer.c $(pkg-config --cflags --libs maillog) -o consumer
./consumer
python3 -c 'import maillog; print([m["verdict"] for m in maillog.messages(open("mail.log", "rb"))])'
apt-get remove -qq -y maillog python3-maillog libmaillog-dev libmaillog0 >/dev/null 2>&1
[ -z "$(find /usr -name '*maillog*' -not -path '*/doc/*')" ]
TRY
        mmdebstrap --quiet --variant=minbase --customize-hook="cp -r '$work/deb/in' \"\$1/in\"" --customize-hook='chroot "$1" sh /in/try' \
            "$(. /etc/os-release && echo "$VERSION_CODENAME")" /dev/null || fail "the packages in a new system"
    else
        not_run="$not_run mmdebstrap(root)"
    fi
fi

echo "== other recipes"
python3 -c 'import json; json.load(open("packaging/vcpkg/vcpkg.json")); compile(open("packaging/conan/conanfile.py").read(), "conanfile.py", "exec")'
printf 'function(vcpkg_stub)\nendfunction()\n' >"$work/port.cmake"
for f in from_github cmake_configure cmake_install cmake_config_fixup fixup_pkgconfig copy_pdbs install_copyright; do
    printf 'function(vcpkg_%s)\nendfunction()\n' $f
done >"$work/port.cmake"
printf 'set(CURRENT_PACKAGES_DIR %s/none)\nset(VCPKG_LIBRARY_LINKAGE static)\ninclude(%s/packaging/vcpkg/portfile.cmake)\n' "$work" "$src" >>"$work/port.cmake"
cmake -P "$work/port.cmake"
if wanted ruby ruby; then ruby -c packaging/homebrew/maillog.rb; else not_run="$not_run ruby"; fi
for option in $(grep -ohE 'MAILLOG_BUILD_[A-Z]+' packaging/*/*); do
    [ "$option" = MAILLOG_BUILD_ ] || grep -q "option($option " CMakeLists.txt || fail "no such option: $option"
done
for file in packaging/conan/conanfile.py packaging/vcpkg/vcpkg.json debian/changelog packaging/homebrew/maillog.rb; do
    grep -q "$(sed -n 's/.*VERSION_STRING "\(.*\)"/\1/p' include/maillog/version.h)" "$file" || fail "$file: another version"
done

echo "== licences"
if wanted reuse reuse; then reuse lint >"$work/reuse" || { tail -20 "$work/reuse"; fail "reuse lint"; }; fi

[ -z "$not_run" ] || printf '\n*** NOT RUN, for want of:%s\n' "$not_run"
echo "packages: all right"
