/* SPDX-License-Identifier: MIT */
/* The text format of registry files, "Windows Registry Editor Version 5.00": from text to a list of changes. */
#include "drv/drv_reg_text.h"

#include <string.h>

#include "host/host_mem.h"
#include "nt/rtl_utf.h"

/* Design
 *
 * One pass from left to right. A line is a key in brackets, a value, a comment, or empty; only strings and lists of bytes
 * go over a line's end. The first mistake ends it, with its line. All memory of a text hangs on one list.
 */

struct reader {
    struct we_drv_reg *reg;
    const char *place;
    const char *end;
    size_t line;
    WCHAR *path; /* of the key whose values are being read; NULL: none yet, or one that is removed */
    size_t path_count;
    bool has_key;
};

#define GROW_COUNT 64u

static NTSTATUS fail(struct reader *reader, const char *error)
{
    reader->reg->error = error;
    return STATUS_INVALID_PARAMETER;
}

/* --- memory ------------------------------------------------------------------------------------------- */

/* An array of room items becomes one with more; false: no memory, and nothing changed. */
static bool grow(void **array, size_t *room, size_t item_bytes)
{
    void *larger = we_host_alloc((*room + GROW_COUNT) * item_bytes);

    if (larger == NULL) {
        return false;
    }
    if (*room != 0) {
        memcpy(larger, *array, *room * item_bytes);
    }
    we_host_free(*array);
    *array = larger;
    *room += GROW_COUNT;
    return true;
}

static void *block_alloc(struct we_drv_reg *reg, size_t bytes)
{
    void *block;

    if (reg->block_count == reg->block_room && !grow((void **)&reg->blocks, &reg->block_room, sizeof(void *))) {
        return NULL;
    }
    block = we_host_alloc(bytes + 1); /* never of no size */
    if (block != NULL) {
        reg->blocks[reg->block_count++] = block;
    }
    return block;
}

static NTSTATUS change_add(struct reader *reader, const struct we_cm_change *change)
{
    struct we_drv_reg *reg = reader->reg;

    if (reg->count == reg->room) {
        size_t room = reg->room;

        if (!grow((void **)&reg->changes, &room, sizeof(*reg->changes)) ||
            !grow((void **)&reg->lines, &reg->room, sizeof(*reg->lines))) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    reg->lines[reg->count] = reader->line;
    reg->changes[reg->count++] = *change;
    return STATUS_SUCCESS;
}

void we_drv_reg_free(struct we_drv_reg *reg)
{
    for (size_t i = 0; i < reg->block_count; i++) {
        we_host_free(reg->blocks[i]);
    }
    we_host_free(reg->blocks);
    we_host_free(reg->changes);
    we_host_free(reg->lines);
    memset(reg, 0, sizeof(*reg));
}

/* --- characters -------------------------------------------------------------------------------------- */

/* The next character, or NUL at the end. */
static char peek(const struct reader *reader)
{
    return reader->place < reader->end ? *reader->place : '\0';
}

static void skip_blanks(struct reader *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t') {
        reader->place++;
    }
}

static bool take(struct reader *reader, char wanted)
{
    if (reader->place == reader->end || *reader->place != wanted) {
        return false;
    }
    reader->place++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(reader->end - reader->place) < length || _strnicmp(reader->place, word, length) != 0) {
        return false;
    }
    reader->place += length;
    return true;
}

/* The end of a line, or of the text. */
static bool take_newline(struct reader *reader)
{
    if (reader->place == reader->end) {
        return true;
    }
    (void)take(reader, '\r');
    if (!take(reader, '\n')) {
        return false;
    }
    reader->line++;
    return true;
}

static void skip_comment(struct reader *reader)
{
    if (peek(reader) == ';') {
        while (reader->place < reader->end && *reader->place != '\n') {
            reader->place++;
        }
    }
}

static NTSTATUS end_of_line(struct reader *reader)
{
    skip_blanks(reader);
    skip_comment(reader);
    return take_newline(reader) ? STATUS_SUCCESS : fail(reader, "something follows that does not belong there");
}

/* The value of a hexadecimal digit, or -1. */
static int digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

/* At most 8 hexadecimal digits, at least one. */
static bool take_number(struct reader *reader, ULONG *number)
{
    unsigned digits = 0;

    *number = 0;
    while (digits < 8 && reader->place < reader->end && digit_value(*reader->place) >= 0) {
        *number = *number << 4 | (ULONG)digit_value(*reader->place);
        reader->place++;
        digits++;
    }
    return digits != 0 && (reader->place == reader->end || digit_value(*reader->place) < 0);
}

/* --- names ----------------------------------------------------------------------------------------------- */

WCHAR *we_drv_reg_wide(struct we_drv_reg *reg, const char *prefix, const char *text, size_t length, size_t *count)
{
    size_t prefix_count = strlen(prefix);
    size_t text_count = we_rtl_utf8_to_utf16(NULL, 0, text, length).needed;
    WCHAR *wide = block_alloc(reg, (prefix_count + text_count + 1) * sizeof(WCHAR));

    if (wide == NULL) {
        return NULL;
    }
    (void)we_rtl_utf8_to_utf16(wide, prefix_count, prefix, prefix_count);
    (void)we_rtl_utf8_to_utf16(wide + prefix_count, text_count, text, length);
    *count = prefix_count + text_count;
    wide[*count] = UNICODE_NULL;
    return wide;
}

