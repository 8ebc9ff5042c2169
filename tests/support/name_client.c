/* SPDX-License-Identifier: MIT */
/* A client of WskGetAddressInfo and WskGetNameInfo. */
#include "name_client.h"

#include <string.h>

#include <ip2string.h>

void text_set(struct text *text, const char *ascii)
{
    size_t length = ascii == NULL ? 0 : strlen(ascii);
    size_t i;

    assert_true(length < TEXT_UNITS);
    memset(text, 0, sizeof(*text));
    for (i = 0; i < length; i++) {
        text->units[i] = (WCHAR)(unsigned char)ascii[i];
    }
    text->string.Buffer = text->units;
    text->string.Length = (USHORT)(length * sizeof(WCHAR));
    text->string.MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
}

void text_room(struct text *text, USHORT size)
{
    assert_true(size <= sizeof(text->units));
    memset(text, 0x5a, sizeof(*text));
    text->string.Buffer = text->units;
    text->string.Length = 0;
    text->string.MaximumLength = size;
}

bool wide_is(PCWSTR wide, const char *ascii)
{
    while (*ascii != '\0' && *wide == (WCHAR)(unsigned char)*ascii) {
        wide++;
        ascii++;
    }
    return *ascii == '\0' && *wide == 0;
}

bool text_is(const UNICODE_STRING *string, const char *ascii)
{
    return string->Length == strlen(ascii) * sizeof(WCHAR) && wide_is(string->Buffer, ascii);
}

NTSTATUS address_info_try(struct wsk_fixture *fixture, const char *node, const char *service, const ADDRINFOEXW *hints,
                          PADDRINFOEXW *list)
{
    struct text node_text;
    struct text service_text;
    ADDRINFOEXW copy;
    ULONG_PTR information;
    NTSTATUS status;

    text_set(&node_text, node);
    text_set(&service_text, service);
    if (hints != NULL) {
        copy = *hints;
    }
    *list = (PADDRINFOEXW)&copy; /* must be overwritten */
    REQUEST_CALL(status, &information, irp,
                 fixture->npi.Dispatch->WskGetAddressInfo(fixture->npi.Client, node != NULL ? &node_text.string : NULL,
                                                          service != NULL ? &service_text.string : NULL, 0, NULL,
                                                          hints != NULL ? &copy : NULL, list, NULL, NULL, irp));
    assert_int_equal(information, 0);
    if (!NT_SUCCESS(status)) {
        assert_null(*list);
    }
    return status;
}

PADDRINFOEXW address_info(struct wsk_fixture *fixture, const char *node, const char *service, const ADDRINFOEXW *hints)
{
    PADDRINFOEXW list;

    assert_int_equal(address_info_try(fixture, node, service, hints, &list), STATUS_SUCCESS);
    assert_non_null(list);
    return list;
}

void address_info_free(struct wsk_fixture *fixture, PADDRINFOEXW list)
{
    fixture->npi.Dispatch->WskFreeAddressInfo(fixture->npi.Client, list);
}

ADDRINFOEXW hints_make(int flags, int family, int type, int protocol)
{
    ADDRINFOEXW hints;

    memset(&hints, 0, sizeof(hints));
    hints.ai_flags = flags;
    hints.ai_family = family;
    hints.ai_socktype = type;
    hints.ai_protocol = protocol;
    return hints;
}

size_t list_count(const ADDRINFOEXW *list)
{
    size_t count = 0;

    for (; list != NULL; list = list->ai_next) {
        count++;
    }
    return count;
}

SOCKADDR_STORAGE address_from(const char *text, USHORT port)
{
    bool is_v6 = strchr(text, ':') != NULL;
    SOCKADDR_STORAGE address = address_any(is_v6 ? AF_INET6 : AF_INET, port);
    PCSTR end;

    if (is_v6) {
        assert_int_equal(RtlIpv6StringToAddressA(text, &end, &((SOCKADDR_IN6 *)&address)->sin6_addr), STATUS_SUCCESS);
    } else {
        assert_int_equal(RtlIpv4StringToAddressA(text, TRUE, &end, &((SOCKADDR_IN *)&address)->sin_addr),
                         STATUS_SUCCESS);
    }
    return address;
}

bool entry_is(const ADDRINFOEXW *entry, const char *address, USHORT port)
{
    SOCKADDR_STORAGE expected = address_from(address, port);
    size_t size = expected.ss_family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);

    return entry->ai_family == expected.ss_family && entry->ai_addrlen == size &&
           memcmp(entry->ai_addr, &expected, size) == 0;
}

NTSTATUS name_info_try(struct wsk_fixture *fixture, const SOCKADDR_STORAGE *address, UNICODE_STRING *node,
                       UNICODE_STRING *service, ULONG flags)
{
    SOCKADDR_STORAGE copy = *address;
    ULONG size = copy.ss_family == AF_INET6 ? sizeof(SOCKADDR_IN6) : sizeof(SOCKADDR_IN);
    ULONG_PTR information;
    NTSTATUS status;

    REQUEST_CALL(status, &information, irp,
                 fixture->npi.Dispatch->WskGetNameInfo(fixture->npi.Client, (PSOCKADDR)&copy, size, node, service,
                                                       flags, NULL, NULL, irp));
    assert_int_equal(information, 0);
    return status;
}
