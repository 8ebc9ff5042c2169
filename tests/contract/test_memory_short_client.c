/* SPDX-License-Identifier: MIT */
/* Memory is short for what a client asks for itself, without a connection: names, controls, options, an attachment. */
#include "support/memory_sweep.h"
#include "support/name_client.h"
#include "support/nmr_modules.h"
#include "support/nmr_wsk.h"

#include <string.h>

#include <mstcpip.h>

struct scene {
    struct wsk_fixture *fixture;
};

/* --- names ------------------------------------------------------------------------------------------ */

static NTSTATUS attempt_address_info(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    PADDRINFOEXW list = NULL;
    struct text node;
    NTSTATUS returned;
    NTSTATUS status;

    text_set(&node, "server.example");
    sweep_begin();
    returned = npi->Dispatch->WskGetAddressInfo(npi->Client, &node.string, NULL, 0, NULL, NULL, &list, NULL, NULL, irp);
    wsk_kit_run_until_idle();
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        address_info_free(scene->fixture, list);
    } else {
        assert_null(list);
    }
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
    request_destroy(request);
    return status;
}

static NTSTATUS attempt_name_info(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    SOCKADDR_STORAGE address = address_from("192.0.2.1", 0);
    struct text node;
    NTSTATUS returned;
    NTSTATUS status;

    text_room(&node, 64);
    sweep_begin();
    returned = npi->Dispatch->WskGetNameInfo(npi->Client, (PSOCKADDR)&address, sizeof(SOCKADDR_IN), &node.string, NULL,
                                             0, NULL, NULL, irp);
    wsk_kit_run_until_idle();
    sweep_end();
    status = request_wait(request, returned);
    if (NT_SUCCESS(status)) {
        assert_true(text_is(&node.string, "server.example"));
    }
    request_destroy(request);
    return status;
}

static void test_memory_short_names(void **state)
{
    struct scene scene = { *state };

    wsk_kit_host_add("server.example", "192.0.2.1");
    sweep(&scene, attempt_address_info);
    sweep(&scene, attempt_name_info);
}

/* --- controls of the client ------------------------------------------------------------------------- */

static NTSTATUS attempt_transport_change(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    struct wsk_request *request = request_create();
    PIRP irp = request_irp(request);
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = npi->Dispatch->WskControlClient(npi->Client, WSK_TRANSPORT_LIST_CHANGE, 0, NULL, 0, NULL, NULL, irp);
    sweep_end();
    if (returned == STATUS_PENDING) {
        (void)IoCancelIrp(irp);
    }
    status = request_wait(request, returned);
    request_destroy(request);
    return status == STATUS_CANCELLED ? STATUS_SUCCESS : status;
}

static void descriptor_release(struct wsk_fixture *fixture, PSECURITY_DESCRIPTOR cached)
{
    assert_int_equal(fixture->npi.Dispatch->WskControlClient(fixture->npi.Client, WSK_RELEASE_SD, sizeof(cached),
                                                             &cached, 0, NULL, NULL, NULL),
                     STATUS_SUCCESS);
}

static NTSTATUS attempt_cache(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    PSECURITY_DESCRIPTOR own = scene;
    PSECURITY_DESCRIPTOR cached = NULL;
    NTSTATUS status;

    sweep_begin();
    status = npi->Dispatch->WskControlClient(npi->Client, WSK_CACHE_SD, sizeof(own), &own, sizeof(cached), &cached,
                                             NULL, NULL);
    sweep_end();
    if (NT_SUCCESS(status)) {
        descriptor_release(scene->fixture, cached);
    } else {
        assert_null(cached);
    }
    return status;
}

static void test_memory_short_client_controls(void **state)
{
    struct scene scene = { *state };

    sweep(&scene, attempt_transport_change);
    sweep(&scene, attempt_cache);
}

/* --- sockets ---------------------------------------------------------------------------------------- */

/* One WskControlSocket of a new socket. */
struct control {
    WSK_CONTROL_SOCKET_TYPE type;
    ULONG code;
    ULONG level;
    PVOID input;
    SIZE_T input_size;
    PVOID output;
    SIZE_T output_size;
    BOOLEAN is_without_irp;
};

static NTSTATUS attempt_control(struct scene *scene, const struct control *control)
{
    PWSK_SOCKET socket = socket_open(scene->fixture, WSK_FLAG_CONNECTION_SOCKET, AF_INET, NULL, NULL);
    const WSK_PROVIDER_BASIC_DISPATCH *table = socket->Dispatch;
    struct wsk_request *request = request_create();
    PIRP irp = control->is_without_irp ? NULL : request_irp(request);
    SIZE_T size;
    NTSTATUS returned;
    NTSTATUS status;

    sweep_begin();
    returned = table->WskControlSocket(socket, control->type, control->code, control->level, control->input_size,
                                       control->input, control->output_size, control->output,
                                       control->is_without_irp ? &size : NULL, irp);
    sweep_end();
    status = control->is_without_irp ? returned : request_wait(request, returned);
    request_destroy(request);
    socket_close(socket);
    return status;
}

