/* SPDX-License-Identifier: MIT */
/* Internet addresses as text: the rules behind RtlIpv4... and RtlIpv6..., on plain bytes in network order. */
#include "nt/rtl_address_text.h"

#include <string.h>

/* --- reading --------------------------------------------------------------------------- */

static unsigned text_at(const struct we_rtl_address_text *text, size_t ahead)
{
    return text->wide != NULL ? text->wide[text->at + ahead] : (UCHAR)text->narrow[text->at + ahead];
}

bool we_rtl_address_is_end(const struct we_rtl_address_text *text)
{
    return text_at(text, 0) == 0;
}

bool we_rtl_address_skip(struct we_rtl_address_text *text, CHAR character)
{
    if (text_at(text, 0) != (unsigned)character) {
        return false;
    }
    text->at++;
    return true;
}

/* Returns 16 for a character that is no digit. */
static unsigned digit_at(const struct we_rtl_address_text *text, size_t ahead)
{
    unsigned character = text_at(text, ahead);

    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return 16;
}

/* Reads all digits of the base and returns how many there were. *is_exact becomes false when the value does not fit;
 * it has then lost its upper bits. */
static size_t digits_take(struct we_rtl_address_text *text, unsigned base, ULONG *value, bool *is_exact)
{
    size_t count = 0;
    ULONGLONG wide = 0;

    *is_exact = true;
    for (; digit_at(text, 0) < base; text->at++, count++) {
        wide = (wide & 0xFFFFFFFFu) * base + digit_at(text, 0);
        *is_exact = *is_exact && wide <= 0xFFFFFFFFu;
    }
    *value = (ULONG)wide;
    return count;
}

/* Reads a number whose prefix says its base. */
static bool number_take(struct we_rtl_address_text *text, ULONG *value, bool *is_exact)
{
    unsigned base = 10;

    if (text_at(text, 0) == '0' && (text_at(text, 1) == 'x' || text_at(text, 1) == 'X')) {
        base = 16;
        text->at += 2;
    } else if (text_at(text, 0) == '0') {
        base = 8;
    }
    return digits_take(text, base, value, is_exact) > 0;
}

/* One part of a dotted address in strict form; digits_max 0: any number of digits. */
static bool decimal_part_take(struct we_rtl_address_text *text, bool allows_leading_zero, size_t digits_max,
                              ULONG *value)
{
    size_t from = text->at;
    bool is_exact;
    size_t count;

    if (!allows_leading_zero && text_at(text, 0) == '0' && digit_at(text, 1) < 10) {
        text->at++;
        return false;
    }
    count = digits_take(text, 10, value, &is_exact);
    return text->at > from && is_exact && *value <= 255 && (digits_max == 0 || count <= digits_max);
}

static bool ipv4_strict_parse(struct we_rtl_address_text *text, UCHAR bytes[4])
{
    UCHAR parts[4];

    for (unsigned i = 0; i < 4; i++) {
        ULONG value;

        if ((i > 0 && !we_rtl_address_skip(text, '.')) || !decimal_part_take(text, false, 0, &value)) {
            return false;
        }
        parts[i] = (UCHAR)value;
    }
    if (text_at(text, 0) == '.') {
        return false;
    }
    memcpy(bytes, parts, 4);
    return true;
}

/* A single number may overflow: Windows drops the upper bits then. */
static bool ipv4_loose_parse(struct we_rtl_address_text *text, UCHAR bytes[4])
{
    ULONG address = 0;
    ULONG value;
    unsigned part_count = 0;

    for (;;) {
        bool is_exact;

        if (digit_at(text, 0) > 9 || !number_take(text, &value, &is_exact)) {
            return false;
        }
        part_count++;
        if (text_at(text, 0) != '.') {
            break;
        }
        if (part_count == 4 || value > 255 || !is_exact) {
            return false;
        }
        address |= value << (32 - 8 * part_count);
        text->at++;
    }
    if (part_count > 1 && value > 0xFFFFFFFFu >> (8 * (part_count - 1))) {
        return false;
    }
    address |= value;
    for (unsigned i = 0; i < 4; i++) {
        bytes[i] = (UCHAR)(address >> (24 - 8 * i));
    }
    return true;
}