/* The text of a string in quotes, without its escapes, in UTF-8. */
static NTSTATUS take_string(struct reader *reader, char **text, size_t *length)
{
    size_t first_line = reader->line;

    *text = block_alloc(reader->reg, (size_t)(reader->end - reader->place));
    *length = 0;
    if (*text == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!take(reader, '"')) {
        return fail(reader, "a string in quotes is missing");
    }
    while (!take(reader, '"')) {
        if (reader->place == reader->end) {
            reader->line = first_line;
            return fail(reader, "a string has no end");
        }
        if (take(reader, '\\') && peek(reader) != '\\' && peek(reader) != '"') {
            return fail(reader, "a backslash in a string is followed by neither a backslash nor a quote");
        }
        reader->line += *reader->place == '\n' ? 1 : 0;
        (*text)[(*length)++] = *reader->place++;
    }
    return STATUS_SUCCESS;
}

static const struct {
    const char *name;
    const char *path;
} s_roots[] = {
    { "HKEY_LOCAL_MACHINE", "\\Registry\\Machine" },
    { "HKLM", "\\Registry\\Machine" },
    { "HKEY_USERS", "\\Registry\\User" },
    { "HKU", "\\Registry\\User" },
    { "HKEY_CURRENT_USER", "\\Registry\\User\\.Default" },
    { "HKCU", "\\Registry\\User\\.Default" },
    { "HKEY_CLASSES_ROOT", "\\Registry\\Machine\\Software\\Classes" },
    { "HKCR", "\\Registry\\Machine\\Software\\Classes" },
};

/* The end of the root's name, and its path; NULL: no root. */
static const char *root_path(const char **place, const char *end)
{
    size_t length = 0;

    while (*place + length < end && (*place)[length] != '\\') {
        length++;
    }
    for (size_t i = 0; i < WE_ARRAY_COUNT(s_roots); i++) {
        if (strlen(s_roots[i].name) == length && _strnicmp(s_roots[i].name, *place, length) == 0) {
            *place += length;
            return s_roots[i].path;
        }
    }
    return NULL;
}

