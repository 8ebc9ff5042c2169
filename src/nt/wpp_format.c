/* SPDX-License-Identifier: MIT */
/* Messages of WPP: the text around conversions, and the conversions of printf. */
#include "nt/wpp_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nt/rtl_format.h"

/* Design
 *
 * On Windows each trace call becomes a function whose parameters have the types that the format names, so %d gets an int
 * whatever the driver gave, and %I64d 64 bits even of a char. Arguments arrive here with their types; a conversion makes
 * of each what that function would have received, and lets the kernel's own formatter print it by a format of one
 * conversion. Windows refuses to compile a string conversion of a number; here it shows as a remark.
 */

#define PIECE_BYTES 64

struct conversion {
    CHAR flags[8];
    int width;
    int precision; /* -1: none */
    CHAR size[4];  /* as written: "I64", "ll", "h" */
    CHAR letter;
};

static void length_add(struct we_wpp_call *call, size_t length)
{
    size_t room = call->capacity - call->length;

    call->length += length < room ? length : room;
}

void we_wpp_print(struct we_wpp_call *call, const CHAR *format, ...)
{
    va_list args;

    va_start(args, format);
    length_add(call, we_rtl_format_open(call->text + call->length, call->capacity - call->length, format, args));
    va_end(args);
}

static void text_copy(struct we_wpp_call *call, const CHAR *text, size_t length)
{
    size_t room = call->capacity - call->length;

    memcpy(call->text + call->length, text, length < room ? length : room);
    length_add(call, length);
}

/* --- arguments --------------------------------------------------------------------------- */

ULONGLONG we_wpp_integer(const struct wsk_emu_trace_arg *arg)
{
    ULONGLONG value = arg->Value.Integer; /* what lies behind a smaller value is zero */

    if (arg->Kind == WSK_EMU_TRACE_FLOATING) {
        return (ULONGLONG)(LONGLONG)arg->Value.Floating;
    }
    if (arg->Kind == WSK_EMU_TRACE_SIGNED && arg->Size < sizeof(value)) {
        unsigned shift = (unsigned)(sizeof(value) - arg->Size) * 8;

        return (ULONGLONG)((LONGLONG)(value << shift) >> shift);
    }
    return value;
}

const void *we_wpp_pointer(const struct wsk_emu_trace_arg *arg, bool *is_wrong)
{
    *is_wrong = false;
    if (arg->Kind == WSK_EMU_TRACE_POINTER) {
        return arg->Value.Pointer;
    }
    if (arg->Kind == WSK_EMU_TRACE_BYTES && arg->Size <= sizeof(arg->Value.Bytes)) {
        return arg->Value.Bytes;
    }
    /* NULL is a number in C++, and 0 is NULL in both. */
    *is_wrong = arg->Kind == WSK_EMU_TRACE_BYTES || arg->Value.Integer != 0;
    return NULL;
}

/* --- printf's conversions ---------------------------------------------------------------- */

static int number_read(const CHAR **at)
{
    int value = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value < 10000 ? value * 10 + (**at - '0') : value;
    }
    return value;
}

static int star_read(struct we_wpp_call *call, const CHAR **at)
{
    (*at)++;
    return call->next < call->count ? (int)we_wpp_integer(&call->args[call->next++]) : 0;
}

static void size_read(struct conversion *conversion, const CHAR **at)
{
    static const CHAR *const sizes[] = { "I64", "I32", "I", "ll", "l", "hh", "h", "w", "z", "t", "j" };

    conversion->size[0] = 0;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t length = strlen(sizes[i]);

        if (strncmp(*at, sizes[i], length) == 0) {
            memcpy(conversion->size, sizes[i], length + 1);
            *at += length;
            return;
        }
    }
}

