/* SPDX-License-Identifier: MIT */
/* The kernel's printf: formats with the widths and conversions of the Windows kernel, never with the host's. */
#include "nt/rtl_format.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "host/host_log.h"
#include "nt/rtl_utf.h"

/* One formatter serves both widths of format: the format is read through format_at(), the text is written through
 * the output functions, and everything between them does not know which of the two it works for. */

struct output {
    CHAR *narrow; /* one of the two is set */
    WCHAR *wide;
    size_t capacity; /* characters that fit, without the terminator */
    size_t length;   /* characters that the whole text has so far */
};

struct format {
    const CHAR *narrow; /* one of the two is set */
    const WCHAR *wide;
    size_t at;
};

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_WIDE };

struct conversion {
    bool is_left;
    bool has_plus;
    bool has_space;
    bool is_alternate;
    bool is_zero_padded;
    size_t width;
    bool has_precision;
    size_t precision;
    enum size size;
    unsigned letter;
};

/* va_list may be an array type, whose address cannot be taken from a parameter: so it travels in a struct. */
struct arguments {
    va_list list;
};

static unsigned format_at(const struct format *format, size_t ahead)
{
    /* One of the two is set. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    return format->wide != NULL ? format->wide[format->at + ahead] : (UCHAR)format->narrow[format->at + ahead];
}

/* --- output ---------------------------------------------------------------------------- */

static void output_units(struct output *output, const WCHAR *units, size_t count)
{
    size_t at = 0;

    if (output->narrow == NULL) {
        for (at = 0; at < count && output->length + at < output->capacity; at++) {
            output->wide[output->length + at] = units[at];
        }
        output->length += count;
        return;
    }
    while (at < count) {
        ULONG code_point;
        bool is_valid;
        CHAR bytes[4];
        size_t length;

        at += we_rtl_utf16_read(units + at, count - at, &code_point, &is_valid);
        length = we_rtl_utf8_write(code_point, bytes);
        for (size_t i = 0; i < length; i++, output->length++) {
            if (output->length < output->capacity) {
                output->narrow[output->length] = bytes[i];
            }
        }
    }
}

static void output_bytes(struct output *output, const CHAR *bytes, size_t count)
{
    size_t at = 0;

    if (output->narrow != NULL) {
        if (output->length < output->capacity) {
            size_t room = output->capacity - output->length;

            memcpy(output->narrow + output->length, bytes, count < room ? count : room);
        }
        output->length += count;
        return;
    }
    while (at < count) {
        ULONG code_point;
        bool is_valid;
        WCHAR units[2];

        at += we_rtl_utf8_read(bytes + at, count - at, &code_point, &is_valid);
        output_units(output, units, we_rtl_utf16_write(code_point, units));
    }
}

/* Stores no more than fits, however large count is: a driver may ask for any width. */
static void output_repeat(struct output *output, CHAR character, size_t count)
{
    size_t room = output->length < output->capacity ? output->capacity - output->length : 0;
    size_t stored = count < room ? count : room;

    for (size_t i = 0; i < stored; i++) {
        if (output->narrow != NULL) {
            output->narrow[output->length + i] = character;
        } else {
            output->wide[output->length + i] = (WCHAR)character;
        }
    }
    output->length += count;
}

/* Copies part of the format itself. */
static void output_format(struct output *output, const struct format *format, size_t from, size_t to)
{
    if (format->wide != NULL) {
        output_units(output, format->wide + from, to - from);
    } else {
        output_bytes(output, format->narrow + from, to - from);
    }
}

/* --- parsing --------------------------------------------------------------------------- */

static bool flag_take(struct format *format, struct conversion *conversion)
{
    switch (format_at(format, 0)) {
    case '-':
        conversion->is_left = true;
        return true;
    case '+':
        conversion->has_plus = true;
        return true;
    case ' ':
        conversion->has_space = true;
        return true;
    case '#':
        conversion->is_alternate = true;
        return true;
    case '0':
        conversion->is_zero_padded = true;
        return true;
    default:
        return false;
    }
}

/* Reads digits; a number beyond any possible text stays at INT_MAX. */
static size_t number_take(struct format *format)
{
    size_t value = 0;

    for (; format_at(format, 0) >= '0' && format_at(format, 0) <= '9'; format->at++) {
        value = value * 10 + (format_at(format, 0) - '0');
        value = value > INT_MAX ? INT_MAX : value;
    }
    return value;
}

/* arguments is NULL when the format is only looked at. */
static int star_take(struct format *format, struct arguments *arguments)
{
    format->at++;
    return arguments != NULL ? va_arg(arguments->list, int) : 0;
}

static void width_take(struct format *format, struct conversion *conversion, struct arguments *arguments)
{
    if (format_at(format, 0) == '*') {
        int width = star_take(format, arguments);

        conversion->is_left = conversion->is_left || width < 0;
        conversion->width = width < 0 ? (size_t)0 - (size_t)width : (size_t)width;
    } else {
        conversion->width = number_take(format);
    }
    if (format_at(format, 0) != '.') {
        return;
    }
    format->at++;
    conversion->has_precision = true;
    if (format_at(format, 0) == '*') {
        int precision = star_take(format, arguments);

        conversion->has_precision = precision >= 0;
        conversion->precision = precision >= 0 ? (size_t)precision : 0;
    } else {
        conversion->precision = number_take(format);
    }
}

/* "I" alone is pointer-sized, "I32" and "I64" say what they are; anything else after I belongs to the next rule. */
static enum size size_take_i(struct format *format)
{
    if (format_at(format, 1) == '6' && format_at(format, 2) == '4') {
        format->at += 3;
        return SIZE_LONG_LONG;
    }
    if (format_at(format, 1) == '3' && format_at(format, 2) == '2') {
        format->at += 3;
        return SIZE_LONG;
    }
    format->at++;
    return sizeof(PVOID) == 8 ? SIZE_LONG_LONG : SIZE_LONG;
}

static enum size size_take(struct format *format)
{
    unsigned letter = format_at(format, 0);

    switch (letter) {
    case 'h':
    case 'l':
        format->at++;
        if (format_at(format, 0) != letter) {
            return letter == 'h' ? SIZE_SHORT : SIZE_LONG;
        }
        format->at++;
        return letter == 'h' ? SIZE_CHAR : SIZE_LONG_LONG;
    case 'w':
        format->at++;
        return SIZE_WIDE;
    case 'I':
        return size_take_i(format);
    case 'j':
        format->at++;
        return SIZE_LONG_LONG;
    case 'z':
    case 't':
        format->at++;
        return sizeof(PVOID) == 8 ? SIZE_LONG_LONG : SIZE_LONG;
    default:
        return SIZE_INT;
    }
}

/* format stands behind the percent sign; afterwards behind the conversion. */
static struct conversion conversion_take(struct format *format, struct arguments *arguments)
{
    struct conversion conversion = { 0 };

    while (flag_take(format, &conversion)) {
        format->at++;
    }
    width_take(format, &conversion, arguments);
    conversion.size = size_take(format);
    conversion.letter = format_at(format, 0);
    if (conversion.letter != 0) {
        format->at++;
    }
    return conversion;
}

/* Whether a character or string argument is wide: see the header for the rule. */
static bool conversion_is_wide(const struct conversion *conversion, bool is_wide_format)
{
    if (conversion->size == SIZE_SHORT || conversion->size == SIZE_CHAR) {
        return false;
    }
    if (conversion->size == SIZE_LONG || conversion->size == SIZE_WIDE || conversion->size == SIZE_LONG_LONG) {
        return true;
    }
    if (conversion->letter == 'Z') {
        return false;
    }
    return (conversion->letter == 'S' || conversion->letter == 'C') != is_wide_format;
}

/* --- conversions ----------------------------------------------------------------------- */

static void padding_before(struct output *output, const struct conversion *conversion, size_t length)
{
    if (!conversion->is_left && conversion->width > length) {
        output_repeat(output, conversion->is_zero_padded ? '0' : ' ', conversion->width - length);
    }
}

static void padding_after(struct output *output, const struct conversion *conversion, size_t length)
{
    if (conversion->is_left && conversion->width > length) {
        output_repeat(output, ' ', conversion->width - length);
    }
}

static void bytes_convert(struct output *output, const struct conversion *conversion, const CHAR *bytes, size_t count)
{
    padding_before(output, conversion, count);
    output_bytes(output, bytes, count);
    padding_after(output, conversion, count);
}

static void units_convert(struct output *output, const struct conversion *conversion, const WCHAR *units, size_t count)
{
    padding_before(output, conversion, count);
    output_units(output, units, count);
    padding_after(output, conversion, count);
}

/* Looks no further than the precision: the string need not be terminated then. */
static void string_convert(struct output *output, const struct conversion *conversion, const void *string, bool is_wide)
{
    size_t limit = conversion->has_precision ? conversion->precision : SIZE_MAX;
    size_t count = 0;

    if (string == NULL) {
        string = "(null)";
        is_wide = false;
    }
    if (is_wide) {
        const WCHAR *units = string;

        while (count < limit && units[count] != 0) {
            count++;
        }
        units_convert(output, conversion, units, count);
    } else {
        const CHAR *bytes = string;

        while (count < limit && bytes[count] != 0) {
            count++;
        }
        bytes_convert(output, conversion, bytes, count);
    }
}

static void counted_convert(struct output *output, const struct conversion *conversion, const void *string,
                            bool is_wide)
{
    const STRING *narrow = string;
    const UNICODE_STRING *wide = string;
    size_t limit = conversion->has_precision ? conversion->precision : SIZE_MAX;
    size_t count;

    if (string == NULL || (is_wide ? (const void *)wide->Buffer : (const void *)narrow->Buffer) == NULL) {
        string_convert(output, conversion, NULL, false);
        return;
    }
    count = is_wide ? wide->Length / sizeof(WCHAR) : narrow->Length;
    count = count < limit ? count : limit;
    if (is_wide) {
        units_convert(output, conversion, wide->Buffer, count);
    } else {
        bytes_convert(output, conversion, narrow->Buffer, count);
    }
}

static void character_convert(struct output *output, const struct conversion *conversion, int value, bool is_wide)
{
    if (is_wide) {
        WCHAR unit = (WCHAR)value;

        units_convert(output, conversion, &unit, 1);
    } else {
        CHAR byte = (CHAR)value;

        bytes_convert(output, conversion, &byte, 1);
    }
}

static ULONGLONG integer_take(const struct conversion *conversion, struct arguments *arguments, bool is_signed)
{
    if (conversion->size == SIZE_LONG_LONG) {
        return va_arg(arguments->list, unsigned long long);
    } else {
        unsigned value = va_arg(arguments->list, unsigned);

        if (conversion->size == SIZE_SHORT) {
            return is_signed ? (ULONGLONG)(short)value : (unsigned short)value;
        }
        if (conversion->size == SIZE_CHAR) {
            return is_signed ? (ULONGLONG)(signed char)value : (unsigned char)value;
        }
        return is_signed ? (ULONGLONG)(int)value : value;
    }
}

#define DIGITS_MAX 22 /* 64 bits in octal */

/* Writes the digits at the end of digits and returns how many; 0 has none. */
static size_t digits_make(CHAR digits[DIGITS_MAX], ULONGLONG value, unsigned base, bool is_upper)
{
    const CHAR *alphabet = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t count = 0;

    for (; value != 0; value /= base) {
        count++;
        digits[DIGITS_MAX - count] = alphabet[value % base];
    }
    return count;
}

static void number_convert(struct output *output, const struct conversion *conversion, ULONGLONG value, unsigned base,
                           const CHAR *prefix)
{
    CHAR digits[DIGITS_MAX];
    size_t digit_count = digits_make(digits, value, base, conversion->letter == 'X' || conversion->letter == 'p');
    size_t lowest_count = conversion->has_precision ? conversion->precision : 1;
    size_t zero_count = digit_count < lowest_count ? lowest_count - digit_count : 0;
    size_t length = strlen(prefix) + digit_count;

    if (base == 8 && conversion->is_alternate && zero_count == 0) {
        zero_count = 1;
    }
    if (conversion->is_zero_padded && !conversion->is_left && !conversion->has_precision &&
        conversion->width > length + zero_count) {
        zero_count = conversion->width - length;
    }
    length += zero_count;
    if (!conversion->is_left && conversion->width > length) {
        output_repeat(output, ' ', conversion->width - length);
    }
    output_bytes(output, prefix, strlen(prefix));
    output_repeat(output, '0', zero_count);
    output_bytes(output, digits + DIGITS_MAX - digit_count, digit_count);
    padding_after(output, conversion, length);
}

static void signed_convert(struct output *output, const struct conversion *conversion, struct arguments *arguments)
{
    LONGLONG value = (LONGLONG)integer_take(conversion, arguments, true);
    const CHAR *sign = conversion->has_plus ? "+" : conversion->has_space ? " " : "";

    if (value < 0) {
        number_convert(output, conversion, (ULONGLONG)0 - (ULONGLONG)value, 10, "-");
    } else {
        number_convert(output, conversion, (ULONGLONG)value, 10, sign);
    }
}

static void hexadecimal_convert(struct output *output, const struct conversion *conversion, struct arguments *arguments)
{
    ULONGLONG value = integer_take(conversion, arguments, false);
    const CHAR *prefix = conversion->letter == 'X' ? "0X" : "0x";

    number_convert(output, conversion, value, 16, conversion->is_alternate && value != 0 ? prefix : "");
}

/* A pointer has all its digits, whatever the format says besides the width. */
static void pointer_convert(struct output *output, const struct conversion *conversion, const void *pointer)
{
    struct conversion full = *conversion;

    full.has_precision = true;
    full.precision = 2 * sizeof(PVOID);
    number_convert(output, &full, (ULONG_PTR)pointer, 16, conversion->is_alternate ? "0X" : "");
}

static bool letter_is_floating(unsigned letter)
{
    return letter == 'e' || letter == 'E' || letter == 'f' || letter == 'F' || letter == 'g' || letter == 'G' ||
           letter == 'a' || letter == 'A';
}

/* Returns false for a conversion that does not exist here. */
static bool conversion_do(struct output *output, const struct conversion *conversion, struct arguments *arguments,
                          bool is_wide_format)
{
    bool is_wide = conversion_is_wide(conversion, is_wide_format);

    switch (conversion->letter) {
    case 'd':
    case 'i':
        signed_convert(output, conversion, arguments);
        return true;
    case 'u':
        number_convert(output, conversion, integer_take(conversion, arguments, false), 10, "");
        return true;
    case 'o':
        number_convert(output, conversion, integer_take(conversion, arguments, false), 8, "");
        return true;
    case 'x':
    case 'X':
        hexadecimal_convert(output, conversion, arguments);
        return true;
    case 'p':
        pointer_convert(output, conversion, va_arg(arguments->list, const void *));
        return true;
    case 'c':
    case 'C':
        character_convert(output, conversion, va_arg(arguments->list, int), is_wide);
        return true;
    case 's':
    case 'S':
        string_convert(output, conversion, va_arg(arguments->list, const void *), is_wide);
        return true;
    case 'Z':
        counted_convert(output, conversion, va_arg(arguments->list, const void *), is_wide);
        return true;
    case '%':
        output_bytes(output, "%", 1);
        return true;
    default:
        if (letter_is_floating(conversion->letter)) {
            (void)va_arg(arguments->list, double);
        }
        return false;
    }
}

static void format_run(struct output *output, struct format *format, struct arguments *arguments)
{
    while (format_at(format, 0) != 0) {
        size_t from = format->at;

        if (format_at(format, 0) != '%') {
            while (format_at(format, 0) != 0 && format_at(format, 0) != '%') {
                format->at++;
            }
            output_format(output, format, from, format->at);
        } else {
            struct conversion conversion;

            format->at++;
            conversion = conversion_take(format, arguments);
            if (!conversion_do(output, &conversion, arguments, format->wide != NULL)) {
                WE_LOG_ONCE(WE_LOG_WARNING, "a driver's format has %%%c, which the Windows kernel does not print",
                            conversion.letter > ' ' && conversion.letter < 0x7F ? (char)conversion.letter : '?');
                output_format(output, format, from, format->at);
            }
        }
    }
}

static size_t format_do(struct output *output, struct format *reader, va_list args)
{
    struct arguments arguments;

    va_copy(arguments.list, args);
    format_run(output, reader, &arguments);
    va_end(arguments.list);
    return output->length;
}

size_t we_rtl_format_open(CHAR *text, size_t capacity, const CHAR *format, va_list args)
{
    CHAR nothing;
    struct output output = { text != NULL ? text : &nothing, NULL, capacity, 0 };
    struct format reader = { format, NULL, 0 };

    return format_do(&output, &reader, args);
}

size_t we_rtl_format_wide_open(WCHAR *text, size_t capacity, const WCHAR *format, va_list args)
{
    struct output output = { NULL, text, capacity, 0 };
    struct format reader = { NULL, format, 0 };

    return format_do(&output, &reader, args);
}

bool we_rtl_format_is_wide(const CHAR *format)
{
    struct format reader = { format, NULL, 0 };

    while (format_at(&reader, 0) != 0) {
        if (format_at(&reader, 0) == '%') {
            struct conversion conversion;

            reader.at++;
            conversion = conversion_take(&reader, NULL);
            if (conversion.letter != 0 && strchr("cCsSZ", (int)conversion.letter) != NULL &&
                conversion_is_wide(&conversion, false)) {
                return true;
            }
        } else {
            reader.at++;
        }
    }
    return false;
}
