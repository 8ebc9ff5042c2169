/* SPDX-License-Identifier: MIT */
/* The per-thread record: IRQL, processor, door frames, held spin locks, the thread object. */
#ifndef WE_NT_THREAD_H
#define WE_NT_THREAD_H

#include <wdm.h>

#include "base/base_assert.h"
#include "host/host_exec.h"
#include "host/host_trace.h"

struct we_nt_cpu;
struct we_nt_section;

/* Callbacks of the network module registrar. */
#define WE_NT_NMR_DOOR_LIST(X)                           \
    X(NMR_CLIENT_ATTACH, "ClientAttachProvider")         \
    X(NMR_CLIENT_DETACH, "ClientDetachProvider")         \
    X(NMR_CLIENT_CLEANUP, "ClientCleanupBindingContext") \
    X(NMR_PROVIDER_ATTACH, "ProviderAttachClient")       \
    X(NMR_PROVIDER_DETACH, "ProviderDetachClient")       \
    X(NMR_PROVIDER_CLEANUP, "ProviderCleanupBindingContext")

/* What kind of driver code a door frame runs; names appear in reports. */
#define WE_NT_DOOR_LIST(X)                          \
    X(DRIVER_ENTRY, "DriverEntry")                  \
    X(DRIVER_UNLOAD, "DriverUnload")                \
    X(DISPATCH, "dispatch routine")                 \
    X(COMPLETION, "completion routine")             \
    X(CANCEL, "cancel routine")                     \
    X(CSQ, "routine of a cancel-safe queue")        \
    X(DPC, "DPC routine")                           \
    X(TIMER, "timer routine")                       \
    X(TIMER_DELETE, "delete callback of a timer")   \
    X(WORK_ITEM, "work item routine")               \
    X(THREAD, "thread routine")                     \
    X(LOOKASIDE, "lookaside allocate/free routine") \
    X(START_IO, "StartIo routine")                  \
    WE_NT_NMR_DOOR_LIST(X)                          \
    X(TABLE, "routine of a generic table")          \
    X(RUN_ONCE, "run-once routine")                 \
    X(CALLBACK, "routine of a callback object")     \
    X(QUERY_REGISTRY, "registry query routine")     \
    X(CALLOUT, "callout on a larger stack")         \
    X(CHANGE, "change notification")                \
    X(ETW, "enable callback of an event provider")  \
    X(WSK_CLIENT, "WskClientEvent")                 \
    X(WSK_ACCEPT, "WskAcceptEvent")                 \
    X(WSK_INSPECT, "WskInspectEvent")               \
    X(WSK_ABORT, "WskAbortEvent")                   \
    X(WSK_RECEIVE, "WskReceiveEvent")               \
    X(WSK_DISCONNECT, "WskDisconnectEvent")         \
    X(WSK_SEND_BACKLOG, "WskSendBacklogEvent")      \
    X(WSK_RECEIVE_FROM, "WskReceiveFromEvent")

enum we_nt_door_kind {
#define X(symbol, name) WE_DOOR_##symbol,
    WE_NT_DOOR_LIST(X)
#undef X
        WE_DOOR_KIND_COUNT
};

struct we_nt_frame { /* one call into driver code; lives on the caller's stack */
    struct we_nt_frame *outer;
    enum we_nt_door_kind kind;
    KIRQL entry_irql;
    UCHAR spin_count; /* holds, raises and blocking locks that were open at the entry */
    UCHAR raise_count;
    UCHAR own_count;
    SHORT kernel_apc_disable;
    SHORT special_apc_disable;
    const void *routine;           /* address of the driver's function, for reports */
    const void *object;            /* socket, IRP, DPC: for reports */
    struct wsk_emu_seh_frame *seh; /* the caller's guarded blocks */
};

enum we_nt_hold_kind {
    WE_HOLD_SPIN,
    WE_HOLD_SPIN_AT_DPC,
    WE_HOLD_QUEUED,
    WE_HOLD_QUEUED_AT_DPC,
    WE_HOLD_SHARED, /* an EX_SPIN_LOCK (ex_spinlock.c) */
    WE_HOLD_SHARED_AT_DPC,
    WE_HOLD_EXCLUSIVE,
    WE_HOLD_EXCLUSIVE_AT_DPC,
    WE_HOLD_CANCEL, /* the global cancel lock (io_cancel.c) */
    WE_HOLD_REFUSED /* a recursive acquire that was reported and not carried out */
};
struct we_nt_hold { /* one spin lock held by driver code */
    const void *lock;
    void *handle; /* the PKLOCK_QUEUE_HANDLE of a queued form */
    void *site;   /* who acquired it */
    KIRQL old_irql;
    UCHAR kind; /* enum we_nt_hold_kind */
};
#define WE_NT_HOLD_MAX 16
#define WE_NT_RAISE_MAX 16

enum we_nt_own_kind { /* pairs of forms, safe and unsafe */
                      WE_OWN_FAST_MUTEX,
                      WE_OWN_FAST_MUTEX_UNSAFE,
                      WE_OWN_GUARDED_MUTEX,
                      WE_OWN_GUARDED_MUTEX_UNSAFE,
                      WE_OWN_PUSH_LOCK_SHARED,
                      WE_OWN_PUSH_LOCK_EXCLUSIVE,
                      WE_OWN_RESOURCE
};
struct we_nt_own { /* one blocking lock that driver code owns on this thread */
    const void *lock;
    void *site;      /* who acquired it */
    UCHAR kind;      /* enum we_nt_own_kind */
    BOOLEAN is_void; /* the acquire was reported and not carried out: so is the release */
};
#define WE_NT_OWN_MAX 16 /* more are owned all the same, without checks */

