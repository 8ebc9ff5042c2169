/* SPDX-License-Identifier: MIT */
/* What several tests of wrong arguments spoil a call by. */
#include "bad_spoil.h"

static unsigned char s_wild[256]; /* what wild pointers point to */

void spoil_no_address(struct call *call)
{
    call->address = NULL;
}

void spoil_ipv6_address(struct call *call)
{
    call->storage = address_loopback(AF_INET6, 9);
}

void spoil_no_family(struct call *call)
{
    call->storage.ss_family = AF_UNSPEC;
}

void spoil_odd_family(struct call *call)
{
    call->storage.ss_family = 0x1234;
}

void spoil_port_zero(struct call *call)
{
    call->storage = address_loopback(AF_INET, 0);
}

void spoil_any_address(struct call *call)
{
    call->storage = address_any(AF_INET, 9);
}

void spoil_flag_1(struct call *call)
{
    call->flags = 1;
}

void spoil_all_flags(struct call *call)
{
    call->flags = 0xffffffff;
}

void spoil_send_oob(struct call *call)
{
    call->flags = WSK_FLAG_OOB;
}

void spoil_receive_both_flags(struct call *call)
{
    call->flags = WSK_FLAG_WAITALL | WSK_FLAG_DRAIN;
}

void spoil_receive_drain_length(struct call *call)
{
    call->flags = WSK_FLAG_DRAIN;
}

void spoil_no_buffer(struct call *call)
{
    call->buffer_pointer = NULL;
}

void spoil_no_mdl(struct call *call)
{
    call->buffer.Mdl = NULL;
}

void spoil_long_buffer(struct call *call)
{
    call->buffer.Length = BYTES + 1;
}

void spoil_huge_buffer(struct call *call)
{
    call->buffer.Length = ~(SIZE_T)0;
}

void spoil_late_offset(struct call *call)
{
    call->buffer.Offset = BYTES;
}

void spoil_huge_offset(struct call *call)
{
    call->buffer.Offset = 0xffffffff;
}

void spoil_offset_and_length(struct call *call)
{
    call->buffer.Offset = 1;
}

void spoil_disconnect_long_buffer(struct call *call)
{
    call->buffer_pointer = &call->buffer;
    call->buffer.Length = BYTES + 1;
}

void spoil_no_indication(struct call *call)
{
    call->indication = NULL;
}

void spoil_wild_indication(struct call *call)
{
    call->indication = (PWSK_DATA_INDICATION)(void *)s_wild;
}
