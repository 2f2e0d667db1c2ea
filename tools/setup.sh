#!/bin/sh
# Installs the system packages a make target needs, on Debian and its relatives.
#
#   tools/setup.sh build | test | fuzz | bench | lint | valgrind      (several may be given)
#
# Looks first and installs only what is missing, so that it costs some milliseconds when all is there. Elsewhere
# than on Debian it only says what it would have installed, and lets the build speak for itself.
set -eu

build='gcc libc6-dev meson ninja-build pkg-config python3 libmicrohttpd-dev libsqlite3-dev nettle-dev zlib1g-dev
    libzstd-dev libdnnl-dev nodejs'
# nodejs of Debian comes without npm, that of nodesource has it inside.
command -v npm >/dev/null 2>&1 || build="$build npm"
# The browser's engine is WebAssembly.
build="$build clang-14 lld-14 libcairo2-dev wasi-libc libclang-rt-14-dev-wasm32"
clang='clang-14 libclang-rt-14-dev'
lint='clang-14 clang-format-14 clang-tidy-14 cppcheck git'
# mlir-22-tools is the oracle of the tests over MLIR text, PyTorch that of the executor's. Only some mirrors have the
# former; without them those tests are skipped.
oracle='mlir-22-tools python3-torch'

needed=
optional=
for group in "$@"; do
    case $group in
    build) needed="$needed $build" ;;
    lint) needed="$needed $build $lint" ;;
    valgrind) needed="$needed $build valgrind" ;;
    fuzz) needed="$needed $build $clang libfuzzer-14-dev" ;;
    bench) needed="$needed $build wrk" optional="$optional $oracle" ;;
    test) needed="$needed $build $clang $lint libfuzzer-14-dev libcmocka-dev curl chromium" optional="$optional $oracle" ;;
    *) echo "setup.sh: unknown group $group" >&2; exit 2 ;;
    esac
done

# Prints which of the packages are not installed.
missing() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
        awk 'BEGIN { for (i = 1; i < ARGC; i++) want[ARGV[i]] = 1; ARGC = 1 }
             $1 == "ii" { delete want[$2] }
             END { for (p in want) printf " %s", p }' "$@"
}

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "setup.sh: not a Debian system; needed here:$needed" >&2
    exit 0
fi

# shellcheck disable=SC2086 # lists of words
lacking=$(missing $needed)
wanted=
[ -z "$optional" ] || wanted=$(missing $optional)
[ -n "$lacking$wanted" ] || exit 0

sudo=
if [ "$(id -u)" != 0 ]; then
    sudo=sudo
    command -v sudo >/dev/null 2>&1 || {
        echo "setup.sh: please install as root:$lacking" >&2
        [ -z "$lacking" ] && exit 0 || exit 1
    }
fi

# A machine that lacks only what is optional is not asked again and again.
asked=${XDG_CACHE_HOME:-$HOME/.cache}/tt-explorer-setup
if [ -z "$lacking" ] && [ "$(cat "$asked" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

echo "setup.sh: installing$lacking$wanted"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get -q update || true # an old list may do
# shellcheck disable=SC2086
if [ -n "$lacking" ]; then
    $sudo apt-get -q install -y --no-install-recommends $lacking
fi
# shellcheck disable=SC2086
if [ -n "$wanted" ] && ! $sudo apt-get -q install -y --no-install-recommends $wanted; then
    echo "setup.sh: going on without$wanted"
    mkdir -p "$(dirname "$asked")"
    echo "$wanted" >"$asked"
fi
