/* SPDX-License-Identifier: MIT */
/* Structured exceptions: __try, __except, __finally and __leave as macros over frames kept per thread. */
#ifndef WSK_EMU_WDK_SEH_H
#define WSK_EMU_WDK_SEH_H

#include <setjmp.h>

#include "../ntdef.h"
#include "../ntstatus.h"

/*
 * How it works.
 *
 * __try opens a hidden loop around the guarded body. The loop makes three rounds: in the first one the word after
 * the body, __except or __finally, says which of the two it is; in the second one the frame is linked into the
 * thread's list and the body runs; in the third one, and only for __finally, the termination block runs. A raise
 * unlinks the innermost frame and jumps back to it; the filter is evaluated there, after the jump, and a filter that
 * declines raises again in the next frame out. A return from the body unlinks the frame through a cleanup attribute.
 *
 * What differs from Microsoft's compiler.
 *
 * - Local variables that the body changes and the handler reads must be volatile, as C asks for setjmp.
 * - "break" and "continue" directly inside a guarded body or a handler act on the hidden loop, so they leave the
 *   block. They cannot leave or continue a loop around it.
 * - __leave must stand in the guarded body itself and not inside a loop within it.
 * - A body with a __finally block must be left at its end or by __leave: after return, break or goto the block cannot
 *   run any more, and the library stops with a bug check that says so.
 * - Only what the library raises is caught: a bad memory access stays a signal.
 * - In C++ include the headers of the standard library first, because one of them defines __try for itself. Objects
 *   between a raise and its handler are not destroyed.
 */

#if defined(__GNUC__) && !defined(__clang__)
/* gcc cannot see that locals which need it are volatile. */
#pragma GCC diagnostic ignored "-Wclobbered"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define EXCEPTION_EXECUTE_HANDLER      1
#define EXCEPTION_CONTINUE_SEARCH      0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#define EXCEPTION_MAXIMUM_PARAMETERS 15
#define EXCEPTION_NONCONTINUABLE 0x1

typedef struct _EXCEPTION_RECORD {
    NTSTATUS ExceptionCode;
    ULONG ExceptionFlags;
    struct _EXCEPTION_RECORD *ExceptionRecord;
    PVOID ExceptionAddress;
    ULONG NumberParameters;
    ULONG_PTR ExceptionInformation[EXCEPTION_MAXIMUM_PARAMETERS];
} EXCEPTION_RECORD, *PEXCEPTION_RECORD;

/* ContextRecord is always NULL. */
typedef struct _EXCEPTION_POINTERS {
    PEXCEPTION_RECORD ExceptionRecord;
    struct _CONTEXT *ContextRecord;
} EXCEPTION_POINTERS, *PEXCEPTION_POINTERS;

typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

/*
 * One guarded block of one thread. The members belong to the macros below and to src/nt/rtl_seh.c.
 */
enum wsk_emu_seh_phase {
    WSK_EMU_SEH_PROBE = 0,   /* The word after the body is being looked at. */
    WSK_EMU_SEH_BODY = 1,    /* The frame is linked, the body runs. */
    WSK_EMU_SEH_RAISED = 2,  /* A raise has jumped here; the frame is unlinked. */
    WSK_EMU_SEH_FINALLY = 3, /* The body has ended by itself, the termination block runs. */
    WSK_EMU_SEH_DONE = 4
};

struct wsk_emu_seh_frame {
    struct wsk_emu_seh_frame *outer;
    int phase;
    int is_finally;
    int is_raised;
    int is_leaving;
    EXCEPTION_RECORD record;
    EXCEPTION_POINTERS pointers;
    jmp_buf jump;
};

/* Links the frame and starts the body phase. */
void wsk_emu_seh_push(struct wsk_emu_seh_frame *frame);

/*
 * Ends a round of the hidden loop: unlinks the frame after the body, raises again after a termination block that ran
 * because of a raise.
 */
void wsk_emu_seh_next(struct wsk_emu_seh_frame *frame);

/* The cleanup attribute: unlinks the frame if the body was left in the middle. */
void wsk_emu_seh_leave_scope(struct wsk_emu_seh_frame *frame);