bool we_rtl_ipv4_parse(struct we_rtl_address_text *text, bool is_strict, UCHAR bytes[4])
{
    return is_strict ? ipv4_strict_parse(text, bytes) : ipv4_loose_parse(text, bytes);
}

/* Eight groups, of which "::" may leave out one or more. */
struct groups {
    USHORT values[8];
    int count;
    int gap; /* index in front of which "::" stood, or -1 */
};

static int groups_room(const struct groups *groups)
{
    return 8 - groups->count - (groups->gap >= 0 ? 1 : 0);
}

/* The dotted form at the end of an IPv6 address: decimal parts of one to three digits. */
static bool groups_take_dotted(struct groups *groups, struct we_rtl_address_text *text)
{
    ULONG parts[4];

    for (unsigned i = 0; i < 4; i++) {
        if ((i > 0 && !we_rtl_address_skip(text, '.')) || !decimal_part_take(text, true, 3, &parts[i])) {
            return false;
        }
    }
    groups->values[groups->count++] = (USHORT)(parts[0] << 8 | parts[1]);
    groups->values[groups->count++] = (USHORT)(parts[2] << 8 | parts[3]);
    return true;
}

static bool is_dotted_next(const struct we_rtl_address_text *text)
{
    size_t ahead = 0;

    while (digit_at(text, ahead) < 10) {
        ahead++;
    }
    return ahead > 0 && text_at(text, ahead) == '.';
}

/* What follows a group. Returns true when another group must or may follow. */
static bool groups_continue(struct groups *groups, struct we_rtl_address_text *text)
{
    if (groups_room(groups) == 0 || text_at(text, 0) != ':') {
        return false;
    }
    if (text_at(text, 1) != ':') {
        text->at++;
        return true;
    }
    if (groups->gap >= 0) {
        return false;
    }
    groups->gap = groups->count;
    text->at += 2;
    return groups_room(groups) > 0 && digit_at(text, 0) < 16;
}

static bool groups_parse(struct groups *groups, struct we_rtl_address_text *text)
{
    bool is_more = true;

    if (text_at(text, 0) == ':') {
        if (text_at(text, 1) != ':') {
            return false;
        }
        groups->gap = 0;
        text->at += 2;
        is_more = digit_at(text, 0) < 16;
    }
    while (is_more) {
        ULONG value;
        bool is_exact;
        size_t count;

        if (groups_room(groups) >= 2 && is_dotted_next(text)) {
            return groups_take_dotted(groups, text);
        }
        count = digits_take(text, 16, &value, &is_exact);
        if (count == 0 || count > 4) {
            return false;
        }
        groups->values[groups->count++] = (USHORT)value;
        is_more = groups_continue(groups, text);
    }
    return true;
}

bool we_rtl_ipv6_parse(struct we_rtl_address_text *text, UCHAR bytes[16])
{
    struct groups groups = { { 0 }, 0, -1 };
    int missing;

    if (!groups_parse(&groups, text)) {
        return false;
    }
    missing = 8 - groups.count;
    if (groups.gap < 0 && missing > 0) {
        return false;
    }
    memset(bytes, 0, 16);
    for (int i = 0; i < groups.count; i++) {
        int at = groups.gap >= 0 && i >= groups.gap ? i + missing : i;

        bytes[2 * at] = (UCHAR)(groups.values[i] >> 8);
        bytes[2 * at + 1] = (UCHAR)groups.values[i];
    }
    return true;
}

static USHORT network_order(USHORT value)
{
    UCHAR bytes[2] = { (UCHAR)(value >> 8), (UCHAR)value };
    USHORT result;

    memcpy(&result, bytes, sizeof(result));
    return result;
}

bool we_rtl_port_parse(struct we_rtl_address_text *text, USHORT *port)
{
    ULONG value;
    bool is_exact;

    if (digit_at(text, 0) > 9 || !number_take(text, &value, &is_exact) || !is_exact || value == 0 || value > 65535) {
        return false;
    }
    *port = network_order((USHORT)value);
    return true;
}

