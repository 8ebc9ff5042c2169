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
 * What a handler may ask outlives the frame. It is kept in a table of the thread, of which the oldest entry makes room
 * for the newest: a handler whose entry is gone has called functions that handled CAUGHT_COUNT others since.
 *
 * Teardown: a frame dies with the stack it lies on. Whoever leaves driver code by longjmp, past open bodies, must
 * empty the list with wsk_emu_seh_swap(NULL).
 */

#include <wdm.h>

#include <string.h>

/* In the header this name is a macro over the function. */
#undef DbgPrintEx

#define CAUGHT_COUNT 16

static _Thread_local struct wsk_emu_seh_frame *s_innermost;
static _Thread_local struct wsk_emu_seh_caught s_caught[CAUGHT_COUNT];
static _Thread_local ULONG s_next_caught;
static _Thread_local struct wsk_emu_seh_ending s_ending;

/*
 * The status and the address of the raise go into the bug check, in the order in which Windows reports them.
 */
static DECLSPEC_NORETURN void seh_unhandled(const EXCEPTION_RECORD *record)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)record->ExceptionCode,
                 (ULONG_PTR)record->ExceptionAddress, record->ExceptionInformation[0], record->ExceptionInformation[1]);
}

static DECLSPEC_NORETURN void seh_misused(void)
{
    KeBugCheckEx(KMODE_EXCEPTION_NOT_HANDLED, (ULONG_PTR)(LONG_PTR)STATUS_INVALID_DISPOSITION, 0, 0, 0);
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
    frame->is_linked = 0;
    frame->is_raised = 1;
    frame->record = *record;
    seh_jump(frame);
}

static void seh_note_optimized(const struct wsk_emu_seh_frame *frame)
{
    static int s_is_noted;

    if (__atomic_exchange_n(&s_is_noted, 1, __ATOMIC_RELAXED) == 0) {
        DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL,
                   "%s:%d: a guarded block in a file that is compiled with optimization: variables that "
                   "its body changes and its handler reads must be volatile.\n",
                   frame->file, frame->line);
    }
}

void wsk_emu_seh_enter(struct wsk_emu_seh_frame *frame, int is_finally, int is_optimized)
{
    if (is_optimized) {
        seh_note_optimized(frame);
    }
    frame->is_finally = is_finally;
    frame->is_linked = 1;
    frame->outer = s_innermost;
    s_innermost = frame;
}

/*
 * Frames inside this one belong to calls that are over by now: they can only have been left by a longjmp, and go
 * with it.
 */
void wsk_emu_seh_end(struct wsk_emu_seh_frame *frame)
{
    frame->is_linked = 0;
    s_innermost = frame->outer;
}

void wsk_emu_seh_leave_body(struct wsk_emu_seh_frame *frame)
{
    if (!frame->is_linked) {
        return;
    }
    wsk_emu_seh_end(frame);
    if (frame->is_finally) {
        DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
                   "%s:%d: return, break, continue or goto has left a __try body, and its __finally block "
                   "cannot run here. Leave the body at its end or by __leave.\n",
                   frame->file, frame->line);
        seh_misused();
    }
}

void wsk_emu_seh_leave_ending(struct wsk_emu_seh_ending *ending)
{
    if (ending->is_running) {
        DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
                   "%s:%d: return, break or goto has left the __finally block of this __try. Leave the block "
                   "at its end.\n",
                   ending->file, ending->line);
        seh_misused();
    }
}

void wsk_emu_seh_catch(const struct wsk_emu_seh_frame *frame, const void *function_frame, int block)
{
    struct wsk_emu_seh_caught *caught = NULL;
    ULONG i;

    for (i = 0; i < CAUGHT_COUNT; i++) {
        if (s_caught[i].function_frame == function_frame && s_caught[i].block == block) {
            caught = &s_caught[i];
        }
    }
    if (caught == NULL) {
        caught = &s_caught[s_next_caught % CAUGHT_COUNT];
        s_next_caught++;
    }
    caught->function_frame = function_frame;
    caught->block = block;
    caught->record = frame->record;
    caught->pointers.ExceptionRecord = &caught->record;
    caught->pointers.ContextRecord = NULL;
}

struct wsk_emu_seh_caught *wsk_emu_seh_caught(const void *function_frame, int block)
{
    ULONG i;

    for (i = 0; i < CAUGHT_COUNT; i++) {
        if (s_caught[i].function_frame == function_frame && s_caught[i].block == block) {
            return &s_caught[i];
        }
    }
    DbgPrintEx(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
               "GetExceptionCode or GetExceptionInformation was asked outside of a filter or a handler, or after "
               "the handler has called functions that handled %u other exceptions.\n",
               CAUGHT_COUNT);
    seh_misused();
}

void wsk_emu_seh_filter(const struct wsk_emu_seh_frame *frame, int answer)
{
    EXCEPTION_RECORD record = frame->record;

    if (answer == EXCEPTION_CONTINUE_SEARCH) {
        seh_dispatch(&record);
    }
    if (answer < 0) {
        record.ExceptionCode = STATUS_NONCONTINUABLE_EXCEPTION;
        seh_dispatch(&record);
    }
}

void wsk_emu_seh_hand_over(const struct wsk_emu_seh_frame *frame)
{
    s_ending.file = frame->file;
    s_ending.line = frame->line;
    s_ending.is_running = 1;
    s_ending.is_raised = frame->is_raised;
    s_ending.record = frame->record;
}

struct wsk_emu_seh_ending wsk_emu_seh_take_over(void)
{
    return s_ending;
}

void wsk_emu_seh_resume(struct wsk_emu_seh_ending *ending)
{
    ending->is_running = 0;
    if (ending->is_raised) {
        EXCEPTION_RECORD record = ending->record;

        seh_dispatch(&record);
    }
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
