/* SPDX-License-Identifier: MIT */
/* The instance: checks the configuration, brings the layers up in order and down in reverse; nothing else. */
#include "wsk_emu/wsk_emu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <wdm.h>

#include "base/base_err.h"
#include "drv/drv_object.h"
#include "host/host_exec.h"
#include "host/host_lock.h"
#include "host/host_log.h"
#include "host/host_net.h"
#include "host/host_resolve.h"
#include "instance.h"
#include "nt/io_request.h"
#include "nt/nmr_registrar.h"
#include "nt/nt_door.h"
#include "nt/nt_forget.h"
#include "nt/nt_init.h"
#include "nt/nt_stall.h"
#include "nt/nt_thread.h"
#include "nt/rtl_dbg.h"
#include "vrf/vrf_report.h"
#include "wsk/wsk_init.h"
#include "wsk_emu/version.h"

/* Design
 *
 * Start order: log, verifier, network, NT services, WSK provider, driver loader; stop order is the reverse. The state
 * says who may do what: only the caller that moved it to STARTING or STOPPING touches the parts, without the lock,
 * because the parts take locks, create threads and wait.
 *
 * A test may have left driver code, or a wait, by longjmp before it stops the kernel: the main thread's record shows
 * that. Then driver code is shut out before anything else, because the stack frames that it refers to are gone, and what
 * drivers had in them is forgotten.
 */

#define PROCESSORS_DEFAULT 2
#define NO_PROGRESS_MS_DEFAULT 10000

enum state { STATE_STOPPED, STATE_STARTING, STATE_RUNNING, STATE_STOPPING };

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_INSTANCE);
static enum state s_state = STATE_STOPPED; /* guarded by s_lock */
static unsigned long long s_start_count;   /* guarded by s_lock */

/* The user's log; constant while an instance runs. */
static wsk_emu_log_fn *s_log;
static void *s_log_context;

/* The configuration as the parts want it. */
struct settings {
    enum we_host_log_level log_level;
    struct we_vrf_config vrf;
    struct we_host_net_config net;
    struct we_nt_config nt;
    struct we_wsk_config wsk;
};

/* Moves from one state to another; false when it was a third one. */
static bool state_move(enum state from, enum state to)
{
    bool is_moved;

    we_host_mutex_lock(&s_lock);
    is_moved = s_state == from;
    if (is_moved) {
        s_state = to;
        s_start_count += to == STATE_RUNNING ? 1 : 0;
    }
    we_host_mutex_unlock(&s_lock);
    return is_moved;
}

bool we_instance_is_running(void)
{
    bool is_running;

    we_host_mutex_lock(&s_lock);
    is_running = s_state == STATE_RUNNING;
    we_host_mutex_unlock(&s_lock);
    return is_running;
}

unsigned long long we_instance_number(void)
{
    unsigned long long number;

    we_host_mutex_lock(&s_lock);
    number = s_state == STATE_RUNNING ? s_start_count : 0;
    we_host_mutex_unlock(&s_lock);
    return number;
}

/* --- log ------------------------------------------------------------------------------- */

static void line_log(void *context, enum we_host_log_level level, const char *line)
{
    (void)context;
    (void)level;
    s_log(s_log_context, line);
}

static void log_start(const struct wsk_emu_config *config)
{
    s_log = config->log;
    s_log_context = config->log_context;
    we_host_log_set_sink(s_log != NULL ? line_log : NULL, NULL);
}

static void log_stop(void)
{
    we_host_log_set_sink(NULL, NULL);
    s_log = NULL;
    s_log_context = NULL;
}

/* --- configuration --------------------------------------------------------------------- */

static bool value_check(const char *member, unsigned value, unsigned highest)
{
    if (value > highest) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: config.%s is %u; the highest value is %u", member, value, highest);
        return false;
    }
    return true;
}

/* A call that does nothing must not look like one that succeeded, or is pending. */
static bool failure_check(const char *member, NTSTATUS status)
{
    if (status != 0 && NT_SUCCESS(status)) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: config.%s is 0x%08X; it has to be a failure", member,
                    (unsigned)status);
        return false;
    }
    return true;
}

