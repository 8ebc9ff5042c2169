# SPDX-License-Identifier: MIT
# Shared part of the scripts: finds what is missing, installs it when it may, configures and builds. POSIX sh; sourced.
# shellcheck shell=sh

# The script that sources this sets `me` (its name for messages) and `root` (the top folder of the tree).
# shellcheck disable=SC2154

say()
{
    printf '%s: %s\n' "$me" "$*"
}

# The one line that says what went wrong, then the end.
fail()
{
    printf '%s: %s\n' "$me" "$*" >&2
    exit 1
}

have()
{
    command -v "$1" >/dev/null 2>&1
}

scratch=
scratch_remove()
{
    if [ -n "$scratch" ]; then
        rm -rf "$scratch"
        scratch=
    fi
}
trap scratch_remove EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what is there ---------------------------------------------------------------------------------------------

find_c_compiler()
{
    for compiler in ${CC:+"$CC"} cc gcc clang; do
        if have "$compiler"; then
            printf '%s\n' "$compiler"
            return 0
        fi
    done
    return 1
}

find_cxx_compiler()
{
    for compiler in ${CXX:+"$CXX"} c++ g++ clang++; do
        if have "$compiler"; then
            printf '%s\n' "$compiler"
            return 0
        fi
    done
    return 1
}

# links <compiler> <language> <program text> [flag...]: a compiler without headers or libraries is no compiler, so it
# has to build a program.
links()
{
    links_compiler=$1
    links_language=$2
    links_text=$3
    shift 3
    scratch=$(mktemp -d) || fail "cannot make a temporary folder"
    printf '%s\n' "$links_text" >"$scratch/probe.$links_language"
    links_result=0
    "$links_compiler" -o "$scratch/probe" "$scratch/probe.$links_language" "$@" >/dev/null 2>&1 || links_result=1
    scratch_remove
    return $links_result
}

# Each checks for one need; see packages_of for its names.
need_c()
{
    c_compiler=$(find_c_compiler) && links "$c_compiler" c '#include <stdio.h>
int main(void) { return puts("") < 0; }'
}

need_cxx()
{
    cxx_compiler=$(find_cxx_compiler) && links "$cxx_compiler" cpp '#include <vector>
int main() { return static_cast<int>(std::vector<int>().size()); }'
}

# The presets need CMake 3.21.
need_cmake()
{
    have cmake || return 1
    cmake_version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version \([0-9]*\.[0-9]*\).*/\1/p')
    cmake_major=${cmake_version%%.*}
    cmake_minor=${cmake_version#*.}
    [ -n "$cmake_major" ] && { [ "$cmake_major" -gt 3 ] || { [ "$cmake_major" -eq 3 ] && [ "$cmake_minor" -ge 21 ]; }; }
}

need_make()
{
    have ninja || have make
}

need_cmocka()
{
    c_compiler=$(find_c_compiler) || return 1
    prefix=$(homebrew_prefix)
    links "$c_compiler" c '#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
int main(void) { fail(); return 0; }' ${prefix:+"-I$prefix/include"} ${prefix:+"-L$prefix/lib"} -lcmocka
}

need_gtest()
{
    cxx_compiler=$(find_cxx_compiler) || return 1
    prefix=$(homebrew_prefix)
    links "$cxx_compiler" cpp '#include <gtest/gtest.h>
TEST(a, b) {}' -std=c++17 ${prefix:+"-I$prefix/include"} ${prefix:+"-L$prefix/lib"} -lgtest_main -lgtest -pthread
}

# Version 3 has other headers and libraries than version 2.
need_catch2()
{
    cxx_compiler=$(find_cxx_compiler) || return 1
    prefix=$(homebrew_prefix)
    links "$cxx_compiler" cpp '#include <catch2/catch_test_macros.hpp>
TEST_CASE("a") {}' -std=c++17 ${prefix:+"-I$prefix/include"} ${prefix:+"-L$prefix/lib"} -lCatch2Main -lCatch2 ||
        links "$cxx_compiler" cpp '#include <catch2/catch.hpp>
TEST_CASE("a") {}' -std=c++17 ${prefix:+"-I$prefix/include"} ${prefix:+"-L$prefix/lib"} -lCatch2WithMain
}

homebrew_prefix()
{
    if have brew; then
        brew --prefix 2>/dev/null
    fi
}

# --- how this system installs packages ---------------------------------------------------------------------------

find_package_tool()
{
    if [ "$(uname -s)" = Darwin ]; then
        tools=brew
    else
        tools="apt-get dnf pacman apk"
    fi
    for tool in $tools; do
        if have "$tool"; then
            printf '%s\n' "$tool"
            return 0
        fi
    done
    return 1
}

# packages_of <package tool> <need>: what to install.
packages_of()
{
    case $1:$2 in
    apt-get:c) echo gcc libc6-dev ;;
    apt-get:cxx) echo g++ ;;
    apt-get:cmocka) echo libcmocka-dev ;;
    apt-get:gtest) echo libgtest-dev ;;
    apt-get:catch2) echo catch2 ;;
    dnf:c) echo gcc glibc-devel ;;
    dnf:cxx) echo gcc-c++ ;;
    dnf:cmocka) echo libcmocka-devel ;;
    dnf:gtest) echo gtest-devel ;;
    dnf:catch2) echo catch-devel ;;
    pacman:c | pacman:cxx) echo gcc ;;
    pacman:cmocka) echo cmocka ;;
    pacman:gtest) echo gtest ;;
    pacman:catch2) echo catch2 ;;
    apk:c) echo gcc musl-dev ;;
    apk:cxx) echo g++ ;;
    apk:cmocka) echo cmocka-dev ;;
    apk:gtest) echo gtest-dev ;;
    apk:catch2) echo catch2-3 ;;
    brew:c | brew:cxx) echo gcc ;;
    brew:cmocka) echo cmocka ;;
    brew:gtest) echo googletest ;;
    brew:catch2) echo catch2 ;;
    *:cmake) echo cmake ;;
    *:make) echo make ;;
    esac
}