static NTSTATUS attempt_option(struct scene *scene)
{
    ULONG hops = 7;

    return attempt_control(
        scene,
        &(struct control){
            .type = WskSetOption, .code = IP_TTL, .level = IPPROTO_IP, .input = &hops, .input_size = sizeof(hops) });
}

static NTSTATUS attempt_address_list(struct scene *scene)
{
    static UCHAR list[16384];

    return attempt_control(scene, &(struct control){ .type = WskIoctl,
                                                     .code = SIO_ADDRESS_LIST_QUERY,
                                                     .output = list,
                                                     .output_size = sizeof(list),
                                                     .is_without_irp = TRUE });
}

static NTSTATUS attempt_address_sort(struct scene *scene)
{
    SOCKADDR_STORAGE address = address_loopback(AF_INET, 1);
    SOCKET_ADDRESS_LIST list = { 1, { { (LPSOCKADDR)&address, sizeof(SOCKADDR_IN) } } };
    UCHAR sorted[256];

    return attempt_control(scene, &(struct control){ .type = WskIoctl,
                                                     .code = SIO_ADDRESS_LIST_SORT,
                                                     .input = &list,
                                                     .input_size = sizeof(list),
                                                     .output = sorted,
                                                     .output_size = sizeof(sorted),
                                                     .is_without_irp = TRUE });
}

/* The default descriptor of a socket that was given none is made when it is asked for. */
static NTSTATUS attempt_security_get(struct scene *scene)
{
    PSECURITY_DESCRIPTOR got = NULL;
    NTSTATUS status = attempt_control(scene, &(struct control){ .type = WskGetOption,
                                                                .code = SO_WSK_SECURITY,
                                                                .level = SOL_SOCKET,
                                                                .output = &got,
                                                                .output_size = sizeof(got) });

    if (NT_SUCCESS(status)) {
        descriptor_release(scene->fixture, got);
    }
    return status;
}

/* Without memory a release while the request is pending would not be noticed; nothing else is missing. */
static NTSTATUS attempt_security_set(struct scene *scene)
{
    const WSK_PROVIDER_NPI *npi = &scene->fixture->npi;
    PSECURITY_DESCRIPTOR own = scene;
    PSECURITY_DESCRIPTOR cached = NULL;
    NTSTATUS status;

    assert_int_equal(npi->Dispatch->WskControlClient(npi->Client, WSK_CACHE_SD, sizeof(own), &own, sizeof(cached),
                                                     &cached, NULL, NULL),
                     STATUS_SUCCESS);
    status = attempt_control(scene, &(struct control){ .type = WskSetOption,
                                                       .code = SO_WSK_SECURITY,
                                                       .level = SOL_SOCKET,
                                                       .input = &cached,
                                                       .input_size = sizeof(cached) });
    assert_int_equal(status, STATUS_SUCCESS);
    descriptor_release(scene->fixture, cached);
    return status;
}

static void test_memory_short_options_and_controls(void **state)
{
    struct scene scene = { *state };

    sweep(&scene, attempt_option);
    sweep(&scene, attempt_address_list);
    sweep(&scene, attempt_address_sort);
    sweep(&scene, attempt_security_get);
    sweep(&scene, attempt_security_set);
}

/* --- the network module registrar ------------------------------------------------------------------- */

static NTSTATUS attempt_attach(struct scene *scene)
{
    static struct nmr_wsk_client client;
    NTSTATUS status;

    nmr_wsk_make(&client, scene->fixture);
    client.inner_status = STATUS_INSUFFICIENT_RESOURCES; /* until it is asked */
    sweep_begin();
    status = NmrRegisterClient(&client.characteristics, &client, &client.handle);
    sweep_end();
    if (!NT_SUCCESS(status)) {
        return status;
    }
    nmr_wsk_end(&client);
    return client.inner_status;
}

static void test_memory_short_attachment(void **state)
{
    struct scene scene = { fixture_create(NULL) };

    UNREFERENCED_PARAMETER(state);
    sweep(&scene, attempt_attach);
    fixture_destroy(scene.fixture);
}

#define TEST(f) wsk_emu_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_memory_short_names),
        TEST(test_memory_short_client_controls),
        TEST(test_memory_short_options_and_controls),
        wsk_emu_unit_test(test_memory_short_attachment),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
