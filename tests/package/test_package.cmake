# SPDX-License-Identifier: MIT
# Installs the build into an empty prefix, moves the prefix, and builds and runs a project against it: WAY=cmake with
# find_package, WAY=pkgconfig with nothing but a compiler and pkg-config.
# cmake -DWAY= -DBUILD= -DCONFIG= -DCONSUMER= -DWORK= -DGENERATOR= -DCOMPILER= -DFLAGS= -DLIBDIR= -DPKG_CONFIG= -DCMOCKA_LIBRARY= -DCMOCKA_INCLUDE_DIR=
# -DFRAMEWORKS=gtest;catch2 -DOPTIONS=<argument of the project>;... -P
cmake_minimum_required(VERSION 3.20)

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
    if(NOT result EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "${command}: ${result}\n${text}")
    endif()
    message("${text}")
endfunction()

# pkg_config(<out> <argument>...): the answer as a list.
function(pkg_config out)
    execute_process(COMMAND ${PKG_CONFIG} ${ARGN}
        RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE error OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "pkg-config ${ARGN}: ${error}")
    endif()
    separate_arguments(text UNIX_COMMAND "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
run(${CMAKE_COMMAND} --install "${BUILD}" --config "${CONFIG}" --prefix "${WORK}/first place")
# A package must not remember where it was first put.
file(RENAME "${WORK}/first place" "${WORK}/prefix")
set(prefix "${WORK}/prefix")
# Nor may the project lie in our tree.
file(COPY "${CONSUMER}/" DESTINATION "${WORK}/project")

if(WAY STREQUAL "cmake")
    run(${CMAKE_COMMAND} -S "${WORK}/project" -B "${WORK}/build" -G "${GENERATOR}" -DCMAKE_BUILD_TYPE=Debug
        "-DCMAKE_C_COMPILER=${COMPILER}" "-DCMAKE_C_FLAGS=${FLAGS}" "-DCMAKE_PREFIX_PATH=${prefix}"
        "-DFRAMEWORKS=${FRAMEWORKS}" ${OPTIONS})
    file(STRINGS "${WORK}/build/CMakeCache.txt" found REGEX "^wsk_emu_DIR:")
    if(NOT found MATCHES "=${prefix}/")
        message(FATAL_ERROR "another package was found: ${found}")
    endif()
    run(${CMAKE_COMMAND} --build "${WORK}/build")
    run(${CMAKE_CTEST_COMMAND} --test-dir "${WORK}/build" --output-on-failure --no-tests=error)
else()
    set(ENV{PKG_CONFIG_PATH} "${prefix}/${LIBDIR}/pkgconfig")
    set(ENV{LD_LIBRARY_PATH} "${prefix}/${LIBDIR}")
    set(ENV{DYLD_LIBRARY_PATH} "${prefix}/${LIBDIR}")
    separate_arguments(flags UNIX_COMMAND "${FLAGS}")
    pkg_config(driver_flags --cflags wsk_emu-wdk)
    pkg_config(test_flags --cflags wsk_emu-wdk wsk_emu-kit)
    pkg_config(test_libraries --libs wsk_emu-kit)
    pkg_config(run_flags --cflags wsk_emu)
    pkg_config(run_libraries --libs wsk_emu)
    foreach(driver first second)
        run(${COMPILER} ${flags} ${driver_flags} -g -DDriverEntry=${driver}_DriverEntry -DDRIVER_TAG=0x31677254
            -c "${WORK}/project/driver.c" -o "${WORK}/${driver}.o")
    endforeach()
    run(${COMPILER} ${flags} ${test_flags} -g "-I${CMOCKA_INCLUDE_DIR}" "${WORK}/project/test_consumer.c"
        "${WORK}/first.o" "${WORK}/second.o" ${test_libraries} "${CMOCKA_LIBRARY}" -o "${WORK}/test_consumer")
    run("${WORK}/test_consumer")
    run(${COMPILER} ${flags} ${run_flags} -g "${WORK}/project/run_consumer.c" "${WORK}/first.o" ${run_libraries}
        -o "${WORK}/run_consumer")
    run("${WORK}/run_consumer")
endif()
message("a project outside the tree was built and run: ${WAY}")
