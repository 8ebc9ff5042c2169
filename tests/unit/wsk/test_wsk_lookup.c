/* SPDX-License-Identifier: MIT */
/* Tests of the way from a request to the system's resolver and back, with a resolver of the test's own in its place. */
#include "support/name_client.h"

#include <sched.h>
#include <string.h>

#include "host/host_resolve.h"
#include "nt/io_irp.h"

static volatile LONG s_asked_count;
static volatile LONG s_gate_is_open;

/* "<n>.system" has the address 192.0.2.n; addresses of that form have that name; nobody knows anything else. What it is
 * asked while the gate is shut takes until it opens. */
static void fake_system(struct we_host_query *query)
{
    InterlockedIncrement(&s_asked_count);
    while (!__atomic_load_n(&s_gate_is_open, __ATOMIC_SEQ_CST)) {
        sched_yield();
    }
    query->answer = WE_ANSWER_UNKNOWN;
    query->found.addr_count = 0;
    query->found.canonical[0] = '\0';
    if (query->is_reverse && query->addr.bytes[0] == 192) {
        we_host_names_copy(query->found.canonical, "1.system");
        query->answer = WE_ANSWER_FOUND;
    } else if (!query->is_reverse && strstr(query->name, ".system") != NULL) {
        struct we_base_addr addr = { .family = WE_FAMILY_IPV4,
                                     .bytes = { 192, 0, 2, (uint8_t)(query->name[0] - '0') } };

        query->found.addrs[query->found.addr_count++] = addr;
        we_host_names_copy(query->found.canonical, query->name);
        query->answer = WE_ANSWER_FOUND;
    }
}

static int lookup_setup(void **state)
{
    s_asked_count = 0;
    __atomic_store_n(&s_gate_is_open, 1, __ATOMIC_SEQ_CST);
    we_host_resolve_set_system(fake_system);
    return fixture_setup(state);
}

static int lookup_teardown(void **state)
{
    __atomic_store_n(&s_gate_is_open, 1, __ATOMIC_SEQ_CST);
    return fixture_teardown(state);
}

static void test_lookup_of_a_name_outside_the_table_asks_the_system(void **state)
{
    struct wsk_fixture *fixture = *state;
    PADDRINFOEXW list = address_info(fixture, "1.system", "80", NULL);

    assert_int_equal(list_count(list), 1);
    assert_true(entry_is(list, "192.0.2.1", 80));
    address_info_free(fixture, list);
    assert_int_equal(address_info_try(fixture, "nowhere.example", NULL, NULL, &list), STATUS_NOT_FOUND);
    assert_int_equal(s_asked_count, 2);
}

static void test_lookup_of_a_name_in_the_table_does_not_ask(void **state)
{
    struct wsk_fixture *fixture = *state;

    wsk_kit_host_add("1.system", "198.51.100.1");
    address_info_free(fixture, address_info(fixture, "1.system", NULL, NULL));
    address_info_free(fixture, address_info(fixture, "192.0.2.1", NULL, NULL));
    assert_int_equal(s_asked_count, 0);
}

static void test_lookup_of_an_address_outside_the_table_asks_the_system(void **state)
{
    struct wsk_fixture *fixture = *state;
    SOCKADDR_STORAGE known = address_from("192.0.2.1", 0);
    SOCKADDR_STORAGE unknown = address_from("198.51.100.1", 0);
    struct text node;

    text_room(&node, 64);
    assert_int_equal(name_info_try(fixture, &known, &node.string, NULL, 0), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "1.system"));
    assert_int_equal(name_info_try(fixture, &unknown, &node.string, NULL, NI_NAMEREQD), STATUS_NO_MATCH);
    assert_int_equal(name_info_try(fixture, &unknown, &node.string, NULL, 0), STATUS_SUCCESS);
    assert_true(text_is(&node.string, "198.51.100.1"));
}

/* --- many at once --------------------------------------------------------------------------------- */

#define MANY 9

struct many {
    struct wsk_request *requests[MANY];
    NTSTATUS returned[MANY];
    PADDRINFOEXW lists[MANY];
};

static void many_start(struct wsk_fixture *fixture, struct many *many)
{
    unsigned i;

    for (i = 0; i < MANY; i++) {
        char name[] = "0.system";
        struct text node;

        name[0] = (char)('1' + i);
        text_set(&node, name);
        many->requests[i] = request_create();
        many->returned[i] =
            fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL,
                                                     &many->lists[i], NULL, NULL, request_irp(many->requests[i]));
        assert_int_equal(many->returned[i], STATUS_PENDING);
    }
}

static void test_more_lookups_than_resolver_threads_are_all_answered(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct many many;
    unsigned i;

    many_start(fixture, &many);
    for (i = 0; i < MANY; i++) {
        assert_int_equal(request_wait(many.requests[i], many.returned[i]), STATUS_SUCCESS);
        assert_int_equal(((SOCKADDR_IN *)(void *)many.lists[i]->ai_addr)->sin_addr.S_un.S_un_b.s_b4, i + 1);
        address_info_free(fixture, many.lists[i]);
        request_destroy(many.requests[i]);
    }
    assert_int_equal(s_asked_count, MANY);
}