/* "[HKEY_LOCAL_MACHINE\path]" or "[-HKEY_LOCAL_MACHINE\path]"; the bracket is taken. */
static NTSTATUS read_key(struct reader *reader)
{
    bool is_removal = take(reader, '-');
    struct we_cm_change change = { .kind = is_removal ? WE_CM_REMOVE_KEY : WE_CM_MAKE_KEY };
    const char *name = reader->place;
    const char *name_end = name;
    const char *prefix;
    NTSTATUS status;

    /* A bracket may stand in a name: the last one of the line ends it. */
    for (; reader->place < reader->end && *reader->place != '\n'; reader->place++) {
        name_end = *reader->place == ']' ? reader->place : name_end;
    }
    if (name_end == name) {
        return fail(reader, "the name of a key has no bracket at its end");
    }
    reader->place = name_end + 1;
    prefix = root_path(&name, name_end);
    if (prefix == NULL) {
        return fail(reader, "the name of a key does not begin with HKEY_LOCAL_MACHINE or another root");
    }
    if (is_removal && name == name_end) {
        return fail(reader, "a root cannot be removed");
    }
    change.path = we_drv_reg_wide(reader->reg, prefix, name, (size_t)(name_end - name), &change.path_count);
    if (change.path == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    reader->has_key = true;
    reader->path = is_removal ? NULL : (WCHAR *)(ULONG_PTR)change.path;
    reader->path_count = change.path_count;
    status = change_add(reader, &change);
    return NT_SUCCESS(status) ? end_of_line(reader) : status;
}

/* --- values ------------------------------------------------------------------------------------------------ */

static NTSTATUS read_dword(struct reader *reader, struct we_cm_value *value)
{
    ULONG *number = block_alloc(reader->reg, sizeof(*number));

    if (number == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    skip_blanks(reader);
    if (!take_number(reader, number)) {
        return fail(reader, "dword: is not followed by one to eight hexadecimal digits");
    }
    value->type = REG_DWORD;
    value->data = (const UCHAR *)number;
    value->data_bytes = sizeof(*number);
    return STATUS_SUCCESS;
}

/* A backslash at the end of a line goes on with the next one. */
static NTSTATUS skip_continuation(struct reader *reader)
{
    skip_blanks(reader);
    while (take(reader, '\\')) {
        skip_blanks(reader);
        if (reader->place == reader->end || !take_newline(reader)) {
            return fail(reader, "a backslash in a list of bytes is not the last of its line");
        }
        skip_blanks(reader);
    }
    return STATUS_SUCCESS;
}

/* Bytes with commas between them; a comma may be the last. */
static NTSTATUS read_bytes(struct reader *reader, struct we_cm_value *value)
{
    UCHAR *bytes = block_alloc(reader->reg, (size_t)(reader->end - reader->place));
    NTSTATUS status = STATUS_SUCCESS;
    ULONG number;

    if (bytes == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    value->data = bytes;
    do {
        status = skip_continuation(reader);
        if (!NT_SUCCESS(status) || digit_value(peek(reader)) < 0) {
            break;
        }
        if (!take_number(reader, &number) || number > MAXUCHAR) {
            return fail(reader, "a byte is not one or two hexadecimal digits");
        }
        bytes[value->data_bytes++] = (UCHAR)number;
        status = skip_continuation(reader);
    } while (NT_SUCCESS(status) && take(reader, ','));
    if (value->data_bytes > WE_CM_DATA_MAX) {
        return fail(reader, "a value has more than 1 MiB");
    }
    return status;
}

/* Behind "hex": "(n):" or ":". */
static NTSTATUS read_hex(struct reader *reader, struct we_cm_value *value)
{
    value->type = REG_BINARY;
    if (take(reader, '(') && (!take_number(reader, &value->type) || !take(reader, ')'))) {
        return fail(reader, "hex( is not followed by a type and a bracket");
    }
    if (!take(reader, ':')) {
        return fail(reader, "hex is not followed by a colon");
    }
    return read_bytes(reader, value);
}

static NTSTATUS read_string(struct reader *reader, struct we_cm_value *value)
{
    size_t length = 0;
    size_t count = 0;
    char *text;
    WCHAR *wide;
    NTSTATUS status = take_string(reader, &text, &length);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    wide = we_drv_reg_wide(reader->reg, "", text, length, &count);
    if (wide == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if ((count + 1) * sizeof(WCHAR) > WE_CM_DATA_MAX) {
        return fail(reader, "a value has more than 1 MiB");
    }
    value->type = REG_SZ;
    value->data = (const UCHAR *)wide;
    value->data_bytes = (ULONG)((count + 1) * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* What stands behind the equals sign. */
static NTSTATUS read_data(struct reader *reader, struct we_cm_change *change)
{
    skip_blanks(reader);
    if (take(reader, '-')) {
        change->kind = WE_CM_REMOVE_VALUE;
        return STATUS_SUCCESS;
    }
    if (peek(reader) == '"') {
        return read_string(reader, &change->value);
    }
    if (take_word(reader, "dword:")) {
        return read_dword(reader, &change->value);
    }
    if (take_word(reader, "hex")) {
        return read_hex(reader, &change->value);
    }
    return fail(reader, "a value is neither a string, dword:, hex:, hex(type): nor a minus sign");
}

static NTSTATUS read_name(struct reader *reader, struct we_cm_value *value)
{
    size_t length = 0;
    size_t count = 0;
    char *text;
    NTSTATUS status;

    if (take(reader, '@')) {
        return STATUS_SUCCESS; /* the default value, whose name is empty */
    }
    status = take_string(reader, &text, &length);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    value->name = we_drv_reg_wide(reader->reg, "", text, length, &count);
    if (value->name == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (count > WE_CM_VALUE_NAME_MAX) {
        return fail(reader, "the name of a value is too long");
    }
    value->name_bytes = (USHORT)(count * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static NTSTATUS read_value(struct reader *reader)
{
    struct we_cm_change change = { .kind = WE_CM_SET_VALUE, .path = reader->path, .path_count = reader->path_count };
    NTSTATUS status;

    if (!reader->has_key) {
        return fail(reader, "a value stands before the first key");
    }
    if (reader->path == NULL) {
        return fail(reader, "a value stands below a key that is removed");
    }
    status = read_name(reader, &change.value);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    skip_blanks(reader);
    if (!take(reader, '=')) {
        return fail(reader, "the name of a value is not followed by an equals sign");
    }
    status = read_data(reader, &change);
    if (NT_SUCCESS(status)) {
        status = change_add(reader, &change);
    }
    return NT_SUCCESS(status) ? end_of_line(reader) : status;
}

static NTSTATUS read_line(struct reader *reader)
{
    skip_blanks(reader);
    switch (peek(reader)) {
    case '[':
        reader->place++;
        return read_key(reader);
    case '"':
    case '@':
        return read_value(reader);
    case ';':
    case '\r':
    case '\n':
        return end_of_line(reader);
    default:
        return fail(reader, "a line is neither a key in brackets, a value, a comment nor empty");
    }
}

NTSTATUS we_drv_reg_parse(struct we_drv_reg *reg, const char *text, size_t size)
{
    struct reader reader = { .reg = reg, .place = text, .end = text + size, .line = 1 };
    NTSTATUS status;

    memset(reg, 0, sizeof(*reg));
    if (take_word(&reader, "Windows Registry Editor Version 5.00")) {
        status = end_of_line(&reader);
    } else {
        status = fail(&reader, "the first line is not \"Windows Registry Editor Version 5.00\"");
    }
    while (NT_SUCCESS(status) && reader.place < reader.end) {
        status = read_line(&reader);
    }
    reg->error_line = reader.line;
    return status;
}
