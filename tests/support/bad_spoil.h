/* SPDX-License-Identifier: MIT */
/* What several tests of wrong arguments spoil a call by. */
#ifndef WE_TEST_BAD_SPOIL_H
#define WE_TEST_BAD_SPOIL_H

#include "bad_call.h"

/* The address. */
void spoil_no_address(struct call *call);
void spoil_ipv6_address(struct call *call);
void spoil_no_family(struct call *call);
void spoil_odd_family(struct call *call);
void spoil_port_zero(struct call *call);
void spoil_any_address(struct call *call);

/* Flags. */
void spoil_flag_1(struct call *call);
void spoil_all_flags(struct call *call);
void spoil_send_oob(struct call *call);
void spoil_receive_both_flags(struct call *call);
void spoil_receive_drain_length(struct call *call);

/* The buffer of BYTES bytes. */
void spoil_no_buffer(struct call *call);
void spoil_no_mdl(struct call *call);
void spoil_long_buffer(struct call *call);
void spoil_huge_buffer(struct call *call);
void spoil_late_offset(struct call *call);
void spoil_huge_offset(struct call *call);
void spoil_offset_and_length(struct call *call);
void spoil_disconnect_long_buffer(struct call *call);

/* What WskRelease gets. */
void spoil_no_indication(struct call *call);
void spoil_wild_indication(struct call *call);

#endif