/* One line for each member that is wrong. */
static bool config_check(const struct wsk_emu_config *config)
{
    bool is_good = true;

    is_good &= value_check("execution", (unsigned)config->execution, WSK_EMU_EXECUTION_STEPPED);
    is_good &= value_check("network", (unsigned)config->network, WSK_EMU_NETWORK_VIRTUAL);
    is_good &= value_check("poller", (unsigned)config->poller, WSK_EMU_POLLER_KQUEUE);
    is_good &= value_check("processors", config->processors, WE_HOST_CPU_MAX);
    is_good &= value_check("completion", (unsigned)config->completion, WSK_EMU_COMPLETION_MIXED);
    is_good &= value_check("verifier", (unsigned)config->verifier, WSK_EMU_VERIFIER_OFF);
    is_good &= value_check("trace_level", (unsigned)config->trace_level, WSK_EMU_TRACE_OFF);
    is_good &= failure_check("unknown_option", config->unknown_option);
    return is_good;
}

/* The environment wins, so that a failing test can be replayed without rebuilding it. A seed that cannot be read is an
 * error: the run would not be the one that was asked for. */
static bool seed_read(unsigned long long config_seed, uint64_t *seed)
{
    const char *text = getenv("WSK_EMU_SEED");
    char *end;

    *seed = config_seed;
    if (text == NULL || *text == 0) {
        return true;
    }
    *seed = strtoull(text, &end, 0);
    if (end == text || *end != 0 || *text == '-') {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: WSK_EMU_SEED is \"%s\", which is not a number", text);
        return false;
    }
    return true;
}

static bool log_level_read(enum we_host_log_level *level)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    const char *text = getenv("WSK_EMU_LOG");

    *level = we_host_log_get_level();
    if (text == NULL || *text == 0) {
        return true;
    }
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *level = (enum we_host_log_level)i;
            return true;
        }
    }
    we_host_log(WE_LOG_ERROR, "wsk_emu_start: WSK_EMU_LOG is \"%s\"; it can be error, warning, info or debug", text);
    return false;
}

static bool trace_read(const struct wsk_emu_config *config, struct we_etw_config *etw)
{
    const char *text = getenv("WSK_EMU_TRACE");

    if (config->trace_level == WSK_EMU_TRACE_DEFAULT) {
        etw->setting.level = WSK_EMU_TRACE_WARNING;
    } else {
        etw->setting.level = (UCHAR)config->trace_level;
    }
    etw->setting.is_on = config->trace_level != WSK_EMU_TRACE_OFF;
    etw->setting.keyword = config->trace_flags != 0 ? config->trace_flags : ~0ull;
    if (text == NULL || *text == 0 || we_etw_config_parse(text, etw)) {
        return true;
    }
    we_host_log(WE_LOG_ERROR,
                "wsk_emu_start: WSK_EMU_TRACE is \"%s\"; it can be a level (off, error, warning, information, verbose, "
                "all or a number up to 255), and flags after a colon",
                text);
    return false;
}

static void stalled(void)
{
    if (we_host_resolve_is_asking()) {
        return; /* on somebody outside this process */
    }
    we_io_report_stalled();
    we_wsk_report_stalled();
    we_nmr_report_stalled();
    we_nt_stall();
}

static void nt_settings_fill(struct we_nt_config *nt, const struct wsk_emu_config *config)
{
    nt->execution = config->execution == WSK_EMU_EXECUTION_STEPPED ? WE_EXEC_STEPPED : WE_EXEC_THREADS;
    nt->cpu_count = config->processors != 0 ? config->processors : PROCESSORS_DEFAULT;
    nt->no_progress_ms = config->no_progress_ms != 0 ? config->no_progress_ms : NO_PROGRESS_MS_DEFAULT;
    nt->stalled = stalled;
    switch (config->completion) {
    case WSK_EMU_COMPLETION_DEFERRED:
        nt->completion = WE_COMPLETE_DEFERRED;
        break;
    case WSK_EMU_COMPLETION_MIXED:
        nt->completion = WE_COMPLETE_MIXED;
        break;
    default:
        nt->completion = WE_COMPLETE_INLINE;
        break;
    }
}

