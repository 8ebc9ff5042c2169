/* SPDX-License-Identifier: MIT */
/* A test that fails in a callback of the network module registrar, or in a wait for it: the next test must not notice. */
#include <stdlib.h>
#include <string.h>

#include "host/host_mem.h"
#include "support/child.h"
#include "support/nmr_modules.h"
#include "support/nmr_wsk.h"

/* The parts run in a child process: each time one test fails, and the next one is an honest test that must pass. */

enum place {
    IN_CLIENT_ATTACH,
    IN_PROVIDER_ATTACH,
    IN_CLIENT_DETACH,
    IN_PROVIDER_DETACH,
    IN_CLIENT_CLEANUP,
    IN_PROVIDER_CLEANUP,
    IN_WAIT,
    IN_WAIT_FOR_A_SOCKET,
    PLACE_COUNT
};

static enum place s_place;

#define FAIL_HERE() assert_int_equal(1, 2)

static void attaching(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    if (s_place == (module->client.Length != 0 ? IN_CLIENT_ATTACH : IN_PROVIDER_ATTACH)) {
        FAIL_HERE();
    }
}

static NTSTATUS detaching(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    if (s_place == (module->client.Length != 0 ? IN_CLIENT_DETACH : IN_PROVIDER_DETACH)) {
        FAIL_HERE();
    }
    return module->detach_status;
}

static void cleaned(struct nmr_module *module, struct nmr_link *link)
{
    UNREFERENCED_PARAMETER(link);
    if (s_place == (module->client.Length != 0 ? IN_CLIENT_CLEANUP : IN_PROVIDER_CLEANUP)) {
        FAIL_HERE();
    }
}

static VOID NTAPI failing_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    FAIL_HERE();
}

static void fail_in_5_ms(void)
{
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER soon;

    soon.QuadPart = -50000;
    KeInitializeDpc(&dpc, failing_dpc, NULL);
    KeInitializeTimer(&timer);
    (void)KeSetTimer(&timer, soon, &dpc);
}

static void wsk_client_fails(void)
{
    static struct nmr_wsk_client client;
    static struct wsk_fixture fixture; /* the failed test frees nothing */

    memset(&fixture, 0, sizeof(fixture));
    nmr_wsk_make(&client, &fixture);
    nmr_wsk_register(&client);
    (void)socket_open(&fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL);
    fail_in_5_ms();
    nmr_wsk_end(&client);
}

/* The modules are on the stack, as careless tests have them. */
static __attribute__((noinline)) void fails_somewhere(void **state)
{
    struct nmr_module client;
    struct nmr_module provider;

    (void)state;
    if (s_place == IN_WAIT_FOR_A_SOCKET) {
        wsk_client_fails();
    }
    nmr_client_make(&client, 1);
    client.attaching = attaching;
    client.detaching = detaching;
    client.cleaned = cleaned;
    client.detach_status = s_place == IN_WAIT ? STATUS_PENDING : STATUS_SUCCESS;
    nmr_provider_make(&provider, 2);
    provider.attaching = attaching;
    provider.detaching = detaching;
    provider.cleaned = cleaned;
    nmr_provider_register(&provider);
    nmr_client_register(&client);
    fail_in_5_ms();
    nmr_client_end(&client);
}

static void healthy_test(void **state)
{
    static struct nmr_module client;
    static struct nmr_module provider;
    static struct nmr_wsk_client wsk;
    struct wsk_fixture *fixture = fixture_create(NULL);

    (void)state;
    nmr_client_make(&client, 1);
    nmr_provider_make(&provider, 2);
    nmr_client_register(&client);
    nmr_provider_register(&provider);
    assert_int_equal(nmr_live_count(&client), 1);
    nmr_wsk_make(&wsk, fixture);
    nmr_wsk_register(&wsk);
    socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    nmr_wsk_end(&wsk);
    nmr_client_end(&client);
    nmr_provider_end(&provider);
    assert_int_equal(nmr_live_count(&client), 0);
    fixture_destroy(fixture);
}

static void part_places(void)
{
    for (s_place = (enum place)0; s_place < PLACE_COUNT; s_place++) {
        const struct CMUnitTest tests[] = { wsk_emu_unit_test(fails_somewhere), wsk_emu_unit_test(healthy_test) };
        size_t blocks_before = we_host_mem_live_count();

        print_error("place %d\n", (int)s_place);
        if (cmocka_run_group_tests(tests, NULL, NULL) != 1) {
            exit(1);
        }
        if (we_host_mem_live_count() != blocks_before) {
            print_error("%zu blocks more than before\n", we_host_mem_live_count() - blocks_before);
            exit(2);
        }
    }
    child_end();
}

static void test_failure_in_any_nmr_callback_leaves_the_next_test_unharmed(void **state)
{
    struct child_result result;

    (void)state;
    child_run("places", &result);
    if (result.signal != 0 || result.exit_code != 0) {
        print_error("%s\n", result.errors);
    }
    assert_int_equal(result.signal, 0);
    assert_int_equal(result.exit_code, 0);
    assert_non_null(strstr(result.errors, "0x1 != 0x2"));
}

static const struct child_part s_parts[] = {
    { "places", part_places },
    { NULL, NULL },
};

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure_in_any_nmr_callback_leaves_the_next_test_unharmed),
    };

    child_run_part_if_asked(argc, argv, s_parts);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