/* A resolver that blocks keeps nobody else from going on, nor from cancelling. */
static void test_a_resolver_that_blocks_stops_nothing_else(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct many many;
    unsigned i;

    __atomic_store_n(&s_gate_is_open, 0, __ATOMIC_SEQ_CST);
    many_start(fixture, &many);
    address_info_free(fixture, address_info(fixture, "127.0.0.1", NULL, NULL));
    socket_close(socket_open(fixture, WSK_FLAG_BASIC_SOCKET, AF_INET, NULL, NULL));
    for (i = 0; i < MANY; i++) {
        IoCancelIrp(many.requests[i]->irp);
        assert_int_equal(request_wait(many.requests[i], many.returned[i]), STATUS_CANCELLED);
        assert_null(many.lists[i]);
        request_destroy(many.requests[i]);
    }
    __atomic_store_n(&s_gate_is_open, 1, __ATOMIC_SEQ_CST);
    wsk_kit_run_until_idle();
    assert_int_equal(wsk_kit_live_count(WSK_KIT_ADDRESS_INFO), 0);
}

/* Queries that no thread has begun are dropped, the others are waited for. */
static void test_stop_with_lookups_that_nobody_wants_leaves_nothing(void **state)
{
    struct wsk_fixture *fixture = *state;
    struct many many;
    unsigned i;

    many_start(fixture, &many);
    for (i = 0; i < MANY; i++) {
        IoCancelIrp(many.requests[i]->irp);
        if (NT_SUCCESS(request_wait(many.requests[i], many.returned[i]))) {
            address_info_free(fixture, many.lists[i]);
        }
        request_destroy(many.requests[i]);
    }
}

/* --- answers that nobody waits for any more ------------------------------------------------------- */

/* A lookup of a held name, which waits. */
static void held_start(struct wsk_fixture *fixture, struct wsk_request *request, PADDRINFOEXW *list)
{
    struct text node;

    wsk_kit_host_hold("slow.example");
    text_set(&node, "slow.example");
    assert_int_equal(fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, &node.string, NULL, 0, NULL, NULL,
                                                              list, NULL, NULL, request_irp(request)),
                     STATUS_PENDING);
}

/* A thread that a driver has left behind may still ask when the stop has begun. */
static void test_lookup_that_the_stop_of_the_resolver_answers_is_cancelled(void **state)
{
    struct wsk_request *request = request_create();
    PADDRINFOEXW list = NULL;

    held_start(*state, request, &list);
    we_host_resolve_stop();
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    assert_null(list);
    we_host_resolve_start();
    request_destroy(request);
}

/* IoCancelIrp in two halves: the answer comes when it has the request, and has not ended it yet. */
static void test_lookup_that_is_being_cancelled_gets_no_answer(void **state)
{
    struct wsk_request *request = request_create();
    PADDRINFOEXW list = NULL;
    PDRIVER_CANCEL routine;

    wsk_kit_host_add("slow.example", "192.0.2.9");
    held_start(*state, request, &list);
    request->irp->Cancel = TRUE;
    routine = we_io_irp_exchange_cancel(request->irp, NULL);
    assert_non_null(routine);
    wsk_kit_host_let_go("slow.example");
    wsk_kit_run_until_idle();
    assert_false(request_is_done(request));
    IoAcquireCancelSpinLock(&request->irp->CancelIrql);
    routine(NULL, request->irp);
    assert_int_equal(request_wait(request, STATUS_PENDING), STATUS_CANCELLED);
    assert_null(list);
    request_destroy(request);
}

/* --- the real one --------------------------------------------------------------------------------- */

static void test_system_resolver_finds_localhost(void **state)
{
    static struct we_host_query query = { .name = "localhost", .family = WE_FAMILY_IPV4 };
    struct we_base_addr loopback = we_base_addr_loopback(WE_FAMILY_IPV4, 0);

    (void)state;
    we_host_resolve_system(&query);
    assert_int_equal(query.answer, WE_ANSWER_FOUND);
    assert_true(query.found.addr_count >= 1);
    assert_true(we_base_addr_same_host(&query.found.addrs[0], &loopback));
}

#define CONFIG(name_, execution_)                    \
    static const struct wsk_emu_config name_ = {     \
        .size = sizeof(struct wsk_emu_config),       \
        .execution = WSK_EMU_EXECUTION_##execution_, \
        .network = WSK_EMU_NETWORK_SOCKETS,          \
    }
CONFIG(s_stepped, STEPPED);
CONFIG(s_threads, THREADS);

#define STEPPED(f) wsk_emu_unit_test_config(f, lookup_setup, lookup_teardown, &s_stepped)
#define THREADS(f) wsk_emu_unit_test_config(f, lookup_setup, lookup_teardown, &s_threads)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STEPPED(test_lookup_of_a_name_outside_the_table_asks_the_system),
        THREADS(test_lookup_of_a_name_outside_the_table_asks_the_system),
        STEPPED(test_lookup_of_a_name_in_the_table_does_not_ask),
        THREADS(test_lookup_of_a_name_in_the_table_does_not_ask),
        STEPPED(test_lookup_of_an_address_outside_the_table_asks_the_system),
        THREADS(test_lookup_of_an_address_outside_the_table_asks_the_system),
        STEPPED(test_more_lookups_than_resolver_threads_are_all_answered),
        THREADS(test_more_lookups_than_resolver_threads_are_all_answered),
        THREADS(test_a_resolver_that_blocks_stops_nothing_else),
        STEPPED(test_stop_with_lookups_that_nobody_wants_leaves_nothing),
        THREADS(test_stop_with_lookups_that_nobody_wants_leaves_nothing),
        STEPPED(test_lookup_that_the_stop_of_the_resolver_answers_is_cancelled),
        THREADS(test_lookup_that_the_stop_of_the_resolver_answers_is_cancelled),
        STEPPED(test_lookup_that_is_being_cancelled_gets_no_answer),
        THREADS(test_lookup_that_is_being_cancelled_gets_no_answer),
        cmocka_unit_test(test_system_resolver_finds_localhost),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
