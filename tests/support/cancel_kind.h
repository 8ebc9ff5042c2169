/* SPDX-License-Identifier: MIT */
/* Requests that can be pending, and what is cancelled of them: in every place and at every stage. */
#ifndef WE_TEST_CANCEL_KIND_H
#define WE_TEST_CANCEL_KIND_H

#include "contexts.h"

struct cancel_scene {
    struct wsk_fixture *fixture;
    PWSK_SOCKET socket; /* NULL: the request is the client's own */
    USHORT port;        /* of a listener or a datagram socket */
    struct wsk_kit_peer *peer;
    struct conn_request *before; /* what the request waits for, or NULL */
    PIRP irp;
    BOOLEAN was_pending; /* what IoCancelIrp said */
    void *data;          /* the kind's own */
};

/* In a table, for lengths: more than the network takes while nobody reads. */
#define FLOOD (~(SIZE_T)0)
SIZE_T cancel_flood_bytes(const struct cancel_scene *scene);

struct cancel_kind {
    const char *name;
    SIZE_T buffer_bytes;
    bool makes_socket; /* Information is a socket */
    void (*open)(struct cancel_scene *scene);
    NTSTATUS (*post)(struct cancel_scene *scene, struct conn_request *request, PIRP irp);
    /* Makes it begin, as far as it can without being done; NULL: it cannot begin. */
    void (*begin)(struct cancel_scene *scene);
    /* Makes it succeed; NULL: nothing does. */
    void (*satisfy)(struct cancel_scene *scene);
    /* Shows that all is as good as before; moved: the Information of the cancelled request. */
    void (*prove)(struct cancel_scene *scene, SIZE_T moved);
    /* Of a request that was cancelled after it had begun: the least and the most that Information may say. */
    SIZE_T moved_min;
    SIZE_T moved_max;
    /* Ends what the kind itself has opened, when the socket is closed; or NULL. */
    void (*clean)(struct cancel_scene *scene);
};

/* Cancels a request of each kind from there, while it is pending. */
void cancel_while_pending(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count,
                          enum driver_context context);
/* The IRP was cancelled before it was sent: it comes back as cancelled if it would have had to wait. */
void cancel_before_the_call(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count);
void cancel_twice(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count);
/* The request has succeeded: a cancel in its completion routine, and one after it, change nothing. */
void cancel_after_success(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count);

#endif
