/* SPDX-License-Identifier: MIT */
/* For tests of what becomes of calls that the host refuses. */
#include "host_fault.h"

#include "wsk_emu/cmocka.h"

#include "host/host_net_ops.h"

static struct {
    const struct we_host_net_ops *real;
    struct we_host_net_ops ops;
    enum host_call call;
    unsigned countdown;
    enum we_err err; /* WE_OK: the call is made */
    void (*act)(void *context);
    void *context;
} s_fault;

/* Whether this call is the one. */
static bool is_due(enum host_call call)
{
    if (s_fault.call != call || s_fault.countdown == 0 || --s_fault.countdown > 0) {
        return false;
    }
    if (s_fault.act != NULL) {
        s_fault.act(s_fault.context);
    }
    return s_fault.err != WE_OK;
}

static enum we_err watch(struct we_host_ep *ep)
{
    return is_due(HOST_WATCH) ? s_fault.err : s_fault.real->watch(ep);
}

static enum we_err confirm(struct we_host_ep *request)
{
    return is_due(HOST_CONFIRM) ? s_fault.err : s_fault.real->confirm(request);
}

static enum we_err send_bytes(struct we_host_ep *ep, const struct we_host_iov *iov, unsigned iov_count, size_t *bytes)
{
    return is_due(HOST_SEND) ? s_fault.err : s_fault.real->send(ep, iov, iov_count, bytes);
}

static enum we_err shutdown_send(struct we_host_ep *ep)
{
    return is_due(HOST_SHUTDOWN_SEND) ? s_fault.err : s_fault.real->shutdown_send(ep);
}

static enum we_err local(struct we_host_ep *ep, struct we_base_addr *addr)
{
    return is_due(HOST_LOCAL) ? s_fault.err : s_fault.real->local(ep, addr);
}

static enum we_err remote(struct we_host_ep *ep, struct we_base_addr *addr)
{
    return is_due(HOST_REMOTE) ? s_fault.err : s_fault.real->remote(ep, addr);
}

static enum we_err route(const struct we_base_addr *to, struct we_base_addr *from)
{
    return is_due(HOST_ROUTE) ? s_fault.err : s_fault.real->route(to, from);
}

static enum we_err interface_of(const struct we_base_addr *addr, uint32_t *interface_index)
{
    return is_due(HOST_INTERFACE) ? s_fault.err : s_fault.real->interface_of(addr, interface_index);
}

static size_t ideal_backlog_bytes(struct we_host_ep *ep)
{
    return is_due(HOST_BACKLOG) ? 0 : s_fault.real->ideal_backlog_bytes(ep);
}

static bool has_option(enum we_host_ep_option option)
{
    return !is_due(HOST_HAS_OPTION) && s_fault.real->has_option(option);
}

static enum we_err dgram_set(struct we_host_ep *ep, enum we_host_dgram_option option, int value)
{
    return is_due(HOST_DGRAM_SET) ? s_fault.err : s_fault.real->dgram_set(ep, option, value);
}

static void begin(enum host_call call, unsigned index)
{
    s_fault.call = call;
    s_fault.countdown = index;
    s_fault.real = we_host_net_replace_ops(&s_fault.ops);
    assert_ptr_not_equal(s_fault.real, &s_fault.ops); /* one at a time */
    s_fault.ops = *s_fault.real;
    s_fault.ops.watch = watch;
    s_fault.ops.confirm = confirm;
    s_fault.ops.send = send_bytes;
    s_fault.ops.shutdown_send = shutdown_send;
    s_fault.ops.local = local;
    s_fault.ops.remote = remote;
    s_fault.ops.route = route;
    s_fault.ops.interface_of = interface_of;
    s_fault.ops.ideal_backlog_bytes = ideal_backlog_bytes;
    s_fault.ops.has_option = has_option;
    s_fault.ops.dgram_set = dgram_set;
}

void host_fault_begin(enum host_call call, unsigned index, enum we_err err)
{
    assert_int_not_equal(err, WE_OK);
    s_fault.err = err;
    s_fault.act = NULL;
    begin(call, index);
}

void host_interlude_begin(enum host_call call, unsigned index, void (*act)(void *context), void *context)
{
    s_fault.err = WE_OK;
    s_fault.act = act;
    s_fault.context = context;
    begin(call, index);
}

void host_fault_end(void)
{
    (void)we_host_net_replace_ops(s_fault.real);
    assert_int_equal(s_fault.countdown, 0);
}

void host_interlude_end(void)
{
    host_fault_end();
}
