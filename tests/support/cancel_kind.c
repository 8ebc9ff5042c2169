/* SPDX-License-Identifier: MIT */
/* Requests that can be pending, and what is cancelled of them: in every place and at every stage. */
#include "cancel_kind.h"

SIZE_T cancel_flood_bytes(const struct cancel_scene *scene)
{
    return scene->fixture->way->is_virtual ? 1024 * 1024 : 16 * 1024 * 1024;
}

static void cancel_call(void *argument)
{
    struct cancel_scene *scene = argument;

    scene->was_pending = IoCancelIrp(scene->irp);
}

static struct conn_request *kind_request(const struct cancel_kind *kind, const struct cancel_scene *scene)
{
    return conn_request_create(NULL, kind->buffer_bytes == FLOOD ? cancel_flood_bytes(scene) : kind->buffer_bytes);
}

static struct conn_request *kind_post(const struct cancel_kind *kind, struct cancel_scene *scene)
{
    struct conn_request *request = kind_request(kind, scene);

    scene->irp = request_irp(request->request);
    request->returned = kind->post(scene, request, scene->irp);
    return request;
}

static void kind_close(const struct cancel_kind *kind, struct cancel_scene *scene)
{
    if (scene->socket != NULL) {
        socket_close(scene->socket);
    }
    if (scene->before != NULL) {
        (void)conn_request_end(scene->before, NULL);
    }
    wsk_kit_peer_close(scene->peer);
    if (kind->clean != NULL) {
        kind->clean(scene);
    }
}

static void kind_expect(const struct cancel_kind *kind, const char *what, NTSTATUS got, NTSTATUS expected)
{
    if (got != expected) {
        fail_msg("%s, %s: 0x%08x instead of 0x%08x", kind->name, what, (unsigned)got, (unsigned)expected);
    }
}

static void while_pending(const struct cancel_kind *kind, struct cancel_scene *scene, enum driver_context context)
{
    struct conn_request *request;
    SIZE_T moved;

    kind->open(scene);
    request = kind_post(kind, scene);
    if (kind->begin != NULL) {
        kind->begin(scene);
    }
    wsk_kit_run_until_idle();
    kind_expect(kind, "returned", request->returned, STATUS_PENDING);
    assert_false(conn_request_is_done(request));
    context_run(scene->fixture, context, cancel_call, scene);
    assert_true(scene->was_pending);
    kind_expect(kind, context_name(context), conn_request_end(request, &moved), STATUS_CANCELLED);
    if (moved < kind->moved_min || moved > kind->moved_max || (moved > 0 && moved == cancel_flood_bytes(scene))) {
        fail_msg("%s: Information is %zu", kind->name, (size_t)moved);
    }
    kind->prove(scene, moved);
    kind_close(kind, scene);
}

void cancel_while_pending(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count,
                          enum driver_context context)
{
    for (size_t index = 0; index < count; index++) {
        struct cancel_scene scene = { .fixture = fixture };

        while_pending(&kinds[index], &scene, context);
    }
}

void cancel_before_the_call(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct cancel_kind *kind = &kinds[index];
        struct cancel_scene scene = { .fixture = fixture };
        struct conn_request *request = kind_request(kind, &scene);
        SIZE_T moved;

        kind->open(&scene);
        scene.irp = request_irp(request->request);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        request->returned = kind->post(&scene, request, scene.irp);
        assert_true(request->request->is_cancel_set);
        kind_expect(kind, "cancelled before", conn_request_end(request, &moved), STATUS_CANCELLED);
        kind->prove(&scene, moved);
        kind_close(kind, &scene);
    }
}

void cancel_twice(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct cancel_kind *kind = &kinds[index];
        struct cancel_scene scene = { .fixture = fixture };
        struct conn_request *request;
        SIZE_T moved;

        kind->open(&scene);
        request = kind_post(kind, &scene);
        wsk_kit_run_until_idle();
        cancel_call(&scene);
        assert_true(scene.was_pending);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        kind_expect(kind, "twice", conn_request_end(request, &moved), STATUS_CANCELLED);
        kind->prove(&scene, moved);
        kind_close(kind, &scene);
    }
}

static void cancel_inside(struct wsk_request *request)
{
    struct cancel_scene *scene = request->context;

    scene->was_pending = IoCancelIrp(request->irp);
}

void cancel_after_success(struct wsk_fixture *fixture, const struct cancel_kind *kinds, size_t count)
{
    for (size_t index = 0; index < count; index++) {
        const struct cancel_kind *kind = &kinds[index];
        struct cancel_scene scene = { .fixture = fixture, .was_pending = TRUE };
        struct conn_request *request;
        NTSTATUS status;

        if (kind->satisfy == NULL) {
            continue;
        }
        request = kind_request(kind, &scene);
        kind->open(&scene);
        request->request->completed = cancel_inside;
        request->request->context = &scene;
        scene.irp = request_irp(request->request);
        request->returned = kind->post(&scene, request, scene.irp);
        kind->satisfy(&scene);
        status = request_wait(request->request, request->returned);
        kind_expect(kind, "satisfied", status, STATUS_SUCCESS);
        assert_false(scene.was_pending);
        cancel_call(&scene);
        assert_false(scene.was_pending);
        if (kind->makes_socket) {
            socket_close((PWSK_SOCKET)request->request->result.Information);
        }
        kind_expect(kind, "still", conn_request_end(request, NULL), STATUS_SUCCESS);
        kind_close(kind, &scene);
    }
}
