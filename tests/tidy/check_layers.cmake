# SPDX-License-Identifier: MIT
# Reads every #include: arrows point down, sockets stay in src/host, WDK headers above src/vrf, and each file's own header
# comes first. cmake -DROOT=<top folder> -P
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(rank_base 0)
set(rank_host 1)
set(rank_vrf 2)
set(rank_nt 3)
set(rank_wsk 4)
set(rank_drv 5)
set(rank_instance 6)
set(rank_kit 7)

set(c_library "^(assert|ctype|errno|float|inttypes|limits|math|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|\
stdint|stdio|stdlib|stdnoreturn|string|time)\\.h$")
set(socket_headers "^(sys/(socket|epoll|event|un|select|uio|sendfile)\\.h|netinet/.*|netinet6/.*|net/.*|arpa/.*|netdb\\.h|poll\\.h|\
sys/poll\\.h|ifaddrs\\.h|linux/.*|resolv\\.h)$")

# Where the world of BSD sockets may be seen: the host layer and its tests, the benchmarks' own servers and clients, and
# the clients and targets that a demonstration runs against its driver.
set(socket_files "^(src/host/|tests/unit/host/|bench/|examples/[^/]+/[a-z_]*(client|target)[a-z_]*\\.[ch]$)|^tests/drivers/names/")
# Where WDK headers may be seen. Inside include/ they include each other.
set(wdk_files "^(src/(nt|wsk|drv|kit)/|src/[^/]+$|include/|tests/|examples/|bench/)")
# Headers of include/wsk_emu that know no Windows types.
set(neutral_public "^wsk_emu/(version|export)\\.h$")

file(GLOB wdk_headers RELATIVE "${ROOT}/include/wsk_emu/wdk" "${ROOT}/include/wsk_emu/wdk/*.h")
files_under(files src include tests examples bench)

foreach(file IN LISTS files)
    read_file(text "${file}")
    string(REGEX MATCHALL "(^|\n)[ \t]*#[ \t]*include[ \t]*[<\"][^>\"\n]*[>\"]" includes "${text}")
    set(layer "")
    if(file MATCHES "^src/([a-z]+)/")
        set(layer ${CMAKE_MATCH_1})
    elseif(file MATCHES "^src/[^/]+$")
        set(layer instance)
    endif()
    if(layer AND NOT DEFINED rank_${layer})
        breach("${file}" 0 "'${layer}' is no layer")
        continue()
    endif()

    set(own_header "")
    if(file MATCHES "^src/(.*)\\.c$")
        set(own_header "${CMAKE_MATCH_1}.h")
        if(NOT EXISTS "${ROOT}/src/${own_header}")
            set(own_header "")
        endif()
    endif()
    set(seen "")
    set(sees_sockets "")
    set(sees_wdk "")
    set(is_first ON)
    foreach(line IN LISTS includes)
        string(STRIP "${line}" line)
        string(REGEX MATCH "([<\"])([^>\"]*)[>\"]$" ignored "${line}")
        set(kind "${CMAKE_MATCH_1}")
        set(name "${CMAKE_MATCH_2}")

        if(name MATCHES "(^|/)\\.\\./" AND NOT file MATCHES "^include/wsk_emu/wdk/")
            breach_at("${file}" "${text}" "${line}" "includes by a path that climbs: ${name}")
        endif()

        # X-macro lists and the headers that begin and end something are read more than once on purpose.
        if(name IN_LIST seen AND NOT name MATCHES "(\\.def|^pshpack[1248]\\.h|^poppack\\.h|^wsk_emu/names/windows_(begin|end)\\.h)$")
            breach_at("${file}" "${text}" "${line}" "includes ${name} twice")
        endif()
        list(APPEND seen "${name}")

        # The own header first proves that it stands alone.
        if(is_first AND own_header AND NOT name STREQUAL own_header)
            breach_at("${file}" "${text}" "${line}" "its own header is not the first include")
        endif()
        set(is_first OFF)

        # Arrows point down.
        if(name MATCHES "^(base|host|vrf|nt|wsk|drv|kit)/")
            set(target ${CMAKE_MATCH_1})
            if(layer AND rank_${target} GREATER rank_${layer})
                breach_at("${file}" "${text}" "${line}" "${layer} includes ${name}, which lies above it")
            elseif(file MATCHES "^include/")
                breach_at("${file}" "${text}" "${line}" "a public header includes ${name}, which is not installed")
            elseif(file MATCHES "^examples/")
                breach_at("${file}" "${text}" "${line}" "an example includes ${name}, which is not installed")
            endif()
        endif()

        # What the lower layers may know.
        if(layer MATCHES "^(base|vrf|wsk)$" AND kind STREQUAL "<" AND NOT name MATCHES "${c_library}"
           AND NOT (layer STREQUAL "wsk" AND name IN_LIST wdk_headers))
            breach_at("${file}" "${text}" "${line}" "${layer} includes <${name}>, which is not of the C library")
        endif()
        if(layer MATCHES "^(base|host|vrf)$" AND name MATCHES "^wsk_emu/" AND NOT name MATCHES "${neutral_public}")
            breach_at("${file}" "${text}" "${line}" "${layer} includes ${name}, which knows Windows types")
        endif()

        if(name MATCHES "${socket_headers}")
            set(sees_sockets "${name}")
            if(NOT file MATCHES "${socket_files}")
                breach_at("${file}" "${text}" "${line}" "includes ${name}; sockets belong in src/host (tests use the kit's peers)")
            endif()
        endif()
        if(name IN_LIST wdk_headers OR name MATCHES "^wsk_emu/wdk/")
            set(sees_wdk "${name}")
            if(NOT file MATCHES "${wdk_files}")
                breach_at("${file}" "${text}" "${line}" "includes ${name}; WDK headers stay out of src/base, src/host and src/vrf")
            endif()
            if(name MATCHES "^wsk_emu/wdk/" AND NOT file MATCHES "^include/")
                breach_at("${file}" "${text}" "${line}" "includes ${name}; say <...> as a driver does")
            endif()
        endif()
    endforeach()
    # The pair of headers exists for files that see both.
    if(sees_sockets AND sees_wdk AND NOT "wsk_emu/names/windows_begin.h" IN_LIST seen)
        breach("${file}" 0 "sees two worlds: ${sees_sockets} and ${sees_wdk}")
    endif()
endforeach()

list(LENGTH files count)
finish("layers" ${count} "files")
