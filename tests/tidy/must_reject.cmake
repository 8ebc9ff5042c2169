# SPDX-License-Identifier: MIT
# Runs a check over a fixture that is wrong on purpose, and fails unless the check rejects it with the expected words.
# cmake -DCHECK=<script> -DROOT=<fixture> [-DOPTIONS=<-Dname=value>...] -DEXPECT=<regular expression> -P
execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${ROOT} ${OPTIONS} -P ${CHECK}
    RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(result EQUAL 0)
    message(FATAL_ERROR "${CHECK} accepted ${ROOT}:\n${text}")
endif()
if(NOT text MATCHES "${EXPECT}")
    message(FATAL_ERROR "${CHECK} rejected ${ROOT}, but not with '${EXPECT}':\n${text}")
endif()
message("rejected as expected: ${CMAKE_MATCH_0}")