struct we_nt_raise { /* one raise that is still open */
    void *site;
    KIRQL old_irql;
};

struct we_nt_thread {
    DISPATCHER_HEADER header; /* first: PKTHREAD and PETHREAD point here; signalled when the thread ended */
    KIRQL irql;
    UCHAR hold_count;
    UCHAR raise_count;
    UCHAR own_count;
    BOOLEAN is_system; /* made by PsCreateSystemThread */
    BOOLEAN is_worker; /* runs work items */
    BOOLEAN is_cpu;    /* a processor's host thread */
    SHORT kernel_apc_disable;
    SHORT special_apc_disable;
    USHORT attach_count;                 /* to processes */
    struct we_nt_cpu *cpu;               /* owned processor, NULL below DISPATCH_LEVEL */
    struct we_nt_cpu *last_cpu;          /* never NULL once attached */
    struct we_nt_frame *frames;          /* innermost door frame, NULL outside driver code entered by us */
    const struct we_nt_section *section; /* the one that has raised the IRQL; NULL: none */
    struct we_nt_hold holds[WE_NT_HOLD_MAX];
    struct we_nt_raise raises[WE_NT_RAISE_MAX];
    struct we_nt_own owns[WE_NT_OWN_MAX];
    struct we_host_thread host;
    KPRIORITY priority;
    KAFFINITY affinity;        /* 0: never set */
    KAFFINITY system_affinity; /* that of KeSetSystemAffinityThread; 0: none */
    UCHAR ideal_processor;
    ULONG id;
    ULONG failed_poll_count; /* waits with a time-out of zero that were in vain, in a row */
    /* Waiting, guarded by the dispatcher lock. */
    NTSTATUS wait_status;
    BOOLEAN is_waiting;
    WAIT_TYPE wait_type;
    ULONG wait_count;
    /* Ours and not the caller's: they outlive a longjmp out of the wait. */
    KWAIT_BLOCK wait_blocks[MAXIMUM_WAIT_OBJECTS];
    struct we_host_trace wait_trace; /* for "who waits for what" */
    /* Waiting for a blocking lock (ex_block.c), guarded by the dispatcher lock. */
    DISPATCHER_HEADER block_header; /* signalled when the lock is granted */
    LIST_ENTRY block_link;
    const void *block_lock; /* NULL: none */
    UCHAR block_mode;
    GUID activity_id; /* EtwActivityIdControl */
    PKSTART_ROUTINE start_routine;
    PVOID start_context;
    NTSTATUS exit_status;
    struct we_base_list all_link; /* list of all thread records */
};

/* Threads outlive instances: a thread's pointer counts only in the instance that set it. */
struct we_nt_thread_pointer {
    struct we_nt_thread *thread;
    unsigned long generation;
};
extern _Thread_local struct we_nt_thread_pointer we_nt_thread_own __attribute__((tls_model("initial-exec")));
extern unsigned long we_nt_thread_generation; /* changes only while no instance runs */

/* Makes the record of a host thread that we did not create. */
struct we_nt_thread *we_nt_thread_adopt(void);

/* The record if there is one, else NULL. */
static inline struct we_nt_thread *we_nt_thread_peek(void)
{
    return WE_LIKELY(we_nt_thread_own.generation == we_nt_thread_generation) ? we_nt_thread_own.thread : NULL;
}

/* The calling thread's record; made on demand for host threads that we did not create. Fast: every public function
 * needs it. */
static inline struct we_nt_thread *we_nt_thread_current(void)
{
    struct we_nt_thread *thread = we_nt_thread_peek();

    return WE_LIKELY(thread != NULL) ? thread : we_nt_thread_adopt();
}

static inline KIRQL we_nt_irql_current(void)
{
    return we_nt_thread_current()->irql;
}
/* Makes a zeroed record waitable and gives it its id before its host thread exists. attach does so itself for a
 * record that was not prepared. */
void we_nt_thread_prepare(struct we_nt_thread *thread);
/* Adopts / drops the calling host thread (main thread, processor threads). */
void we_nt_thread_attach(struct we_nt_thread *thread, bool is_cpu);
void we_nt_thread_detach(struct we_nt_thread *thread);

/* Start and stop of this part. start makes the main thread's record; false: no memory. stop drops records of foreign
 * threads and resets the main thread's IRQL, frames and holds: a failed test assertion may have left callbacks by
 * longjmp. */
WE_MUST_USE bool we_nt_thread_start(void);
void we_nt_thread_stop(void);
/* The calling thread left driver code by longjmp: gives up its processor, forgets frames, locks and raises. */
void we_nt_thread_recover(void);
void we_nt_thread_each(void (*fn)(struct we_nt_thread *thread, void *context), void *context);

/* Ends a system thread or worker that waits while the kernel stops; frees what the thread record holds through
 * the same path as PsTerminateSystemThread. Does not return (ps_thread.c). */
__attribute__((noreturn)) void we_ps_thread_unwind(struct we_nt_thread *thread);

/* Releases the innermost hold of the thread and restores its IRQL (ke_spinlock.c). */
void we_ke_spinlock_force_release(struct we_nt_thread *thread);

/* One line for reports: thread, processor, IRQL, frames. */
void we_nt_thread_describe(char *text, size_t size_bytes);
const char *we_nt_irql_name(KIRQL irql);
const char *we_nt_door_name(enum we_nt_door_kind kind);

#endif