/* at stands behind the percent sign, afterwards behind the letter. */
static void conversion_read(struct we_wpp_call *call, struct conversion *conversion, const CHAR **at)
{
    size_t flag_count = 0;

    for (; **at != 0 && strchr("-+ #0", **at) != NULL; (*at)++) {
        if (flag_count < sizeof(conversion->flags) - 1) {
            conversion->flags[flag_count++] = **at;
        }
    }
    conversion->flags[flag_count] = 0;
    conversion->width = **at == '*' ? star_read(call, at) : number_read(at);
    conversion->precision = -1;
    if (**at == '.') {
        (*at)++;
        conversion->precision = **at == '*' ? star_read(call, at) : number_read(at);
    }
    size_read(conversion, at);
    conversion->letter = **at;
    if (**at != 0) {
        (*at)++;
    }
}

/* A format of this one conversion with another size and letter. */
static void piece_make(CHAR piece[PIECE_BYTES], const struct conversion *conversion, const CHAR *size, CHAR letter)
{
    CHAR precision[16] = "";
    CHAR width[16] = "";

    if (conversion->width != 0) {
        (void)snprintf(width, sizeof(width), "%d", conversion->width);
    }
    if (conversion->precision >= 0) {
        (void)snprintf(precision, sizeof(precision), ".%d", conversion->precision);
    }
    (void)snprintf(piece, PIECE_BYTES, "%%%s%s%s%s%c", conversion->flags, width, precision, size, letter);
}

/* 64-bit numbers, and those as wide as a pointer; everything else has 32 bits at most. */
static bool size_is_long(const CHAR *size)
{
    return strcmp(size, "I64") == 0 || strcmp(size, "ll") == 0 || strcmp(size, "I") == 0 || *size == 'z' ||
           *size == 't' || *size == 'j';
}

static void integer_convert(struct we_wpp_call *call, const struct conversion *conversion,
                            const struct wsk_emu_trace_arg *arg)
{
    bool is_signed = conversion->letter == 'd' || conversion->letter == 'i';
    ULONGLONG value = we_wpp_integer(arg);
    CHAR piece[PIECE_BYTES];

    if (strcmp(conversion->size, "h") == 0) {
        value = is_signed ? (ULONGLONG)(SHORT)value : (USHORT)value;
    } else if (strcmp(conversion->size, "hh") == 0) {
        value = is_signed ? (ULONGLONG)(SCHAR)value : (UCHAR)value;
    } else if (!size_is_long(conversion->size)) {
        value = is_signed ? (ULONGLONG)(LONG)value : (ULONG)value;
    }
    piece_make(piece, conversion, "I64", conversion->letter);
    we_wpp_print(call, piece, value);
}

static void floating_convert(struct we_wpp_call *call, const struct conversion *conversion,
                             const struct wsk_emu_trace_arg *arg)
{
    CHAR piece[PIECE_BYTES];
    CHAR number[400]; /* the longest double has 309 digits; more decimals than fit are cut */
    double value = 0;

    if (arg->Kind != WSK_EMU_TRACE_FLOATING) {
        value = (double)(LONGLONG)we_wpp_integer(arg);
    } else if (arg->Size == sizeof(float)) {
        float narrow;

        memcpy(&narrow, arg->Value.Bytes, sizeof(narrow));
        value = narrow;
    } else {
        value = arg->Value.Floating;
    }
    piece_make(piece, conversion, "", conversion->letter);
    (void)snprintf(number, sizeof(number), piece, value);
    text_copy(call, number, strlen(number));
}

static bool string_is_wide(const struct conversion *conversion)
{
    if (conversion->size[0] == 'h') {
        return false;
    }
    return conversion->size[0] == 'l' || conversion->size[0] == 'w' || conversion->letter == 'S' ||
           conversion->letter == 'C';
}