# What the need is called in messages.
need_name()
{
    case $1 in
    c) echo "a C compiler" ;;
    cxx) echo "a C++ compiler" ;;
    cmake) echo "CMake 3.21 or later" ;;
    make) echo "make or ninja" ;;
    cmocka) echo "CMocka" ;;
    gtest) echo "GoogleTest" ;;
    catch2) echo "Catch2" ;;
    esac
}

# install_command <package tool> <packages>: one command line for a shell.
install_command()
{
    case $1 in
    apt-get) echo "apt-get update && apt-get install -y $2" ;;
    dnf) echo "dnf install -y $2" ;;
    pacman) echo "pacman -Sy --noconfirm --needed $2" ;;
    apk) echo "apk add $2" ;;
    brew) echo "brew install $2" ;;
    esac
}

# require <need>...: returns when all are met. Installs what is missing as root or where sudo asks for no password;
# otherwise ends with one line that has the command to run.
require()
{
    missing=
    names=
    for need in "$@"; do
        if ! "need_$need"; then
            missing="$missing $need"
            names="${names:+$names, }$(need_name "$need")"
        fi
    done
    [ -n "$missing" ] || return 0

    package_tool=$(find_package_tool) ||
        fail "missing: $names; no package tool that this script knows is here: install it and run $me again"
    packages=
    for need in $missing; do
        packages="${packages:+$packages }$(packages_of "$package_tool" "$need")"
    done
    command=$(install_command "$package_tool" "$packages")

    if [ "$package_tool" = brew ]; then
        case " $missing " in
        *" c "* | *" cxx "* | *" make "*) fail "missing: $names; run: xcode-select --install" ;;
        esac
        say "missing: $names; running: $command"
        sh -c "$command" || fail "installing failed; run: $command"
    elif [ "$(id -u)" -eq 0 ]; then
        say "missing: $names; running: $command"
        DEBIAN_FRONTEND=noninteractive sh -c "$command" || fail "installing failed; run as root: $command"
    elif have sudo && sudo -n true 2>/dev/null; then
        say "missing: $names; running with sudo: $command"
        sudo -n env DEBIAN_FRONTEND=noninteractive sh -c "$command" ||
            fail "installing failed; run: sudo sh -c '$command'"
    elif have sudo; then
        fail "missing: $names; run: sudo sh -c '$command'"
    else
        fail "missing: $names; run: su -c '$command'"
    fi

    for need in $missing; do
        "need_$need" || fail "installed $packages, but $(need_name "$need") is still missing"
    done
}

# --- configure and build -----------------------------------------------------------------------------------------

processor_count()
{
    nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2
}

cached()
{
    sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt"
}

# configure <preset> <build folder> [option...]: a folder that was made for another place or another build tool is
# made anew. Warnings are no errors here: a newer compiler's opinion must not keep a newcomer from a running program.
configure()
{
    preset=$1
    folder=$2
    shift 2
    if have ninja; then
        generator=Ninja
    else
        generator="Unix Makefiles"
    fi
    if [ -f "$folder/CMakeCache.txt" ]; then
        if [ "$(cached "$folder" CMAKE_GENERATOR)" != "$generator" ] ||
            [ "$(cached "$folder" CMAKE_HOME_DIRECTORY)" != "$root" ]; then
            rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
        fi
    fi
    prefix=$(homebrew_prefix)
    (cd "$root" && cmake --preset "$preset" -B "$folder" -G "$generator" -DWSK_EMU_WERROR=OFF \
        ${prefix:+"-DCMAKE_PREFIX_PATH=$prefix"} "$@")
}
