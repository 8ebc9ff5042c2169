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
 * The guarded body stands in a statement expression, which is the condition of an "if" whose other branch is the handler.
 * So body and handler lie in no hidden loop: break, continue, goto and return do in them what they do anywhere, and a
 * cleanup attribute unlinks the frame of a body that is left that way. Before the body runs, control jumps once over
 * it, to see whether __except or __finally follows. __leave is a jump to the end of the body.
 *
 * A raise unlinks the thread's innermost frame and jumps back to it; the filter is evaluated there, after the jump, and a
 * filter that declines raises again in the next frame out. What GetExceptionCode answers in the handler is kept by the
 * library, under the address of the function's frame and a number that each guarded block of a file has to itself.
 *
 * What differs from Microsoft's compiler.
 *
 * - In a file that is compiled with optimization, local variables that the body changes and the handler reads must be
 *   volatile, as C asks for setjmp; the log says so once. wsk_emu_add_driver compiles such files without optimization.
 * - A body with a __finally block must be left at its end or by __leave: after return, break, continue or goto the block
 *   cannot run any more, and the library stops with a bug check that names file and line. So it does when a __finally
 *   block is left by return, break or goto. A continue directly in a __finally block is like reaching its end.
 * - Only what the library raises is caught: a bad memory access stays a signal.
 * - Filters run after the inner termination blocks, not before them.
 * - In C++ objects between a raise and its handler are not destroyed. Headers of the standard library define __try for
 *   themselves: include them before this one.
 */

/* Nested blocks declare the same names on purpose, and the macros are not ISO C. */
#pragma GCC system_header

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
 * One guarded body of one thread. The members belong to the macros below and to src/nt/rtl_seh.c.
 */
struct wsk_emu_seh_frame {
    struct wsk_emu_seh_frame *outer;
    const char *file;
    int line;
    int is_linked;
    int is_finally;
    int is_raised;
    EXCEPTION_RECORD record;
    jmp_buf jump;
};

/* One termination block: what it may ask, and what is to be raised again at its end. */
struct wsk_emu_seh_ending {
    const char *file;
    int line;
    int is_running;
    int is_raised;
    EXCEPTION_RECORD record;
};

/* What the filter and the handler of a guarded block may ask. */
struct wsk_emu_seh_caught {
    const void *function_frame;
    int block;
    EXCEPTION_RECORD record;
    EXCEPTION_POINTERS pointers;
};

/* Links the frame before its body runs. */
void wsk_emu_seh_enter(struct wsk_emu_seh_frame *frame, int is_finally, int is_optimized);

/* Unlinks the frame after the end of its body. */
void wsk_emu_seh_end(struct wsk_emu_seh_frame *frame);

/* The cleanup attributes: for a body, and for a termination block, that was left in the middle. */
void wsk_emu_seh_leave_body(struct wsk_emu_seh_frame *frame);
void wsk_emu_seh_leave_ending(struct wsk_emu_seh_ending *ending);

/* Keeps what was raised for the filter and the handler. */
void wsk_emu_seh_catch(const struct wsk_emu_seh_frame *frame, const void *function_frame, int block);

/* What was kept last for this block of this call. */
struct wsk_emu_seh_caught *wsk_emu_seh_caught(const void *function_frame, int block);

/* Returns if the filter's answer means that the handler is to run, else raises in the next frame out. */
void wsk_emu_seh_filter(const struct wsk_emu_seh_frame *frame, int answer);

/* Hands the frame's exception, or that there was none, over to the termination block that follows at once. */
void wsk_emu_seh_hand_over(const struct wsk_emu_seh_frame *frame);
struct wsk_emu_seh_ending wsk_emu_seh_take_over(void);

/* The end of a termination block: raises again if it ran because of a raise. */
void wsk_emu_seh_resume(struct wsk_emu_seh_ending *ending);

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

#ifdef __OPTIMIZE__
#define WSK_EMU_SEH_OPTIMIZED 1
#else
#define WSK_EMU_SEH_OPTIMIZED 0
#endif

#undef __try
#undef __except
#undef __finally
#undef __leave

/* clang-format off */

/* The number of the block has to be a name that filter and handler both see, and no variable: a declaration would take a
 * loop in C. */
