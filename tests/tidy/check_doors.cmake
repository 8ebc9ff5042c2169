# SPDX-License-Identifier: MIT
# One door: every call through a driver's function pointer stands between we_nt_door_enter and we_nt_door_leave in the
# same function, or in a function that is handed the frame which its caller, in the same file, entered and leaves. (A
# system thread never leaves its door; thread_check_end judges its end instead.)
# cmake -DROOT=<top folder> -P
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

# Types of pointers to a driver's functions, and the members of WDK structures that have them.
set(routine_types "PIO_COMPLETION_ROUTINE|PDRIVER_CANCEL|PKDEFERRED_ROUTINE|PIO_WORKITEM_ROUTINE|PIO_WORKITEM_ROUTINE_EX|\
PWORKER_THREAD_ROUTINE|PKSTART_ROUTINE|PDRIVER_INITIALIZE|PDRIVER_UNLOAD|PDRIVER_DISPATCH|PDRIVER_STARTIO|PDRIVER_ADD_DEVICE|\
PALLOCATE_FUNCTION|PALLOCATE_FUNCTION_EX|PFREE_FUNCTION|PFREE_FUNCTION_EX|PEX_CALLBACK|PCALLBACK_FUNCTION|PIO_TIMER_ROUTINE|\
PRTL_AVL_[A-Z]*_ROUTINE|PRTL_GENERIC_[A-Z]*_ROUTINE|PRTL_RUN_ONCE_INIT_FN|PIPFORWARD_CHANGE_CALLBACK|\
PIO_CSQ_INSERT_IRP_EX|PEXPAND_STACK_CALLOUT|PEXT_CALLBACK|PEXT_DELETE_CALLBACK|PFN_WSK_[A-Z_]*EVENT|PFN_WSK_CLIENT_EVENT|PNPI_CLIENT_[A-Z_]+_FN|PNPI_PROVIDER_[A-Z_]+_FN")
set(wdk_members "Wsk[A-Za-z]*Event|CompletionRoutine|CancelRoutine|DeferredRoutine|WorkerRoutine|StartRoutine|DriverInit|\
DriverUnload|DriverStartIo|CompareRoutine|AllocateRoutine|FreeRoutine|AllocateEx|FreeEx|Allocate|Free|\
Csq[A-Za-z]+|QueryRoutine|ClientAttachProvider|ClientDetachProvider|ClientCleanupBindingContext|ProviderAttachClient|ProviderDetachClient|\
ProviderCleanupBindingContext")

# names_of(<out> <text>): variables and members declared with one of the types, "a|b|c"; functions of ours that return one are
# not among them.
function(names_of out text)
    string(REGEX MATCHALL "(^|[^A-Za-z0-9_])(${routine_types})[ *]+(const )?[A-Za-z_][A-Za-z0-9_]*[(]?" declarations "${text}")
    set(names "")
    foreach(declaration IN LISTS declarations)
        if(declaration MATCHES "[(]$")
            continue()
        endif()
        string(REGEX MATCH "[A-Za-z_][A-Za-z0-9_]*$" name "${declaration}")
        list(APPEND names "${name}")
    endforeach()
    list(REMOVE_DUPLICATES names)
    list(JOIN names "|" names)
    set(${out} "${names}" PARENT_SCOPE)
endfunction()

files_under(files src)

# Members of our own structures can be used in any file.
set(members "${wdk_members}")
foreach(file IN LISTS files)
    read_file(text "${file}")
    names_of(names "${text}")
    if(names)
        string(APPEND members "|${names}")
    endif()
endforeach()

set(call_count 0)
foreach(file IN LISTS files)
    if(NOT file MATCHES "\\.c$")
        continue()
    endif()
    read_file(text "${file}")
    names_of(names "${text}")
    # A call through a member, through an element of a dispatch table, or through a variable of this file.
    set(call "(->|\\.)(${members})\\)?[ ]*\\(|MajorFunction${open_bracket}[^\n]*${close_bracket}\\)?[ ]*\\(")
    if(names)
        string(APPEND call "|[^A-Za-z0-9_>.](${names})\\)?[ ]*\\(")
    endif()

    # Function bodies: from a brace that stands alone in the first column to the next closing one.
    set(base 0)
    set(rest "${text}")
    while(TRUE)
        string(FIND "${rest}" "\n{\n" begin)
        if(begin LESS 0)
            break()
        endif()
        string(SUBSTRING "${rest}" 0 ${begin} head)
        string(FIND "${head}" "\n}" position REVERSE)
        if(position GREATER 0)
            string(SUBSTRING "${head}" ${position} -1 head)
        endif()
        string(SUBSTRING "${rest}" ${begin} -1 rest)
        math(EXPR base "${base} + ${begin}")
        # Declared behind the end of the function before: the name and the parameters of this one.
        set(is_handed_frame OFF)
        if("${head}" MATCHES "struct we_nt_frame \\*" AND "${text}" MATCHES "we_nt_door_enter\\(.*we_nt_door_leave\\(")
            set(is_handed_frame ON)
        endif()
        string(FIND "${rest}" "\n}" length)
        if(length LESS 0)
            string(LENGTH "${rest}" length)
        endif()
        string(SUBSTRING "${rest}" 0 ${length} body)

        set(passed 0)
        set(ahead "${body}")
        while("${ahead}" MATCHES "${call}")
            set(match "${CMAKE_MATCH_0}")
            math(EXPR call_count "${call_count} + 1")
            string(FIND "${ahead}" "${match}" offset)
            math(EXPR position "${passed} + ${offset}")
            string(SUBSTRING "${body}" 0 ${position} before)
            string(FIND "${before}" "we_nt_door_enter(" entered REVERSE)
            string(FIND "${before}" "we_nt_door_leave(" left REVERSE)
            string(LENGTH "${match}" match_length)
            math(EXPR passed "${position} + ${match_length}")
            string(SUBSTRING "${body}" ${passed} -1 ahead)
            set(leaves OFF)
            if("${ahead}" MATCHES "we_nt_door_leave\\(|[^a-z_]thread_check_end\\(")
                set(leaves ON)
            endif()
            if(NOT is_handed_frame AND (entered LESS 0 OR entered LESS left OR NOT leaves))
                math(EXPR position "${base} + ${position}")
                line_of(line "${text}" ${position})
                string(STRIP "${match}" match)
                breach("${file}" ${line} "calls the driver without the door: ${match}...)")
            endif()
        endwhile()

        string(SUBSTRING "${rest}" ${length} -1 rest)
        math(EXPR base "${base} + ${length}")
    endwhile()
endforeach()

finish("doors" ${call_count} "calls of driver code")
