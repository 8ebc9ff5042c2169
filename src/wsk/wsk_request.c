/* SPDX-License-Identifier: MIT */
/* The listener's table of incoming requests: records, ids, and the memory of finished ones. */
#include "wsk/wsk_request.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_mem.h"

void we_wsk_request_ref(struct we_wsk_request_record *request)
{
    __atomic_add_fetch(&request->references, 1, __ATOMIC_SEQ_CST);
}

void we_wsk_request_unref(struct we_wsk_request_record *request)
{
    struct we_wsk_socket *listener = request->listener; /* read while the record is certain to be there */
    LONG left = __atomic_sub_fetch(&request->references, 1, __ATOMIC_SEQ_CST);

    WE_ASSERT(left >= 0);
    if (left == 0) {
        WE_ASSERT(request->ep == NULL);
        we_host_mutex_lock(&listener->lock);
        we_base_list_remove(&request->link);
        we_host_mutex_unlock(&listener->lock);
        if (request->accepted != NULL) {
            we_wsk_socket_unref(request->accepted);
        }
        we_host_free(request);
        we_wsk_socket_unref(listener);
    }
}

/* The concrete local address: a wildcard listener shows the one the connection came in on. */
static void request_learn_addresses(struct we_wsk_request_record *request)
{
    if (we_host_ep_local(request->ep, &request->local) != WE_OK) {
        request->local = request->listener->local;
    }
    if (we_host_ep_remote(request->ep, &request->remote) != WE_OK) {
        request->remote = we_base_addr_any(request->local.family, 0); /* gone already */
    }
}

struct we_wsk_request_record *we_wsk_request_create(struct we_wsk_socket *listener, struct we_host_ep *ep,
                                                    bool is_conditional)
{
    struct we_wsk_request_record *request = (struct we_wsk_request_record *)we_host_zalloc(sizeof(*request));

    if (request == NULL) {
        we_host_refuse(ep);
        return NULL;
    }
    request->references = 2; /* the table's and the caller's */
    request->listener = listener;
    request->ep = ep;
    we_base_list_init(&request->link);
    we_base_list_init(&request->abort_link);
    we_wsk_accept_init(&request->machine, is_conditional);
    request_learn_addresses(request);
    we_wsk_socket_ref(listener);

    we_host_mutex_lock(&listener->lock);
    if (!we_wsk_is_closing(listener)) { /* else nobody would ever tell the request that its listener closes */
        request->id = we_base_idmap_add(&listener->listener->ids, request);
    }
    if (request->id != 0) {
        request->serial = ++listener->listener->next_serial;
        we_base_list_append(&listener->listener->requests, &request->link);
        listener->listener->request_count++;
    }
    we_host_mutex_unlock(&listener->lock);
    if (request->id != 0) {
        return request;
    }
    request->ep = NULL;
    we_host_refuse(ep);
    we_wsk_request_unref(request);
    we_wsk_request_unref(request);
    return NULL;
}

WSK_INSPECT_ID we_wsk_request_id(const struct we_wsk_request_record *request)
{
    WSK_INSPECT_ID id;

    memset(&id, 0, sizeof(id));
    id.Key = (ULONG_PTR)request->id;
    id.SerialNumber = request->serial;
    return id;
}

void we_wsk_request_retire_locked(struct we_wsk_request_record *request)
{
    struct we_wsk_listener *listener = request->listener->listener;
    struct we_wsk_finished *finished = &listener->finished[listener->next_finished];

    listener->next_finished = (listener->next_finished + 1) % WE_WSK_FINISHED_MAX;
    finished->key = (ULONG_PTR)request->id;
    finished->serial = request->serial;
    finished->was_aborted = request->machine.was_aborted;
    (void)we_base_idmap_remove(&listener->ids, request->id);
    we_base_list_remove(&request->link);
    we_base_list_append(&listener->leaving, &request->link);
    listener->request_count--;
}

void we_wsk_request_discard(struct we_wsk_request_record *request)
{
    WE_ASSERT(!request->is_in_ledger); /* the close has dropped those that waited for a verdict */
    we_base_list_remove(&request->link);
    if (request->ep != NULL) {
        we_host_close(request->ep, WE_CLOSE_RESET);
    }
    if (request->accepted != NULL) {
        we_wsk_socket_unref(request->accepted);
    }
    we_host_free(request);
}

struct we_wsk_request_record *we_wsk_request_find_locked(struct we_wsk_listener *listener, const WSK_INSPECT_ID *id)
{
    struct we_wsk_request_record *request =
        (struct we_wsk_request_record *)we_base_idmap_find(&listener->ids, (we_base_id)id->Key);

    return request != NULL && request->serial == id->SerialNumber ? request : NULL;
}

bool we_wsk_request_find_finished_locked(const struct we_wsk_listener *listener, const WSK_INSPECT_ID *id,
                                         bool *was_aborted)
{
    unsigned i;

    for (i = 0; i < WE_WSK_FINISHED_MAX; i++) {
        const struct we_wsk_finished *finished = &listener->finished[i];

        if (finished->key == id->Key && finished->serial == id->SerialNumber && finished->serial != 0) {
            *was_aborted = finished->was_aborted;
            return true;
        }
    }
    return false;
}

/* Callbacks last as long as the client likes: the oldest place may still be looked at when all others have been used
 * meanwhile. */
WSK_INSPECT_ID *we_wsk_request_show_locked(struct we_wsk_request_record *request)
{
    struct we_wsk_listener *listener = request->listener->listener;
    WSK_INSPECT_ID *shown;
    unsigned i = 0;

    do {
        WE_ASSERT(i++ < WE_WSK_SHOWN_MAX);
        shown = &listener->shown[listener->next_shown];
        listener->next_shown = (listener->next_shown + 1) % WE_WSK_SHOWN_MAX;
    } while (shown->Key != 0 && shown->Key != WE_WSK_POISON_KEY);
    *shown = we_wsk_request_id(request);
    return shown;
}

void we_wsk_request_poison_locked(WSK_INSPECT_ID *shown)
{
    shown->Key = WE_WSK_POISON_KEY;
    shown->SerialNumber = 0;
}

bool we_wsk_request_is_kept_pointer_locked(const struct we_wsk_listener *listener, const WSK_INSPECT_ID *id)
{
    return (id >= listener->shown && id < listener->shown + WE_WSK_SHOWN_MAX) || id->Key == WE_WSK_POISON_KEY;
}
