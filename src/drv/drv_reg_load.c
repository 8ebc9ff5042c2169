/* SPDX-License-Identifier: MIT */
/* A registry from a file, or from text that is one: read, understood, and put in as a whole. */
#include <stdio.h>
#include <string.h>

#include "drv/drv_object.h"
#include "drv/drv_reg_text.h"
#include "host/host_log.h"
#include "host/host_mem.h"
#include "nt/rtl_utf.h"

#define FILE_MAX_BYTES ((size_t)16 << 20)

/* What was read; for messages, too. */
struct source {
    const char *name; /* of the file, or "text" */
    char *memory;     /* NULL: text of the caller's */
    const char *text; /* UTF-8, without a byte order mark */
    size_t size;
};

/* --- reading ------------------------------------------------------------------------------------------ */

static NTSTATUS read_stream(FILE *file, struct source *source)
{
    long size;

    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_registry_load: %s cannot be read", source->name);
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    if ((size_t)size > FILE_MAX_BYTES) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_registry_load: %s has more than 16 MiB", source->name);
        return STATUS_INVALID_PARAMETER;
    }
    source->memory = we_host_alloc((size_t)size + 1);
    if (source->memory == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    source->size = fread(source->memory, 1, (size_t)size, file);
    source->text = source->memory;
    if (source->size != (size_t)size) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_registry_load: %s cannot be read", source->name);
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS read_file(struct source *source)
{
    FILE *file = fopen(source->name, "rb");
    NTSTATUS status;

    if (file == NULL) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_registry_load: %s cannot be opened", source->name);
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    status = read_stream(file, source);
    (void)fclose(file);
    return status;
}

/* UTF-16LE becomes UTF-8. */
static NTSTATUS narrow(struct source *source)
{
    size_t count = source->size / sizeof(WCHAR);
    WCHAR *units = we_host_alloc(source->size + 1);
    char *narrowed;

    if (units == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (size_t i = 0; i < count; i++) {
        const unsigned char *bytes = (const unsigned char *)source->text + 2 * i;

        units[i] = (WCHAR)(bytes[0] | bytes[1] << 8);
    }
    source->size = we_rtl_utf16_to_utf8(NULL, 0, units, count).needed;
    narrowed = we_host_alloc(source->size + 1);
    if (narrowed != NULL) {
        (void)we_rtl_utf16_to_utf8(narrowed, source->size, units, count);
        we_host_free(source->memory);
        source->memory = narrowed;
        source->text = narrowed;
    }
    we_host_free(units);
    return narrowed != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Takes a byte order mark away. */
static NTSTATUS decode(struct source *source)
{
    if (source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        source->text += 3;
        source->size -= 3;
    } else if (source->size >= 2 && memcmp(source->text, "\xff\xfe", 2) == 0) {
        source->text += 2;
        source->size -= 2;
        return narrow(source);
    }
    return STATUS_SUCCESS;
}

/* --- putting in ------------------------------------------------------------------------------------------ */

static NTSTATUS load(const struct source *source)
{
    struct we_drv_reg reg;
    size_t failed = 0;
    NTSTATUS status = we_drv_reg_parse(&reg, source->text, source->size);

    if (NT_SUCCESS(status)) {
        status = we_cm_apply(reg.changes, reg.count, &failed);
        reg.error_line = NT_SUCCESS(status) ? 0 : reg.lines[failed];
        reg.error = status == STATUS_OBJECT_NAME_INVALID ? "a part of a key's name has more than 255 characters" : NULL;
    }
    if (!NT_SUCCESS(status)) {
        we_host_log(WE_LOG_ERROR, "wsk_emu_registry_load: %s, line %zu: %s", source->name, reg.error_line,
                    reg.error != NULL ? reg.error : "no memory");
    }
    we_drv_reg_free(&reg);
    return status == STATUS_OBJECT_NAME_INVALID ? STATUS_INVALID_PARAMETER : status;
}

NTSTATUS wsk_emu_registry_load(PCSTR file_or_text)
{
    struct source source = { file_or_text, NULL, file_or_text, 0 };
    NTSTATUS status = STATUS_SUCCESS;

    if (file_or_text == NULL || file_or_text[0] == '\0') {
        return STATUS_INVALID_PARAMETER;
    }
    if (!we_drv_is_open()) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (strchr(file_or_text, '\n') == NULL) {
        status = read_file(&source);
    } else {
        source.name = "text";
        source.size = strlen(file_or_text);
    }
    if (NT_SUCCESS(status)) {
        status = decode(&source);
    }
    if (NT_SUCCESS(status)) {
        status = load(&source);
    }
    we_host_free(source.memory);
    return status;
}
