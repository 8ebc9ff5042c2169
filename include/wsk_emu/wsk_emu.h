/* SPDX-License-Identifier: MIT */
/** @file
 * Starts and stops an emulated kernel with a Winsock Kernel provider, and says how it runs. */
#ifndef WSK_EMU_WSK_EMU_H
#define WSK_EMU_WSK_EMU_H

#include <stddef.h>

#include "wsk_emu/export.h"
#include "wsk_emu/wdk/ntdef.h"

WSK_EMU_BEGIN

/** On which host threads driver code runs. */
enum wsk_emu_execution {
    WSK_EMU_EXECUTION_DEFAULT = 0, /**< threads */
    WSK_EMU_EXECUTION_THREADS = 1, /**< a host thread for each processor; full speed */
    WSK_EMU_EXECUTION_STEPPED = 2  /**< one thread at a time, callbacks on the test's own thread, simulated time */
};

/** What carries the bytes. */
enum wsk_emu_network {
    WSK_EMU_NETWORK_DEFAULT = 0, /**< sockets */
    WSK_EMU_NETWORK_SOCKETS = 1, /**< BSD sockets: any real client or server can be the peer */
    WSK_EMU_NETWORK_VIRTUAL = 2  /**< links in memory: deterministic, holds handshakes until the verdict */
};

/** Which system call waits for sockets. One that the system does not have makes wsk_emu_start fail. */
enum wsk_emu_poller {
    WSK_EMU_POLLER_AUTO = 0,  /**< the best that the system has: epoll or kqueue */
    WSK_EMU_POLLER_EPOLL = 1, /**< Linux */
    WSK_EMU_POLLER_POLL = 2,  /**< Linux and macOS */
    WSK_EMU_POLLER_KQUEUE = 3 /**< macOS */
};

/** When the completion routine of a WSK request runs. The call returns STATUS_PENDING in all three. */
enum wsk_emu_completion {
    WSK_EMU_COMPLETION_DEFAULT = 0,  /**< inline */
    WSK_EMU_COMPLETION_INLINE = 1,   /**< before the call returns, where the caller's IRQL allows it */
    WSK_EMU_COMPLETION_DEFERRED = 2, /**< after the call has returned, as work of another processor */
    WSK_EMU_COMPLETION_MIXED = 3     /**< drawn from the seed */
};

/** What happens when a driver breaks a rule. */
enum wsk_emu_verifier {
    WSK_EMU_VERIFIER_DEFAULT = 0, /**< report: print and count */
    WSK_EMU_VERIFIER_REPORT = 1,
    WSK_EMU_VERIFIER_ABORT = 2, /**< print, then abort(): for a debugger */
    WSK_EMU_VERIFIER_OFF = 3    /**< check nothing */
};

/** Up to which level what drivers trace (WPP, ETW, TraceLogging) is recorded and shown in the log. */
enum wsk_emu_trace_level {
    WSK_EMU_TRACE_DEFAULT = 0, /**< warning */
    WSK_EMU_TRACE_CRITICAL = 1,
    WSK_EMU_TRACE_ERROR = 2,
    WSK_EMU_TRACE_WARNING = 3,
    WSK_EMU_TRACE_INFORMATION = 4,
    WSK_EMU_TRACE_VERBOSE = 5,
    WSK_EMU_TRACE_ALL = 255,
    WSK_EMU_TRACE_OFF = 256 /**< nothing, not even what has no level */
};

/** Gets each line of the log (DbgPrint output included), without its newline. Must not call the library. */
typedef void wsk_emu_log_fn(void *context, const char *line);

/** How an emulated kernel runs. All members zero, but for size, means the defaults.
 * Values out of range make wsk_emu_start fail with STATUS_INVALID_PARAMETER and say which one in the log. */