static void string_convert(struct we_wpp_call *call, const struct conversion *conversion,
                           const struct wsk_emu_trace_arg *arg)
{
    bool is_counted = conversion->letter == 'Z' || conversion->letter == 'z';
    bool is_wrong;
    const void *string = we_wpp_pointer(arg, &is_wrong);
    CHAR piece[PIECE_BYTES];

    if (is_wrong || (!is_counted && arg->Kind == WSK_EMU_TRACE_BYTES)) {
        we_wpp_print(call, "(not a string: 0x%I64x)", arg->Value.Integer);
        return;
    }
    if (string == NULL || (is_counted && ((const STRING *)string)->Buffer == NULL)) {
        piece_make(piece, conversion, "h", 's');
        we_wpp_print(call, piece, "NULL");
        return;
    }
    piece_make(piece, conversion, string_is_wide(conversion) ? "w" : "h", is_counted ? 'Z' : 's');
    we_wpp_print(call, piece, string);
}

static void character_convert(struct we_wpp_call *call, const struct conversion *conversion,
                              const struct wsk_emu_trace_arg *arg)
{
    CHAR piece[PIECE_BYTES];

    piece_make(piece, conversion, string_is_wide(conversion) ? "w" : "h", 'c');
    we_wpp_print(call, piece, (int)we_wpp_integer(arg));
}

static void pointer_convert(struct we_wpp_call *call, const struct conversion *conversion,
                            const struct wsk_emu_trace_arg *arg)
{
    CHAR piece[PIECE_BYTES];

    piece_make(piece, conversion, "", 'p');
    we_wpp_print(call, piece, (PVOID)(ULONG_PTR)we_wpp_integer(arg));
}

static const CHAR *conversion_do(struct we_wpp_call *call, const CHAR *at)
{
    const CHAR *from = at - 1;
    struct conversion conversion;
    const struct wsk_emu_trace_arg *arg;

    conversion_read(call, &conversion, &at);
    if (conversion.letter == '%') {
        text_copy(call, "%", 1);
        return at;
    }
    if (conversion.letter == 0 || strchr("diuxXocCsSpZzeEfFgGaA", conversion.letter) == NULL) {
        text_copy(call, from, (size_t)(at - from));
        return at;
    }
    if (call->next == call->count) {
        we_wpp_print(call, "(no argument)");
        return at;
    }
    arg = &call->args[call->next++];
    switch (conversion.letter) {
    case 's':
    case 'S':
    case 'Z':
    case 'z':
        string_convert(call, &conversion, arg);
        break;
    case 'c':
    case 'C':
        character_convert(call, &conversion, arg);
        break;
    case 'p':
        pointer_convert(call, &conversion, arg);
        break;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        integer_convert(call, &conversion, arg);
        break;
    default:
        floating_convert(call, &conversion, arg);
        break;
    }
    return at;
}

void we_wpp_convert(struct we_wpp_call *call, const CHAR *format)
{
    (void)conversion_do(call, format + 1);
}

/* --- the whole message ------------------------------------------------------------------- */

static void part_do(struct we_wpp_call *call, const CHAR *format)
{
    const CHAR *at = format != NULL ? format : "";

    while (*at != 0) {
        size_t length = strcspn(at, "%");

        text_copy(call, at, length);
        at += length;
        if (at[0] == '%' && at[1] == '!') {
            const CHAR *end = strchr(at + 2, '!');

            if (end == NULL) {
                text_copy(call, at, strlen(at));
                return;
            }
            we_wpp_convert_named(call, at + 2, (size_t)(end - at) - 2);
            at = end + 1;
        } else if (at[0] == '%') {
            at = conversion_do(call, at + 1);
        }
    }
}

size_t we_wpp_format(CHAR *text, size_t size, const struct wsk_emu_wpp_site *site, const struct wsk_emu_trace_arg *args,
                     size_t count)
{
    struct we_wpp_call call = { site, args, count, 0, text, size - 1, 0 };

    part_do(&call, site->Prefix);
    part_do(&call, site->Message);
    part_do(&call, site->Suffix);
    text[call.length] = ANSI_NULL;
    return call.length;
}
