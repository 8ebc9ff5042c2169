/* SPDX-License-Identifier: MIT */
/* Functions of rows that belong to parts of the library which do not exist yet. Each says so and fails. */
#include "wsk/wsk_option_table.h"

#include "wsk/wsk_unsupported.h"

static NTSTATUS not_yet(const struct we_wsk_row *row)
{
    we_wsk_unsupported("%s %s", row->level_name != NULL ? "socket option" : "I/O control", row->name);
    return STATUS_NOT_SUPPORTED;
}

#define NOT_YET(name)                                                                                           \
    NTSTATUS name(struct we_wsk_call *call, const struct we_wsk_row *row, const struct we_wsk_control *control, \
                  ULONG_PTR *information)                                                                       \
    {                                                                                                           \
        (void)call;                                                                                             \
        (void)control;                                                                                          \
        (void)information;                                                                                      \
        return not_yet(row);                                                                                    \
    }

/* Datagram sockets. */
NOT_YET(we_wsk_option_membership)
