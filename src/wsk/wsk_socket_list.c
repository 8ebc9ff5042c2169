/* SPDX-License-Identifier: MIT */
/* All open sockets, and the memory of those that ended. */
#include "wsk/wsk_socket_list.h"

#include "wsk/wsk_conn.h"

#include "host/host_mem.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * The list lock guards the list of open sockets and the tombstones. Its rank is above the locks of sockets, because a
 * listener makes accepted sockets with its own lock held.
 *
 * While the kernel stops, the ring of tombstones does not turn: a thread of a driver that a failed test has left running
 * may still call functions of any socket, and has to find memory that says that it is closed.
 */

#define TOMBSTONE_COUNT 64

static struct we_host_mutex s_list_lock = WE_HOST_MUTEX_INIT(WE_RANK_SOCKET_LIST);
static struct we_base_list s_sockets = WE_BASE_LIST_INIT(s_sockets);
static struct we_wsk_socket *s_tombstones[TOMBSTONE_COUNT];
static unsigned s_next_tombstone;
static bool s_is_ending;
static struct we_base_list s_ended = WE_BASE_LIST_INIT(s_ended); /* sockets that ended while the kernel stops */

void we_wsk_socket_list_add(struct we_wsk_socket *socket)
{
    we_vrf_ledger_add(&socket->entry, WE_KIND_SOCKET, socket, sizeof(*socket), 0,
                      we_wsk_category_name(socket->category));
    we_host_mutex_lock(&s_list_lock);
    we_base_list_append(&s_sockets, &socket->client_link);
    we_host_mutex_unlock(&s_list_lock);
}

void we_wsk_socket_list_remove(struct we_wsk_socket *socket)
{
    we_host_mutex_lock(&s_list_lock);
    we_base_list_remove(&socket->client_link);
    we_host_mutex_unlock(&s_list_lock);
    we_vrf_ledger_remove_traced(&socket->entry, &socket->closed);
}

static void socket_free(struct we_wsk_socket *socket)
{
    we_host_mutex_fini(&socket->lock);
    we_host_free(socket);
}

void we_wsk_socket_list_bury(struct we_wsk_socket *socket)
{
    struct we_wsk_socket *oldest;

    we_host_mutex_lock(&s_list_lock);
    if (s_is_ending) {
        we_base_list_append(&s_ended, &socket->client_link);
        oldest = NULL;
    } else {
        oldest = s_tombstones[s_next_tombstone];
        s_tombstones[s_next_tombstone] = socket;
        s_next_tombstone = (s_next_tombstone + 1) % TOMBSTONE_COUNT;
    }
    we_host_mutex_unlock(&s_list_lock);
    if (oldest != NULL) {
        socket_free(oldest);
    }
}

void we_wsk_socket_report_open(const struct we_wsk_client *client)
{
    we_host_mutex_lock(&s_list_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_sockets) {
        struct we_wsk_socket *socket = WE_BASE_LIST_ITEM(link, struct we_wsk_socket, client_link);

        if (socket->client == client) {
            we_vrf_report_entry(WE_RULE_SOCK_062, &socket->entry, "WskDeregister waits for socket %p, which is %s",
                                (void *)socket,
                                we_wsk_is_closing(socket)           ? "closing"
                                : we_wsk_conn_is_being_made(socket) ? "made by a pending WskSocketConnect"
                                                                    : "open");
        }
    }
    we_host_mutex_unlock(&s_list_lock);
}

struct we_wsk_socket *we_wsk_socket_list_first(bool is_closing_included)
{
    struct we_wsk_socket *found = NULL;

    we_host_mutex_lock(&s_list_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_sockets) {
        struct we_wsk_socket *socket = WE_BASE_LIST_ITEM(link, struct we_wsk_socket, client_link);

        if (is_closing_included || !we_wsk_is_closing(socket)) {
            /* A socket is on the list for as long as its own reference lasts. */
            we_wsk_socket_ref(socket);
            found = socket;
            break;
        }
    }
    we_host_mutex_unlock(&s_list_lock);
    return found;
}

bool we_wsk_socket_list_is_empty(void)
{
    bool is_empty;

    we_host_mutex_lock(&s_list_lock);
    is_empty = we_base_list_is_empty(&s_sockets);
    we_host_mutex_unlock(&s_list_lock);
    return is_empty;
}

bool we_wsk_socket_list_awaits_peer(const struct we_wsk_client *client)
{
    bool is_found = false;

    we_host_mutex_lock(&s_list_lock);
    WE_BASE_LIST_FOR_EACH (link, &s_sockets) {
        struct we_wsk_socket *socket = WE_BASE_LIST_ITEM(link, struct we_wsk_socket, client_link);
        /* The open socket counts one, each pending request another. */
        uint32_t rundown_count = (uint32_t)__atomic_load_n(&socket->counts, __ATOMIC_SEQ_CST);

        if (socket->client == client && (WE_WSK_CATEGORY_BIT(socket->category) & WE_WSK_CONNECTIONS) != 0 &&
            we_wsk_socket_role(socket) != WE_WSK_LISTEN && !we_wsk_is_closing(socket) && rundown_count > 1) {
            is_found = true;
            break;
        }
    }
    we_host_mutex_unlock(&s_list_lock);
    return is_found;
}

void we_wsk_socket_list_end(void)
{
    we_host_mutex_lock(&s_list_lock);
    s_is_ending = true;
    we_host_mutex_unlock(&s_list_lock);
}

void we_wsk_socket_free_all(void)
{
    struct we_base_list *link;
    unsigned i;

    for (i = 0; i < TOMBSTONE_COUNT; i++) {
        if (s_tombstones[i] != NULL) {
            socket_free(s_tombstones[i]);
            s_tombstones[i] = NULL;
        }
    }
    s_next_tombstone = 0;
    while ((link = we_base_list_pop(&s_ended)) != NULL) {
        socket_free(WE_BASE_LIST_ITEM(link, struct we_wsk_socket, client_link));
    }
    s_is_ending = false;
}
