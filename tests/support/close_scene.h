/* SPDX-License-Identifier: MIT */
/* A socket, what is pending on it, and its close, called from any of the places in which a driver runs. */
#ifndef WE_TEST_CLOSE_SCENE_H
#define WE_TEST_CLOSE_SCENE_H

#include "contexts.h"

#define CLOSE_PENDING_MAX 5

struct close_scene {
    struct wsk_fixture *fixture;
    PWSK_SOCKET socket;
    struct wsk_request *close;
    NTSTATUS close_returned;
    struct conn_request *pending[CLOSE_PENDING_MAX]; /* what the close has to cancel */
    unsigned pending_count;
    struct wsk_kit_peer *peers[3];
    struct wsk_kit_datagram_peer *datagram_peer;
};

void close_scene_pend(struct close_scene *scene, struct conn_request *request);
/* The socket is connected to the first of the peers: it ends what it sends; it breaks the connection off; the peer does. */
void close_scene_half_close(struct close_scene *scene);
void close_scene_abort(struct close_scene *scene);
void close_scene_reset(struct close_scene *scene);
/* Receives, sends and a disconnect, none of which completes by itself. */
void close_scene_pend_all_kinds(struct close_scene *scene);
/* Calls WskCloseSocket; scene is a struct close_scene. */
void close_scene_call(void *scene);
/* The close has been called: it pends, succeeds, and is the last of all. Frees what the scene has. */
void close_scene_end(struct close_scene *scene);

/* Opens a socket in one condition; what it needs besides is in the scene. */
struct close_condition {
    const char *name;
    void (*open)(struct close_scene *scene);
};

/* Closes a socket in each of the conditions from there. */
void close_in_context(struct wsk_fixture *fixture, const struct close_condition *conditions, size_t count,
                      enum driver_context context);

/* A request of the socket whose completion routine closes it. */
struct close_request {
    const char *name;
    void (*open)(struct close_scene *scene);
    NTSTATUS (*post)(struct close_scene *scene, struct conn_request *request, PIRP irp);
    void (*satisfy)(struct close_scene *scene); /* NULL: it completes by itself */
};

void close_in_own_completions(struct wsk_fixture *fixture, const struct close_request *requests, size_t count);

#endif
