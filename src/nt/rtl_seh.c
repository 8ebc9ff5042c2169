/* SPDX-License-Identifier: MIT */
/* Raising structured exceptions, and the guarded blocks that catch them. */

/*
 * The macros in wsk_emu_wdk/seh.h put a frame on the stack of the function that has a guarded block. This file keeps
 * the frames of each thread in a list, innermost first. Nothing here allocates, locks, or knows of IRQL: a handler
 * runs at the level at which the exception was raised, as on Windows.
 *
 * A frame is in the list only while its body runs. A raise takes the innermost frame out and jumps to it; the filter
 * is evaluated after the jump, in the function that has the block, and a filter that declines raises again from
 * there. So frames are always left innermost first, and termination blocks run in that order too.
 *
 * Teardown: a frame dies with the stack it lies on. Whoever leaves driver code by longjmp, past open bodies, must
 * empty the list with wsk_emu_seh_swap(NULL).
 */

#include <wdm.h>

#include <string.h>

static _Thread_local struct wsk_emu_seh_frame *s_innermost;

/*
 * The status and the address of the raise go into the bug check, in the order in which Windows reports them.
 */
static DECLSPEC_NORETURN void seh_unhandled(const EXCEPTION_RECORD *record)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)record->ExceptionCode,
                 (ULONG_PTR)record->ExceptionAddress, record->ExceptionInformation[0], record->ExceptionInformation[1]);
}

static DECLSPEC_NORETURN void seh_jump(struct wsk_emu_seh_frame *frame)
{
    WSK_EMU_SEH_LONGJMP(frame->jump);
}

static DECLSPEC_NORETURN void seh_dispatch(const EXCEPTION_RECORD *record)
{
    struct wsk_emu_seh_frame *frame = s_innermost;

    if (frame == NULL) {
        seh_unhandled(record);
    }
    s_innermost = frame->outer;
    frame->record = *record;
    frame->pointers.ExceptionRecord = &frame->record;
    frame->pointers.ContextRecord = NULL;
    frame->is_raised = 1;
    frame->phase = WSK_EMU_SEH_RAISED;
    seh_jump(frame);
}

/*
 * Takes a frame out whose body has ended. Frames inside it belong to calls that are over by now: they can only have
 * been left by a longjmp, and go with it.
 */
static void seh_unlink(struct wsk_emu_seh_frame *frame)
{
    s_innermost = frame->outer;
}

void wsk_emu_seh_push(struct wsk_emu_seh_frame *frame)
{
    frame->outer = s_innermost;
    s_innermost = frame;
}

void wsk_emu_seh_next(struct wsk_emu_seh_frame *frame)
{
    EXCEPTION_RECORD record;

    switch (frame->phase) {
    case WSK_EMU_SEH_PROBE:
        frame->phase = WSK_EMU_SEH_BODY;
        break;
    case WSK_EMU_SEH_BODY:
        seh_unlink(frame);
        frame->is_leaving = 0;
        frame->phase = frame->is_finally ? WSK_EMU_SEH_FINALLY : WSK_EMU_SEH_DONE;
        break;
    case WSK_EMU_SEH_RAISED:
        frame->phase = WSK_EMU_SEH_DONE;
        if (frame->is_finally) {
            record = frame->record;
            seh_dispatch(&record);
        }
        break;
    default:
        frame->phase = WSK_EMU_SEH_DONE;
        break;
    }
}

void wsk_emu_seh_leave_scope(struct wsk_emu_seh_frame *frame)
{
    if (frame->phase != WSK_EMU_SEH_BODY) {
        return;
    }
    seh_unlink(frame);
    if (frame->is_finally) {
        DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
                   "wsk_emu: return, break or goto has left a __try body, and its __finally block cannot run here. "
                   "Leave the body at its end or by __leave.\n");
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)STATUS_INVALID_DISPOSITION, 0, 0, 0);
    }
}

int wsk_emu_seh_filter(struct wsk_emu_seh_frame *frame, int answer)
{
    EXCEPTION_RECORD record = frame->record;

    if (answer == EXCEPTION_CONTINUE_SEARCH) {
        frame->phase = WSK_EMU_SEH_DONE;
        seh_dispatch(&record);
    }
    if (answer < 0) {
        frame->phase = WSK_EMU_SEH_DONE;
        record.ExceptionCode = STATUS_NONCONTINUABLE_EXCEPTION;
        seh_dispatch(&record);
    }
    return 1;
}

void wsk_emu_seh_leave(struct wsk_emu_seh_frame *frame)
{
    if (frame->phase != WSK_EMU_SEH_BODY) {
        return;
    }
    if (frame->is_leaving) {
        DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
                   "wsk_emu: __leave stands in a loop inside the __try body and has only continued that loop. "
                   "Leave the loop first.\n");
        KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)STATUS_INVALID_DISPOSITION, 0, 0, 0);
    }
    frame->is_leaving = 1;
}

struct wsk_emu_seh_frame *wsk_emu_seh_swap(struct wsk_emu_seh_frame *innermost)
{
    struct wsk_emu_seh_frame *old = s_innermost;

    s_innermost = innermost;
    return old;
}

DECLSPEC_NORETURN void wsk_emu_seh_raise(NTSTATUS code, PVOID address, ULONG count, const ULONG_PTR *information)
{
    EXCEPTION_RECORD record;

    memset(&record, 0, sizeof(record));
    record.ExceptionCode = code;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.ExceptionAddress = address;
    record.NumberParameters = count < EXCEPTION_MAXIMUM_PARAMETERS ? count : EXCEPTION_MAXIMUM_PARAMETERS;
    if (record.NumberParameters != 0) {
        memcpy(record.ExceptionInformation, information, record.NumberParameters * sizeof(information[0]));
    }
    seh_dispatch(&record);
}

VOID ExRaiseStatus(_In_ NTSTATUS Status)
{
    wsk_emu_seh_raise(Status, __builtin_return_address(0), 0, NULL);
}

VOID ExRaiseAccessViolation(VOID)
{
    wsk_emu_seh_raise(STATUS_ACCESS_VIOLATION, __builtin_return_address(0), 0, NULL);
}

VOID ExRaiseDatatypeMisalignment(VOID)
{
    wsk_emu_seh_raise(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0), 0, NULL);
}