static void net_settings_fill(struct we_host_net_config *net, const struct wsk_emu_config *config, unsigned cpu_count)
{
    net->network = config->network == WSK_EMU_NETWORK_VIRTUAL ? WE_NET_VIRTUAL : WE_NET_SOCKETS;
    net->cpu_count = cpu_count;
    switch (config->poller) {
    case WSK_EMU_POLLER_EPOLL:
        net->poller = WE_POLLER_EPOLL;
        break;
    case WSK_EMU_POLLER_POLL:
        net->poller = WE_POLLER_POLL;
        break;
    case WSK_EMU_POLLER_KQUEUE:
        net->poller = WE_POLLER_KQUEUE;
        break;
    default:
        net->poller = WE_POLLER_AUTO;
        break;
    }
}

/* False: something is wrong, and the log says what. */
static bool settings_make(struct settings *settings, const struct wsk_emu_config *config)
{
    bool is_good = config_check(config);

    memset(settings, 0, sizeof(*settings));
    is_good &= seed_read(config->seed, &settings->nt.seed);
    is_good &= log_level_read(&settings->log_level);
    is_good &= trace_read(config, &settings->nt.etw);
    if (!is_good) {
        return false;
    }
    settings->vrf.is_enabled = config->verifier != WSK_EMU_VERIFIER_OFF;
    settings->vrf.abort_on_report = config->verifier == WSK_EMU_VERIFIER_ABORT;
    nt_settings_fill(&settings->nt, config);
    net_settings_fill(&settings->net, config, settings->nt.cpu_count);
    settings->wsk.abort_on_listener_close = config->keep_silent_on_listener_close == 0;
    settings->wsk.inspect_complete_after_abort_status = config->inspect_complete_after_abort;
    settings->wsk.connect_ex_hides_bytes = config->connect_ex_hides_bytes != 0;
    settings->wsk.is_tcp_nodelay_allowed = config->allow_tcp_nodelay != 0;
    settings->wsk.unknown_option_status = config->unknown_option != 0 ? config->unknown_option : STATUS_NOT_SUPPORTED;
    settings->wsk.datagram_truncation_status =
        config->truncate_datagrams_silently != 0 ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
    settings->wsk.name_not_found_status = config->name_not_found;
    settings->wsk.name_try_again_status = config->name_try_again;
    settings->wsk.fail_names_inline = config->fail_names_inline != 0;
    settings->wsk.grant_address_sharing = config->grant_address_sharing != 0;
    settings->wsk.address_linger_ms = config->address_linger_ms;
    settings->wsk.indication_max_bytes = config->indication_max_bytes;
    return true;
}

/* --- start ----------------------------------------------------------------------------- */

static NTSTATUS status_of_net(enum we_err err)
{
    return err == WE_ERR_NOT_SUPPORTED || err == WE_ERR_INVALID ? STATUS_INVALID_PARAMETER
                                                                : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS parts_start(const struct settings *settings)
{
    NTSTATUS status;
    enum we_err err;

    we_nt_door_shut(false);
    we_rtl_dbg_reset();
    we_vrf_start(&settings->vrf);
    err = we_host_net_start(&settings->net);
    if (err != WE_OK) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: the network cannot be started: %s", we_base_err_text(err));
        status = status_of_net(err);
        goto stop_vrf;
    }
    status = we_nt_start(&settings->nt);
    if (!NT_SUCCESS(status)) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: the kernel services cannot be started (status 0x%08X)",
                    (unsigned)status);
        goto stop_net;
    }
    status = we_wsk_start(&settings->wsk);
    if (!NT_SUCCESS(status)) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: the WSK provider cannot be started (status 0x%08X)",
                    (unsigned)status);
        goto stop_nt;
    }
    we_drv_start();
    return STATUS_SUCCESS;

stop_nt:
    we_nt_stop();
stop_net:
    (void)we_host_net_stop();
