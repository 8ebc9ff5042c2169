/* SPDX-License-Identifier: MIT */
/* A client of WskGetAddressInfo and WskGetNameInfo: strings, and calls that wait. */
#ifndef WE_TEST_NAME_CLIENT_H
#define WE_TEST_NAME_CLIENT_H

#include "wsk_fixture.h"

#define TEXT_UNITS 128

/* A counted string and its memory. */
struct text {
    UNICODE_STRING string;
    WCHAR units[TEXT_UNITS];
};
/* Widens ASCII; with a terminator behind. NULL: an empty string. */
void text_set(struct text *text, const char *ascii);
/* An empty string with room for size bytes. */
void text_room(struct text *text, USHORT size);
bool text_is(const UNICODE_STRING *string, const char *ascii);

/* node, service: ASCII, NULL for none. Waits; checks that Information is 0 and that *list is NULL on failure. */
NTSTATUS address_info_try(struct wsk_fixture *fixture, const char *node, const char *service, const ADDRINFOEXW *hints,
                          PADDRINFOEXW *list);
/* With a status that is no success the test fails. */
PADDRINFOEXW address_info(struct wsk_fixture *fixture, const char *node, const char *service, const ADDRINFOEXW *hints);
void address_info_free(struct wsk_fixture *fixture, PADDRINFOEXW list);
ADDRINFOEXW hints_make(int flags, int family, int type, int protocol);
/* Entries of a list. */
size_t list_count(const ADDRINFOEXW *list);
/* The entry's address: "127.0.0.1", "::1". Checks family and length. */
bool entry_is(const ADDRINFOEXW *entry, const char *address, USHORT port);
bool wide_is(PCWSTR wide, const char *ascii);

/* node and service: room for the answer, or NULL. */
NTSTATUS name_info_try(struct wsk_fixture *fixture, const SOCKADDR_STORAGE *address, UNICODE_STRING *node,
                       UNICODE_STRING *service, ULONG flags);
/* An address from text. */
SOCKADDR_STORAGE address_from(const char *text, USHORT port);

#endif
