/* SPDX-License-Identifier: MIT */
/* Internet addresses as text: the rules behind RtlIpv4... and RtlIpv6..., on plain bytes in network order. */
#ifndef WE_RTL_ADDRESS_TEXT_H
#define WE_RTL_ADDRESS_TEXT_H

#include <stdbool.h>

#include <wdm.h>

/* A terminated text of either width that is being read; exactly one of the two pointers is set. */
struct we_rtl_address_text {
    const CHAR *narrow;
    const WCHAR *wide;
    size_t at; /* the first character that was not read */
};

/* The parsers stop at the first character that cannot belong; they return false, with at where the trouble is and
 * nothing stored, for a text that does not begin with an address. */

/* Strict: four decimal parts. Otherwise one to four parts, each decimal, octal (leading 0) or hexadecimal (leading
 * 0x), the last of which fills the bytes that are left. */
bool we_rtl_ipv4_parse(struct we_rtl_address_text *text, bool is_strict, UCHAR bytes[4]);
bool we_rtl_ipv6_parse(struct we_rtl_address_text *text, UCHAR bytes[16]);
/* A port is 1 to 65535, decimal, octal or hexadecimal; stored in network order. */
bool we_rtl_port_parse(struct we_rtl_address_text *text, USHORT *port);
bool we_rtl_scope_parse(struct we_rtl_address_text *text, ULONG *scope_id);
/* Reads one character if it is this one. */
bool we_rtl_address_skip(struct we_rtl_address_text *text, CHAR character);
bool we_rtl_address_is_end(const struct we_rtl_address_text *text);

/* Sizes that are enough, with the terminator. */
#define WE_RTL_IPV4_SIZE 16
#define WE_RTL_IPV6_SIZE 46
#define WE_RTL_IPV4_EX_SIZE 22
#define WE_RTL_IPV6_EX_SIZE 65

/* Write the text with its terminator and return its length without. */
size_t we_rtl_ipv4_print(const UCHAR bytes[4], CHAR text[WE_RTL_IPV4_SIZE]);
size_t we_rtl_ipv6_print(const UCHAR bytes[16], CHAR text[WE_RTL_IPV6_SIZE]);
/* Port in network order, 0 prints none; scope 0 prints none. */
size_t we_rtl_ipv4_print_ex(const UCHAR bytes[4], USHORT port, CHAR text[WE_RTL_IPV4_EX_SIZE]);
size_t we_rtl_ipv6_print_ex(const UCHAR bytes[16], ULONG scope_id, USHORT port, CHAR text[WE_RTL_IPV6_EX_SIZE]);

#endif