bool we_rtl_scope_parse(struct we_rtl_address_text *text, ULONG *scope_id)
{
    bool is_exact;

    return digits_take(text, 10, scope_id, &is_exact) > 0 && is_exact;
}

/* --- writing --------------------------------------------------------------------------- */

static size_t decimal_print(ULONG value, CHAR *text)
{
    CHAR digits[10];
    size_t count = 0;

    do {
        digits[count++] = (CHAR)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    return count;
}

static size_t hexadecimal_print(USHORT value, CHAR *text)
{
    size_t count = 0;
    int shift = 12;

    while (shift > 0 && value >> shift == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        text[count++] = "0123456789abcdef"[value >> shift & 0xF];
    }
    return count;
}

size_t we_rtl_ipv4_print(const UCHAR bytes[4], CHAR text[WE_RTL_IPV4_SIZE])
{
    size_t length = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (i > 0) {
            text[length++] = '.';
        }
        length += decimal_print(bytes[i], text + length);
    }
    text[length] = 0;
    return length;
}

/* Addresses that carry an IPv4 address in their last four bytes show it in dotted form: compatible, mapped and
 * translated ones, and the interface identifiers of ISATAP. */
static bool has_dotted_tail(const USHORT words[8])
{
    bool is_isatap = (words[4] & 0xFDFF) == 0 && words[5] == 0x5EFE;
    bool is_prefix_zero = words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 0;
    bool is_compatible_or_mapped = words[4] == 0 && (words[5] == 0 || words[5] == 0xFFFF);
    bool is_translated = words[4] == 0xFFFF && words[5] == 0;

    return is_isatap || (is_prefix_zero && words[6] != 0 && (is_compatible_or_mapped || is_translated));
}

/* The first of the longest runs of two or more zero words; length 0: there is none. */
static void zero_run_find(const USHORT *words, int count, int *first, int *length)
{
    *first = -1;
    *length = 0;
    for (int i = 0; i < count; i++) {
        int end = i;

        while (end < count && words[end] == 0) {
            end++;
        }
        if (end - i > 1 && end - i > *length) {
            *first = i;
            *length = end - i;
        }
    }
}

size_t we_rtl_ipv6_print(const UCHAR bytes[16], CHAR text[WE_RTL_IPV6_SIZE])
{
    USHORT words[8];
    size_t length = 0;
    int word_count;
    int run_first;
    int run_length;

    for (int i = 0; i < 8; i++) {
        words[i] = (USHORT)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    }
    word_count = has_dotted_tail(words) ? 6 : 8;
    zero_run_find(words, word_count, &run_first, &run_length);
    for (int i = 0; i < word_count; i++) {
        if (i == run_first) {
            text[length++] = ':';
            text[length++] = ':';
            i += run_length - 1;
        } else {
            if (i > 0 && i != run_first + run_length) {
                text[length++] = ':';
            }
            length += hexadecimal_print(words[i], text + length);
        }
    }
    if (word_count == 6) {
        if (run_first + run_length != 6) {
            text[length++] = ':';
        }
        length += we_rtl_ipv4_print(bytes + 12, text + length);
    }
    text[length] = 0;
    return length;
}

static size_t port_print(USHORT port, CHAR *text)
{
    text[0] = ':';
    return 1 + decimal_print(network_order(port), text + 1);
}

size_t we_rtl_ipv4_print_ex(const UCHAR bytes[4], USHORT port, CHAR text[WE_RTL_IPV4_EX_SIZE])
{
    size_t length = we_rtl_ipv4_print(bytes, text);

    if (port != 0) {
        length += port_print(port, text + length);
    }
    text[length] = 0;
    return length;
}

size_t we_rtl_ipv6_print_ex(const UCHAR bytes[16], ULONG scope_id, USHORT port, CHAR text[WE_RTL_IPV6_EX_SIZE])
{
    size_t length = 0;

    if (port != 0) {
        text[length++] = '[';
    }
    length += we_rtl_ipv6_print(bytes, text + length);
    if (scope_id != 0) {
        text[length++] = '%';
        length += decimal_print(scope_id, text + length);
    }
    if (port != 0) {
        text[length++] = ']';
        length += port_print(port, text + length);
    }
    text[length] = 0;
    return length;
}