struct wsk_emu_config {
    size_t size; /**< sizeof(struct wsk_emu_config); 0 is an error */
    enum wsk_emu_execution execution;
    enum wsk_emu_network network;
    enum wsk_emu_poller poller; /**< sockets only */
    unsigned processors;        /**< 1 .. 16; 0 = 2 */
    unsigned long long seed;    /**< 0 = natural order; WSK_EMU_SEED in the environment overrides it */
    enum wsk_emu_completion completion;
    enum wsk_emu_verifier verifier;
    unsigned no_progress_ms;           /**< threads, and stepped over sockets: report a stall after this real time
                                         without progress; 0 = 10,000 */
    unsigned indication_max_bytes;     /**< cut receive indications to at most this many bytes, and the first MDLs of a
                                         datagram; 0 = do not cut */
    int keep_silent_on_listener_close; /**< nonzero: no WskAbortEvent for pended requests of a closing listener */
    int truncate_datagrams_silently;   /**< nonzero: a datagram that is too long for its WskReceiveFrom completes it
                                         with STATUS_SUCCESS; 0 = with STATUS_BUFFER_OVERFLOW */
    NTSTATUS inspect_complete_after_abort; /**< status of WskInspectComplete for an aborted request; 0 = SUCCESS */
    int connect_ex_hides_bytes; /**< nonzero: WskConnectEx completes with Information 0, not with the bytes of
                                         its buffer */
    int allow_tcp_nodelay;      /**< nonzero: TCP_NODELAY can be set; Windows refuses it */
    NTSTATUS unknown_option;    /**< failure of WskControlSocket for unknown codes; 0 = NOT_SUPPORTED */
    NTSTATUS name_not_found;    /**< status for names that nobody knows; 0 = STATUS_NOT_FOUND from
                                         WskGetAddressInfo, STATUS_NO_MATCH from WskGetNameInfo */
    NTSTATUS name_try_again;    /**< status when no name server answers; 0 = STATUS_IO_TIMEOUT */
    int fail_names_inline;      /**< nonzero: errors of WskGetAddressInfo and WskGetNameInfo that are known
                                         at once are returned at once; else the calls always return STATUS_PENDING */
    int grant_address_sharing;  /**< nonzero: a security descriptor from WSK_CACHE_SD lets other sockets share
                                         the address, where it is asked; 0 = it does not */
    unsigned address_linger_ms; /**< for so long after a socket was closed, WskBind to its address completes with
                                         STATUS_ADDRESS_ALREADY_ASSOCIATED, as seen on Windows; 0 = never */
    enum wsk_emu_trace_level trace_level; /**< WSK_EMU_TRACE in the environment overrides it; docs/tracing.md */
    unsigned long long trace_flags;       /**< only what has one of these flags (WPP) or keywords; 0 = all */
    wsk_emu_log_fn *log;                  /**< NULL = lines on stderr */
    void *log_context;
};

/** Initialises a configuration with the defaults: struct wsk_emu_config config = WSK_EMU_CONFIG_INIT; */
#ifdef __cplusplus
static inline struct wsk_emu_config wsk_emu_config_init(void)
{
    struct wsk_emu_config config = {};

    config.size = sizeof(config);
    return config;
}
#define WSK_EMU_CONFIG_INIT wsk_emu_config_init()
#else
#define WSK_EMU_CONFIG_INIT                   \
    {                                         \
        .size = sizeof(struct wsk_emu_config) \
    }
#endif

/** Starts an emulated kernel; the calling thread becomes its main thread. One a process at a time.
 * @param config NULL = defaults (threads, sockets). Copied.
 * @return STATUS_SUCCESS; STATUS_INVALID_PARAMETER (bad size or value); STATUS_INVALID_DEVICE_STATE (started already);
 * STATUS_INSUFFICIENT_RESOURCES. On failure nothing is left behind and the log says why. */
WSK_EMU_API NTSTATUS wsk_emu_start(const struct wsk_emu_config *config);

/** Stops it: ends what drivers left running, reports it, and frees everything. The next start works in any case.
 * Call it on the thread that called wsk_emu_start. While stopped it does nothing and returns 0.
 * @return number of unexpected verifier reports since the start, leaks included. */
WSK_EMU_API size_t wsk_emu_stop(void);

/** The version of the library that is linked, "major.minor.patch". */
WSK_EMU_API const char *wsk_emu_version(void);

WSK_EMU_END

#endif
