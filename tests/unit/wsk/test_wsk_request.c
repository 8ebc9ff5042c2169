/* SPDX-License-Identifier: MIT */
/* The ids that callbacks of a listener are shown. */
#include <stdlib.h>

#include "support/unit.h"

#include "wsk/wsk_request.h"

struct rig {
    struct we_wsk_socket socket;
    struct we_wsk_listener listener;
    struct we_wsk_request_record request;
};

static struct rig *rig_create(void)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    rig->socket.listener = &rig->listener;
    rig->request.listener = &rig->socket;
    return rig;
}

static WSK_INSPECT_ID *rig_show(struct rig *rig, ULONG serial)
{
    rig->request.id = 1000 + serial;
    rig->request.serial = serial;
    return we_wsk_request_show_locked(&rig->request);
}

static void test_request_show_is_not_reused_at_once(void **state)
{
    struct rig *rig = rig_create();
    WSK_INSPECT_ID *first = rig_show(rig, 1);

    (void)state;
    assert_int_equal(first->SerialNumber, 1);
    we_wsk_request_poison_locked(first);
    assert_true(we_wsk_request_is_kept_pointer_locked(&rig->listener, first));
    assert_ptr_not_equal(rig_show(rig, 2), first);
    free(rig);
}

/* A callback stays away for long, on one processor, while others come and go on another: its id was overwritten. */
static void test_request_show_passes_over_ids_that_are_looked_at(void **state)
{
    struct rig *rig = rig_create();
    WSK_INSPECT_ID *first = rig_show(rig, 1);
    ULONG serial;

    (void)state;
    for (serial = 2; serial < 3 * WE_WSK_SHOWN_MAX; serial++) {
        WSK_INSPECT_ID *shown = rig_show(rig, serial);

        assert_ptr_not_equal(shown, first);
        assert_int_equal(shown->SerialNumber, serial);
        we_wsk_request_poison_locked(shown);
    }
    assert_int_equal(first->SerialNumber, 1);
    assert_int_equal(first->Key, 1001);
    free(rig);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_request_show_is_not_reused_at_once),
    cmocka_unit_test(test_request_show_passes_over_ids_that_are_looked_at),
};

UNIT_MAIN(s_tests)
