/* SPDX-License-Identifier: MIT */
/* What every function of every dispatch table refuses: no IRP or one that cannot be taken, no socket or client or wild
 * ones, closed sockets and those of other categories. */
#include "support/bad_call.h"

static unsigned char s_wild[4096]; /* what a wild client points to */

/* Which functions a fault is for. */
#define NEEDS_IRP (1u << IRP_REQUIRED)
#define TAKES_IRP (1u << IRP_REQUIRED | 1u << IRP_OPTIONAL)
#define ANY_IRP (TAKES_IRP | 1u << IRP_NONE)
#define OF_SOCKETS 0x10u
#define OF_CLIENTS 0x20u

struct fault {
    const char *what;
    unsigned functions;
    enum irp_kind irp;
    void (*spoil)(struct call *call);
    struct expected expected;
};

static bool fault_is_for(const struct fault *fault, const struct function *function)
{
    return (fault->functions & 1u << function->irp) != 0 &&
           (fault->functions & (function->subjects != 0 ? OF_SOCKETS : OF_CLIENTS)) != 0;
}

static void spoil_nothing(struct call *call)
{
    UNREFERENCED_PARAMETER(call);
}

static void each_function(void **state, const struct fault *fault)
{
    struct scene scene;
    unsigned count = 0;

    scene_open(&scene, *state);
    for (size_t index = 0; index < bad_call_function_count; index++) {
        const struct function *function = bad_call_functions[index];
        struct call call;

        if (fault_is_for(fault, function)) {
            call_begin(&call, &scene, function);
            fault->spoil(&call);
            call_expect(function, &call, fault->irp, &fault->expected, fault->what);
            call_end(&call);
            count++;
        }
    }
    assert_true(count > 3);
    scene_close(&scene);
}

static void test_every_function_refuses_to_do_without_its_irp(void **state)
{
    static const struct fault fault = { "without an IRP",
                                        NEEDS_IRP | OF_SOCKETS | OF_CLIENTS,
                                        NO_IRP,
                                        spoil_nothing,
                                        { STATUS_INVALID_PARAMETER, "SOCK-002" } };

    each_function(state, &fault);
}

static void test_every_function_refuses_an_irp_without_a_stack_location(void **state)
{
    static const struct fault fault = { "an IRP without a free location",
                                        TAKES_IRP | OF_SOCKETS | OF_CLIENTS,
                                        FULL_IRP,
                                        spoil_nothing,
                                        { STATUS_INVALID_PARAMETER, "SOCK-001" } };

    each_function(state, &fault);
}

/* The IRP stays with the call that it is pending in. */
static void test_every_function_refuses_an_irp_that_is_pending(void **state)
{
    static const struct expected expected = { STATUS_INVALID_PARAMETER, "SOCK-005" };
    struct scene scene;
    struct conn_request *receive;

    scene_open(&scene, *state);
    receive = conn_receive_post(scene.sockets[CONNECTED], 5, WSK_FLAG_WAITALL);
    for (size_t index = 0; index < bad_call_function_count; index++) {
        const struct function *function = bad_call_functions[index];
        struct call call;

        if (function->irp == IRP_NONE) {
            continue;
        }
        call_begin(&call, &scene, function);
        wsk_kit_expect_report(expected.report);
        if (function->call(&call, receive->request->irp) != expected.status) {
            fail_msg("%s took an IRP that is pending", function->name);
        }
        call_end(&call);
    }
    wsk_kit_run_until_idle();
    assert_false(conn_request_is_done(receive));
    wsk_kit_peer_send_text(scene.peer, "hello");
    conn_request_expect_text(receive, "hello");
    scene_close(&scene);
}

static void spoil_no_socket(struct call *call)
{
    call->socket = NULL;
}

static void spoil_wild_socket(struct call *call)
{
    call->socket = call->scene->sockets[WILD];
}

static void test_every_function_refuses_a_null_socket(void **state)
{
    static const struct fault fault = {
        "Socket NULL", ANY_IRP | OF_SOCKETS, GOOD_IRP, spoil_no_socket, { STATUS_INVALID_HANDLE, "SOCK-037" }
    };

    each_function(state, &fault);
}

static void test_every_function_refuses_a_wild_socket(void **state)
{
    static const struct fault fault = {
        "a wild Socket", ANY_IRP | OF_SOCKETS, GOOD_IRP, spoil_wild_socket, { STATUS_INVALID_HANDLE, "SOCK-037" }
    };

    each_function(state, &fault);
}

static void spoil_no_client(struct call *call)
{
    call->client = NULL;
}

static void spoil_wild_client(struct call *call)
{
    call->client = (PWSK_CLIENT)(void *)s_wild;
}

static void test_every_function_refuses_a_null_client(void **state)
{
    static const struct fault fault = {
        "Client NULL", ANY_IRP | OF_CLIENTS, GOOD_IRP, spoil_no_client, { STATUS_INVALID_HANDLE, NULL }
    };

    each_function(state, &fault);
}

static void test_every_function_refuses_a_wild_client(void **state)
{
    static const struct fault fault = {
        "a wild Client", ANY_IRP | OF_CLIENTS, GOOD_IRP, spoil_wild_client, { STATUS_INVALID_HANDLE, "NPI-010" }
    };

    each_function(state, &fault);
}

/* Memory that is not even readable: only its address may be looked at. */
static void spoil_unreadable_client(struct call *call)
{
    call->client = (PWSK_CLIENT)(ULONG_PTR)8;
}

