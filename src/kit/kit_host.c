/* SPDX-License-Identifier: MIT */
/* What the emulated machine knows: names for the driver to look up, and its transports. */
#include "host/host_resolve.h"
#include "kit/kit_internal.h"
#include "wsk/wsk_client.h"

static void check(enum we_err err, const char *function, const char *name)
{
    switch (err) {
    case WE_OK:
        return;
    case WE_ERR_INVALID:
        wsk_kit_fail("%s: \"%s\" cannot be a name", function, name);
        return;
    case WE_ERR_IN_USE:
        wsk_kit_fail("%s: \"%s\" has another meaning already, or too many addresses", function, name);
        return;
    default:
        wsk_kit_fail("%s: %s", function, we_base_err_text(err));
        return;
    }
}

void wsk_kit_host_add(const char *name, const char *address)
{
    enum we_err err;

    if (!wsk_kit_check_running("wsk_kit_host_add")) {
        return;
    }
    err = we_host_names_add(name, address);
    if (err == WE_ERR_ADDRESS) {
        wsk_kit_fail("wsk_kit_host_add: \"%s\" is no address", address);
        return;
    }
    check(err, "wsk_kit_host_add", name);
}

void wsk_kit_host_alias(const char *alias, const char *name)
{
    if (wsk_kit_check_running("wsk_kit_host_alias")) {
        check(we_host_names_alias(alias, name), "wsk_kit_host_alias", alias);
    }
}

void wsk_kit_host_fail(const char *name, enum wsk_kit_host_failure failure)
{
    static const enum we_host_answer answers[] = {
        [WSK_KIT_HOST_UNKNOWN] = WE_ANSWER_UNKNOWN,
        [WSK_KIT_HOST_TRY_AGAIN] = WE_ANSWER_TRY_AGAIN,
        [WSK_KIT_HOST_NO_MEMORY] = WE_ANSWER_NO_MEMORY,
        [WSK_KIT_HOST_NOT_READY] = WE_ANSWER_NOT_READY,
    };

    if (!wsk_kit_check_running("wsk_kit_host_fail")) {
        return;
    }
    if ((unsigned)failure >= WE_ARRAY_COUNT(answers)) {
        wsk_kit_fail("wsk_kit_host_fail: there is no failure %d", (int)failure);
        return;
    }
    check(we_host_names_fail(name, answers[failure]), "wsk_kit_host_fail", name);
}

void wsk_kit_host_hold(const char *name)
{
    if (wsk_kit_check_running("wsk_kit_host_hold")) {
        check(we_host_resolve_hold(name), "wsk_kit_host_hold", name);
    }
}

void wsk_kit_host_let_go(const char *name)
{
    if (wsk_kit_check_running("wsk_kit_host_let_go") && !we_host_resolve_let_go(name)) {
        wsk_kit_fail("wsk_kit_host_let_go: \"%s\" is not held", name);
    }
}

void wsk_kit_set_transports(bool has_ipv4, bool has_ipv6)
{
    if (wsk_kit_check_running("wsk_kit_set_transports")) {
        we_wsk_transports_set(has_ipv4, has_ipv6);
    }
}