#ifdef __cplusplus
#define WSK_EMU_SEH_IF if (wsk_emu_seh_condition<__COUNTER__> wsk_emu_seh_block_ =
#define WSK_EMU_SEH_BLOCK decltype(wsk_emu_seh_block_)::number
#define WSK_EMU_SEH_FRAME_INIT wsk_emu_seh_frame()
#else
#define WSK_EMU_SEH_IF if (sizeof(enum { wsk_emu_seh_block_ = __COUNTER__ }) == 0 ||
#define WSK_EMU_SEH_BLOCK wsk_emu_seh_block_
#define WSK_EMU_SEH_FRAME_INIT { 0 }
#endif

#define WSK_EMU_SEH_TRY                                                                                                \
    WSK_EMU_SEH_IF __extension__({                                                                                     \
        __label__ wsk_emu_seh_body_, wsk_emu_seh_leave_, wsk_emu_seh_look_;                                            \
        struct wsk_emu_seh_frame wsk_emu_seh_frame_ __attribute__((__cleanup__(wsk_emu_seh_leave_body)))               \
            = WSK_EMU_SEH_FRAME_INIT;                                                                                  \
        wsk_emu_seh_frame_.file = __FILE__;                                                                            \
        wsk_emu_seh_frame_.line = __LINE__;                                                                            \
        if (WSK_EMU_SEH_SETJMP(wsk_emu_seh_frame_.jump) == 0) {                                                        \
            goto wsk_emu_seh_look_;                                                                                    \
        wsk_emu_seh_body_:;

#define WSK_EMU_SEH_BODY_END(_is_finally)                                                                              \
        wsk_emu_seh_leave_:                                                                                            \
            __attribute__((__unused__));                                                                               \
            wsk_emu_seh_end(&wsk_emu_seh_frame_);                                                                      \
            if (0) {                                                                                                   \
            wsk_emu_seh_look_:                                                                                         \
                wsk_emu_seh_enter(&wsk_emu_seh_frame_, (_is_finally), WSK_EMU_SEH_OPTIMIZED);                          \
                goto wsk_emu_seh_body_;                                                                                \
            }                                                                                                          \
        }

#define __try WSK_EMU_SEH_TRY

#define __except(...)                                                                                                  \
        WSK_EMU_SEH_BODY_END(0)                                                                                        \
        else {                                                                                                         \
            wsk_emu_seh_catch(&wsk_emu_seh_frame_, __builtin_frame_address(0), WSK_EMU_SEH_BLOCK);                     \
            wsk_emu_seh_filter(&wsk_emu_seh_frame_, (__VA_ARGS__));                                                    \
        }                                                                                                              \
        wsk_emu_seh_frame_.is_raised == 0;                                                                             \
    })) {                                                                                                              \
    } else

#define __finally                                                                                                      \
        WSK_EMU_SEH_BODY_END(1)                                                                                        \
        wsk_emu_seh_hand_over(&wsk_emu_seh_frame_);                                                                    \
        0;                                                                                                             \
    })) {                                                                                                              \
    } else                                                                                                             \
        for (struct wsk_emu_seh_ending wsk_emu_seh_ending_ __attribute__((__cleanup__(wsk_emu_seh_leave_ending)))      \
             = wsk_emu_seh_take_over();                                                                                \
             wsk_emu_seh_ending_.is_running; wsk_emu_seh_resume(&wsk_emu_seh_ending_))

#define __leave goto wsk_emu_seh_leave_

/* clang-format on */

/* Valid in the filter and in the handler. */
#define WSK_EMU_SEH_CAUGHT() wsk_emu_seh_caught(__builtin_frame_address(0), WSK_EMU_SEH_BLOCK)
#define GetExceptionCode() (WSK_EMU_SEH_CAUGHT()->record.ExceptionCode)
#define GetExceptionInformation() (&WSK_EMU_SEH_CAUGHT()->pointers)
#define _exception_code() GetExceptionCode()
#define _exception_info() GetExceptionInformation()
#define exception_code GetExceptionCode
#define exception_info GetExceptionInformation

/* Valid in the termination block. */
#define AbnormalTermination() (wsk_emu_seh_ending_.is_raised != 0)
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

extern "C++" {
/* What the condition of a guarded block in C++ declares: true when there is nothing to handle. */
template <int wsk_emu_seh_number> struct wsk_emu_seh_condition {
    enum { number = wsk_emu_seh_number };

    wsk_emu_seh_condition(bool value) : is_quiet(value)
    {
    }
    explicit operator bool() const
    {
        return is_quiet;
    }

    bool is_quiet;
};
}
#endif

#endif