static void test_every_function_refuses_an_unreadable_client(void **state)
{
    static const struct fault fault = { "an unreadable Client",
                                        ANY_IRP | OF_CLIENTS,
                                        GOOD_IRP,
                                        spoil_unreadable_client,
                                        { STATUS_INVALID_HANDLE, "NPI-010" } };

    each_function(state, &fault);
}

/* NULL for both: the IRP comes first. */
static void test_every_function_refuses_null_for_client_and_irp(void **state)
{
    static const struct fault fault = {
        "Client and Irp NULL", NEEDS_IRP | OF_CLIENTS, NO_IRP, spoil_no_client, { STATUS_INVALID_PARAMETER, "SOCK-002" }
    };

    each_function(state, &fault);
}

static void spoil_closed(struct call *call)
{
    call->socket = call->scene->sockets[CLOSED];
}

static void test_every_function_refuses_a_closed_socket(void **state)
{
    static const struct expected close_twice = { STATUS_FILE_FORCED_CLOSED, "SOCK-036" };
    static const struct expected expected = { STATUS_FILE_FORCED_CLOSED, "SOCK-037" };
    struct scene scene;

    scene_open(&scene, *state);
    for (size_t index = 0; index < bad_call_function_count; index++) {
        const struct function *function = bad_call_functions[index];
        struct call call;

        if (function->subjects == 0) {
            continue;
        }
        call_begin(&call, &scene, function);
        spoil_closed(&call);
        call_expect(function, &call, GOOD_IRP, function == &fn_close ? &close_twice : &expected, "a closed socket");
        call_end(&call);
    }
    scene_close(&scene);
}

/* As if a driver had cast the dispatch table: each function meets a socket of each category that lacks it. */
static void test_every_function_refuses_sockets_of_other_categories(void **state)
{
    static const struct expected expected = { STATUS_INVALID_DEVICE_REQUEST, "SOCK-012" };
    struct scene scene;
    unsigned count = 0;

    scene_open(&scene, *state);
    for (size_t index = 0; index < bad_call_function_count; index++) {
        for (unsigned subject = BASIC; subject < SUBJECT_COUNT; subject++) {
            const struct function *function = bad_call_functions[index];
            struct call call;

            if (function->subjects == 0 || (function->subjects & 1u << subject) != 0) {
                continue;
            }
            call_begin(&call, &scene, function);
            call.socket = scene.sockets[subject];
            call_expect(function, &call, GOOD_IRP, &expected, subject_name((enum subject)subject));
            call_end(&call);
            count++;
        }
    }
    assert_true(count > 30);
    scene_close(&scene);
}

/* --- functions that are called by name ---------------------------------------------------------- */

static void test_registration_functions_refuse_null(void **state)
{
    struct wsk_fixture *fixture = *state;
    WSK_PROVIDER_CHARACTERISTICS characteristics;
    WSK_PROVIDER_NPI npi;

    assert_int_equal(WskRegister(NULL, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(WskCaptureProviderNPI(&fixture->registration, WSK_NO_WAIT, NULL), STATUS_INVALID_PARAMETER);
    assert_int_equal(WskQueryProviderCharacteristics(&fixture->registration, NULL), STATUS_INVALID_PARAMETER);
    wsk_kit_expect_report("NPI-001");
    assert_int_equal(WskCaptureProviderNPI(NULL, WSK_NO_WAIT, &npi), STATUS_DEVICE_NOT_READY);
    wsk_kit_expect_report("NPI-001");
    assert_int_equal(WskQueryProviderCharacteristics(NULL, &characteristics), STATUS_DEVICE_NOT_READY);
    wsk_kit_expect_report("NPI-006");
    WskReleaseProviderNPI(NULL);
    wsk_kit_expect_report("NPI-001");
    WskDeregister(NULL);
}

static void test_registration_functions_refuse_a_block_that_is_not_registered(void **state)
{
    WSK_REGISTRATION block = { 0 };
    WSK_PROVIDER_CHARACTERISTICS characteristics;
    WSK_PROVIDER_NPI npi = { (PWSK_CLIENT)&block, NULL };

    UNREFERENCED_PARAMETER(state);
    wsk_kit_expect_report("NPI-001");
    assert_int_equal(WskCaptureProviderNPI(&block, WSK_INFINITE_WAIT, &npi), STATUS_DEVICE_NOT_READY);
    assert_null(npi.Client);
    wsk_kit_expect_report("NPI-001");
    assert_int_equal(WskQueryProviderCharacteristics(&block, &characteristics), STATUS_DEVICE_NOT_READY);
    wsk_kit_expect_report("NPI-006");
    WskReleaseProviderNPI(&block);
    wsk_kit_expect_report("NPI-001");
    WskDeregister(&block);
}

#define TESTS(X)                                                   \
    X(test_every_function_refuses_to_do_without_its_irp)           \
    X(test_every_function_refuses_an_irp_without_a_stack_location) \
    X(test_every_function_refuses_an_irp_that_is_pending)          \
    X(test_every_function_refuses_a_null_socket)                   \
    X(test_every_function_refuses_a_wild_socket)                   \
    X(test_every_function_refuses_a_null_client)                   \
    X(test_every_function_refuses_a_wild_client)                   \
    X(test_every_function_refuses_an_unreadable_client)            \
    X(test_every_function_refuses_null_for_client_and_irp)         \
    X(test_every_function_refuses_a_closed_socket)                 \
    X(test_every_function_refuses_sockets_of_other_categories)     \
    X(test_registration_functions_refuse_null)                     \
    X(test_registration_functions_refuse_a_block_that_is_not_registered)

CONTRACT_MAIN(TESTS, fixture_setup, fixture_teardown)
