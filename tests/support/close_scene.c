/* SPDX-License-Identifier: MIT */
/* A socket, what is pending on it, and its close, called from any of the places in which a driver runs. */
#include "close_scene.h"

void close_scene_pend(struct close_scene *scene, struct conn_request *request)
{
    assert_true(scene->pending_count < CLOSE_PENDING_MAX);
    scene->pending[scene->pending_count++] = request;
}

void close_scene_half_close(struct close_scene *scene)
{
    assert_int_equal(connection_disconnect_try(scene->socket, 0), STATUS_SUCCESS);
}

void close_scene_abort(struct close_scene *scene)
{
    assert_int_equal(connection_disconnect_try(scene->socket, WSK_FLAG_ABORTIVE), STATUS_SUCCESS);
}

void close_scene_reset(struct close_scene *scene)
{
    wsk_kit_peer_reset(scene->peers[0]);
    assert_int_equal(connection_receive_try(scene->socket, (char[1]){ 0 }, 1, 0, NULL), STATUS_CONNECTION_RESET);
}

/* More than any network takes while nobody reads. */
#define FLOOD_BYTES (16u * 1024 * 1024)

void close_scene_pend_all_kinds(struct close_scene *scene)
{
    close_scene_pend(scene, conn_receive_post(scene->socket, 10, 0));
    close_scene_pend(scene, conn_receive_post(scene->socket, 10, WSK_FLAG_WAITALL));
    close_scene_pend(scene, conn_send_post(scene->socket, NULL, FLOOD_BYTES, 0));
    close_scene_pend(scene, conn_send_post(scene->socket, "queued", 6, 0));
    close_scene_pend(scene, conn_disconnect_post(scene->socket, "the end", 7, 0));
}

void close_scene_call(void *argument)
{
    struct close_scene *scene = argument;

    /* The slot is the same in the tables of all categories. */
    scene->close_returned = conn_table(scene->socket)->Basic.WskCloseSocket(scene->socket, request_irp(scene->close));
}

void close_scene_end(struct close_scene *scene)
{
    NTSTATUS status;

    assert_int_equal(scene->close_returned, STATUS_PENDING);
    assert_int_equal(request_wait(scene->close, scene->close_returned), STATUS_SUCCESS);
    assert_int_equal(scene->close->result.Information, 0);
    for (unsigned index = 0; index < scene->pending_count; index++) {
        assert_true(conn_request_is_done(scene->pending[index]));
        assert_true(scene->pending[index]->request->order < scene->close->order);
        status = conn_request_end(scene->pending[index], NULL);
        if (status != STATUS_CANCELLED) {
            fail_msg("pending request number %u ended with 0x%08x", index, (unsigned)status);
        }
    }
    for (unsigned index = 0; index < ARRAYSIZE(scene->peers); index++) {
        wsk_kit_peer_close(scene->peers[index]);
    }
    if (scene->datagram_peer != NULL) {
        wsk_kit_datagram_close(scene->datagram_peer);
    }
    request_destroy(scene->close);
}

void close_in_context(struct wsk_fixture *fixture, const struct close_condition *conditions, size_t count,
                      enum driver_context context)
{
    for (size_t index = 0; index < count; index++) {
        struct close_scene scene = { .fixture = fixture, .close = request_create() };
        size_t sockets;

        conditions[index].open(&scene);
        sockets = wsk_kit_live_count(WSK_KIT_SOCKET);
        context_run(scene.fixture, context, close_scene_call, &scene);
        close_scene_end(&scene);
        if (wsk_kit_live_count(WSK_KIT_SOCKET) != sockets - 1) {
            fail_msg("%s is not gone after its close in %s", conditions[index].name, context_name(context));
        }
    }
}

static void close_in_completion(struct wsk_request *request)
{
    close_scene_call(request->context);
}

void close_in_own_completions(struct wsk_fixture *fixture, const struct close_request *requests, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct close_request *own = &requests[index];
        struct close_scene scene = { .fixture = fixture, .close = request_create() };
        struct conn_request *request = conn_request_create(NULL, 1);

        own->open(&scene);
        request->request->completed = close_in_completion;
        request->request->context = &scene;
        request->returned = own->post(&scene, request, request_irp(request->request));
        if (own->satisfy != NULL) {
            own->satisfy(&scene);
        }
        assert_int_equal(KeWaitForSingleObject(&scene.close->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        if (request->request->order >= scene.close->order) {
            fail_msg("%s: the close was done before the request", own->name);
        }
        (void)conn_request_end(request, NULL);
        close_scene_end(&scene);
    }
}
