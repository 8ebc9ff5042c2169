# SPDX-License-Identifier: MIT
# Every verifier rule has a sentence, an advice, a section in docs/verifier.md, a test that breaches it and a near miss.
# cmake -DROOT=<top folder> -P
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(rules_file "src/vrf/vrf_rules.def")
read_file(rules "${rules_file}")
file(READ "${ROOT}/docs/verifier.md" page)

# The tests of rules: test_irp_001_breach... and test_irp_001_near_miss..., in any file of the folder. A function that is
# static and not in a list of tests does not compile, so a definition is enough.
file(GLOB test_files RELATIVE "${ROOT}" "${ROOT}/tests/rules/*.c")
set(tests "")
foreach(file IN LISTS test_files)
    read_file(text "${file}")
    string(REGEX MATCHALL "test_[a-z0-9_]+" names "${text}")
    list(APPEND tests ${names})
endforeach()
list(REMOVE_DUPLICATES tests)

# WE_VRF_RULE(symbol, "AREA-nnn", "name", severity, "sentence", "advice"); a text may be several literals.
string(REGEX MATCHALL "\nWE_VRF_RULE\\([^,]*,[ \n]*\"[^\"]*\",[ \n]*\"[^\"]*\",[ \n]*[A-Z_]+,[ \n]*(\"([^\"\\\\]|\\\\.)*\"[ \n]*)+,[ \n]*(\"([^\"\\\\]|\\\\.)*\"[ \n]*)+\\)"
    rows "\n${rules}")
string(REGEX MATCHALL "\n[ ]*WE_VRF_RULE\\(" starts "\n${rules}")
list(LENGTH rows count)
list(LENGTH starts start_count)
if(NOT count EQUAL start_count)
    breach("${rules_file}" 0 "${start_count} rows, but only ${count} have the form of a rule")
endif()

set(ids "")
foreach(row IN LISTS rows)
    string(REGEX MATCH "\\(([^,]*),[ \n]*\"([^\"]*)\",[ \n]*\"([^\"]*)\",[ \n]*([A-Z_]+),[ \n]*(.*)\\)$" ignored "${row}")
    set(symbol "${CMAKE_MATCH_1}")
    set(id "${CMAKE_MATCH_2}")
    set(name "${CMAKE_MATCH_3}")
    set(texts "${CMAKE_MATCH_5}")
    if(NOT id MATCHES "^[A-Z]+-[0-9][0-9][0-9]$")
        breach_at("${rules_file}" "${rules}" "\"${id}\"" "'${id}' is no rule id")
    endif()
    if(id IN_LIST ids)
        breach_at("${rules_file}" "${rules}" "\"${id}\"" "${id} has two rows")
    endif()
    list(APPEND ids "${id}")

    # Neighbouring literals are one text.
    string(REGEX REPLACE "\"[ \n]+\"" "" texts "${texts}")
    string(REGEX MATCH "^\"(.*)\",[ \n]*\"(.*)\"[ \n]*$" ignored "${texts}")
    set(sentence "${CMAKE_MATCH_1}")
    set(advice "${CMAKE_MATCH_2}")
    foreach(text IN ITEMS "${sentence}" "${advice}")
        if(NOT text MATCHES "^[^ ]+ .*[.]$")
            breach_at("${rules_file}" "${rules}" "\"${id}\"" "${id}: not a sentence: ${text}")
        endif()
    endforeach()

    if(NOT page MATCHES "(^|\n)#+ [^\n]*${id}[^0-9]")
        breach_at("${rules_file}" "${rules}" "\"${id}\"" "${id} has no section in docs/verifier.md")
    endif()

    string(TOLOWER "${id}" stem)
    string(REPLACE "-" "_" stem "${stem}")
    foreach(kind breach near_miss)
        set(found "${tests}")
        list(FILTER found INCLUDE REGEX "^test_${stem}_([a-z0-9_]*_)?${kind}(_|$)")
        if(NOT found)
            breach_at("${rules_file}" "${rules}" "\"${id}\"" "${id} has no test named test_${stem}_${kind}... in tests/rules")
        endif()
    endforeach()
endforeach()

# And the other way: no section for a rule that is gone.
string(REGEX MATCHALL "\n#+ [^\n]*[A-Z]+-[0-9][0-9][0-9][^\n]*" headings "\n${page}")
foreach(heading IN LISTS headings)
    string(REGEX MATCHALL "[A-Z]+-[0-9][0-9][0-9]" named "${heading}")
    foreach(id IN LISTS named)
        if(NOT id IN_LIST ids)
            breach("docs/verifier.md" 0 "has a section for ${id}, which is no rule")
        endif()
    endforeach()
endforeach()

finish("rules" ${count} "rules")