/* Decides what the filter's answer means; returns nonzero if the handler is to run. */
int wsk_emu_seh_filter(struct wsk_emu_seh_frame *frame, int answer);

/* Notes a __leave; stops with a bug check if the one before has only continued a loop inside the body. */
void wsk_emu_seh_leave(struct wsk_emu_seh_frame *frame);

/*
 * Replaces the calling thread's list of frames and returns the old one. The door into driver code swaps in NULL, so
 * that a raise never crosses library code, and puts the old list back afterwards. Swap in NULL as well after a
 * longjmp that has left driver code.
 */
struct wsk_emu_seh_frame *wsk_emu_seh_swap(struct wsk_emu_seh_frame *innermost);

/* Raises with a full record. With no open frame it calls KeBugCheckEx(0x1E, ...). */
DECLSPEC_NORETURN void wsk_emu_seh_raise(NTSTATUS code, PVOID address, ULONG count, const ULONG_PTR *information);

/* Without the signal mask, which costs a system call: BSD's setjmp saves it. */
#ifdef __APPLE__
#define WSK_EMU_SEH_SETJMP(_jump) _setjmp(_jump)
#define WSK_EMU_SEH_LONGJMP(_jump) _longjmp(_jump, 1)
#else
#define WSK_EMU_SEH_SETJMP(_jump) setjmp(_jump)
#define WSK_EMU_SEH_LONGJMP(_jump) longjmp(_jump, 1)
#endif

#undef __try
#undef __except
#undef __finally
#undef __leave

#define __try                                                                                                          \
    for (struct wsk_emu_seh_frame wsk_emu_seh_frame_ __attribute__((__cleanup__(wsk_emu_seh_leave_scope), __unused__)) \
         = WSK_EMU_SEH_FRAME_INIT;                                                                                     \
         wsk_emu_seh_frame_.phase != WSK_EMU_SEH_DONE; wsk_emu_seh_next(&wsk_emu_seh_frame_))                          \
        if (wsk_emu_seh_frame_.phase == WSK_EMU_SEH_BODY                                                               \
            && (wsk_emu_seh_push(&wsk_emu_seh_frame_), WSK_EMU_SEH_SETJMP(wsk_emu_seh_frame_.jump) == 0))

#define __except(_filter)                                                                                              \
    else if (wsk_emu_seh_frame_.phase == WSK_EMU_SEH_RAISED && wsk_emu_seh_filter(&wsk_emu_seh_frame_, (_filter)))

#define __finally                                                                                                      \
    else if (wsk_emu_seh_frame_.phase == WSK_EMU_SEH_PROBE) wsk_emu_seh_frame_.is_finally = 1;                         \
    else

#define __leave                                                                                                        \
    __extension__({                                                                                                    \
        wsk_emu_seh_leave(&wsk_emu_seh_frame_);                                                                        \
        continue;                                                                                                      \
    })

#ifdef __cplusplus
#define WSK_EMU_SEH_FRAME_INIT wsk_emu_seh_frame()
#else
#define WSK_EMU_SEH_FRAME_INIT                                                                                         \
    {                                                                                                                  \
        0                                                                                                              \
    }
#endif

/* Valid in the filter and in the handler. */
#define GetExceptionCode() (wsk_emu_seh_frame_.record.ExceptionCode)
#define GetExceptionInformation() (&wsk_emu_seh_frame_.pointers)
#define _exception_code() GetExceptionCode()
#define _exception_info() GetExceptionInformation()
#define exception_code GetExceptionCode
#define exception_info GetExceptionInformation

/* Valid in the termination block. */
#define AbnormalTermination() (wsk_emu_seh_frame_.is_raised != 0)
#define _abnormal_termination() AbnormalTermination()
#define abnormal_termination AbnormalTermination

/* In C only: in C++ these words are the language's own. */
#ifndef __cplusplus
#define try __try
#define except __except
#define finally __finally
#define leave __leave
#endif

#ifdef __cplusplus
}
#endif

#endif