stop_vrf:
    (void)we_vrf_stop();
    return status;
}

NTSTATUS wsk_emu_start(const struct wsk_emu_config *config)
{
    static const struct wsk_emu_config defaults = WSK_EMU_CONFIG_INIT;
    enum we_host_log_level level_before = we_host_log_get_level();
    struct settings settings;
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (!state_move(STATE_STOPPED, STATE_STARTING)) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: an emulated kernel runs already");
        return STATUS_INVALID_DEVICE_STATE;
    }
    config = config != NULL ? config : &defaults;
    if (config->size != sizeof(*config)) {
        /* Nothing else in it can be trusted, its log neither. */
        we_host_log(WE_LOG_ERROR, "wsk_emu_start: config.size is %zu, expected %zu", config->size, sizeof(*config));
        goto set_stopped;
    }
    log_start(config);
    if (!settings_make(&settings, config)) {
        goto stop_log;
    }
    we_host_log_set_level(settings.log_level);
    status = parts_start(&settings);
    if (!NT_SUCCESS(status)) {
        goto stop_log;
    }
    (void)state_move(STATE_STARTING, STATE_RUNNING);
    return STATUS_SUCCESS;

stop_log:
    log_stop();
    we_host_log_set_level(level_before);
set_stopped:
    (void)state_move(STATE_STARTING, STATE_STOPPED);
    return status;
}

/* --- stop ------------------------------------------------------------------------------ */

static bool main_thread_left_driver_code(void)
{
    const struct we_nt_thread *thread = we_nt_thread_peek();

    return thread != NULL && (thread->frames != NULL || thread->is_waiting);
}

/* is_left: the test did not come back. Returns the number of unexpected reports. */
static size_t parts_stop(bool is_left)
{
    size_t report_count;
    size_t endpoint_count;

    if (is_left) {
        we_nt_door_shut(true);
    }
    we_nt_forget_own_stack(is_left);
    we_nt_thread_recover();
    we_drv_close();
    we_wsk_stop();
    we_drv_stop();
    we_nt_stop();
    we_wsk_free();
    endpoint_count = we_host_net_stop();
    if (endpoint_count > 0) {
        we_host_log(WE_LOG_WARNING, "wsk_emu_stop: %zu endpoint(s) of the test's peers were still open",
                    endpoint_count);
    }
    report_count = we_vrf_stop();
    we_nt_door_shut(false);
    we_rtl_dbg_reset();
    return report_count;
}

static bool stop_begin(void)
{
    if (!we_instance_is_running()) {
        return false;
    }
    if (!we_host_exec_is_main()) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_stop: only the thread that called wsk_emu_start may stop the kernel");
        return false;
    }
    return state_move(STATE_RUNNING, STATE_STOPPING);
}

size_t wsk_emu_stop(void)
{
    size_t report_count;

    we_host_lock_ranks_reset(); /* those of a part that a longjmp left */
    /* While everything still runs: drivers are called, and a failing test may leave from there. */
    if (we_instance_is_running() && we_host_exec_is_main() && !main_thread_left_driver_code()) {
        we_drv_shutdown();
    }
    if (!stop_begin()) {
        return 0;
    }
    report_count = parts_stop(main_thread_left_driver_code());
    log_stop();
    (void)state_move(STATE_STOPPING, STATE_STOPPED);
    return report_count;
}

void we_instance_abandon(void)
{
    static const struct we_vrf_config silent = { .is_enabled = false };

    we_host_lock_ranks_reset();
    if (!stop_begin()) {
        return;
    }
    we_vrf_start(&silent);
    (void)parts_stop(true);
    log_stop();
    (void)state_move(STATE_STOPPING, STATE_STOPPED);
}

/* --- version --------------------------------------------------------------------------- */

#define TEXT(x) #x
#define VERSION_TEXT(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)

const char *wsk_emu_version(void)
{
    return VERSION_TEXT(WSK_EMU_VERSION_MAJOR, WSK_EMU_VERSION_MINOR, WSK_EMU_VERSION_PATCH);
}
