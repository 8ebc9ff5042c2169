/* SPDX-License-Identifier: MIT */
/* The I/O manager's error log: entries that drivers fill become lines of the log and recorded events. */
#include "nt/io_error_log.h"

#include <stdio.h>
#include <string.h>

#include <wdm.h>

#include "host/host_log.h"
#include "nt/etw_provider.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"
#include "nt/ob_types.h"
#include "nt/rtl_utf.h"
#include "nt/wpp_format.h"

/* Design
 *
 * An entry is a block whose first bytes are ours: who it is from, and how long the driver's part is. The driver's part
 * lies at the end, so that a memory checker sees what is written behind it. The event of an entry has the driver as its
 * provider; no setting keeps it back.
 */

#define TEXT_BYTES 1024
#define STRINGS_MAX 16

struct entry {
    char driver[WE_ETW_NAME_BYTES - sizeof(ULONG_PTR)];
    ULONG_PTR size;
    _Alignas(16) UCHAR packet[]; /* what the driver holds */
};

static struct entry *entry_of(const void *packet)
{
    return (struct entry *)((ULONG_PTR)packet - offsetof(struct entry, packet));
}

/* The driver that an object belongs to; NULL: it is neither a driver nor a device. */
static PDRIVER_OBJECT driver_of(PVOID io_object)
{
    if (we_ob_is(io_object, WE_OB_DEVICE)) {
        return ((PDEVICE_OBJECT)io_object)->DriverObject;
    }
    return we_ob_is(io_object, WE_OB_DRIVER) ? (PDRIVER_OBJECT)io_object : NULL;
}

PVOID IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    PDRIVER_OBJECT driver;
    struct entry *entry;
    size_t length;

    WE_NT_ENTRY(IoAllocateErrorLogEntry);
    driver = driver_of(IoObject);
    if (driver == NULL) {
        WE_LOG_ONCE(WE_LOG_WARNING, "IoAllocateErrorLogEntry was called for %p, which is neither a driver nor a device",
                    IoObject);
        return NULL;
    }
    if (EntrySize > ERROR_LOG_MAXIMUM_SIZE || EntrySize < FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData)) {
        return NULL;
    }
    entry = we_nt_block_alloc(WE_KIND_ERROR_LOG, sizeof(*entry) + EntrySize, NULL);
    if (entry == NULL) {
        return NULL;
    }
    length = we_rtl_utf16_to_utf8(entry->driver, sizeof(entry->driver) - 1, driver->DriverName.Buffer,
                                  driver->DriverName.Length / sizeof(WCHAR))
                 .written;
    entry->driver[length] = 0;
    entry->size = EntrySize;
    return entry->packet;
}

/* The block of an entry that is to end; NULL: it is none, which is reported. */
static struct we_nt_block *block_find(const char *function, PVOID packet)
{
    struct we_nt_block *block = packet != NULL ? we_nt_block_find(WE_KIND_ERROR_LOG, entry_of(packet)) : NULL;
    struct we_vrf_tombstone tombstone;
    struct we_nt_view view;

    if (block != NULL) {
        return block;
    }
    if (packet != NULL && we_vrf_ledger_find_dead(WE_KIND_ERROR_LOG, entry_of(packet), &tombstone)) {
        (void)we_vrf_report(WE_RULE_POOL_004, we_nt_view_make(&view, WE_KIND_ERROR_LOG, entry_of(packet)),
                            "%s was called for error log entry %p, which was written or freed already", function,
                            packet);
    } else {
        (void)we_vrf_report(WE_RULE_POOL_005, NULL, "%s was called for %p, which IoAllocateErrorLogEntry has not made",
                            function, packet);
    }
    return NULL;
}

VOID IoFreeErrorLogEntry(PVOID ElEntry)
{
    struct we_nt_block *block;

    WE_NT_ENTRY(IoFreeErrorLogEntry);
    block = block_find("IoFreeErrorLogEntry", ElEntry);
    if (block != NULL) {
        we_nt_block_free(block);
    }
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The upper two bits of a code say how bad it is. */
static UCHAR level_of(NTSTATUS code)
{
    static const UCHAR levels[] = { 4, 4, 3, 2 };

    return levels[(ULONG)code >> 30];
}

static void text_add(char text[TEXT_BYTES], const char *added)
{
    size_t length = strlen(text);

    (void)snprintf(text + length, TEXT_BYTES - length, "%s", added);
}

/* Strings end with a NUL, or with the entry. */
static void strings_add(char text[TEXT_BYTES], const struct entry *entry, const IO_ERROR_LOG_PACKET *packet)
{
    size_t offset = packet->StringOffset;

    for (USHORT i = 0; i < packet->NumberOfStrings && i < STRINGS_MAX; i++) {
        char string[3 * ERROR_LOG_MAXIMUM_SIZE];
        WCHAR units[ERROR_LOG_MAXIMUM_SIZE / sizeof(WCHAR)];
        size_t count = 0;

        for (; offset + sizeof(WCHAR) <= entry->size; offset += sizeof(WCHAR)) {
            memcpy(&units[count], entry->packet + offset, sizeof(WCHAR));
            if (units[count] == 0) {
                break;
            }
            count++;
        }
        if (offset + sizeof(WCHAR) > entry->size) {
            text_add(text, " (a string goes beyond the entry)");
            return;
        }
        offset += sizeof(WCHAR);
        string[we_rtl_utf16_to_utf8(string, sizeof(string) - 1, units, count).written] = 0;
        text_add(text, " \"");
        text_add(text, string);
        text_add(text, "\"");
    }
}

static void entry_write(const struct entry *entry)
{
    const struct wsk_emu_wpp_site site = { 0, 0, "", "", NULL, "", "", 0, "0x%08x final %!STATUS! unique %u", "", "" };
    IO_ERROR_LOG_PACKET packet = { 0 };
    struct we_etw_event event = { 0 };
    struct wsk_emu_trace_arg args[3];
    char text[TEXT_BYTES];
    size_t room = entry->size - FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData);

    memcpy(&packet, entry->packet, entry->size < sizeof(packet) ? entry->size : sizeof(packet));
    args[0] = wsk_emu_trace_arg_make(WSK_EMU_TRACE_UNSIGNED, &packet.ErrorCode, sizeof(ULONG));
    args[1] = wsk_emu_trace_arg_make(WSK_EMU_TRACE_UNSIGNED, &packet.FinalStatus, sizeof(ULONG));
    args[2] = wsk_emu_trace_arg_make(WSK_EMU_TRACE_UNSIGNED, &packet.UniqueErrorValue, sizeof(ULONG));
    (void)we_wpp_format(text, sizeof(text), &site, args, 3);
    strings_add(text, entry, &packet);
    if (packet.DumpDataSize > room) {
        text_add(text, " (DumpDataSize goes beyond the entry)");
    }
    event.provider = entry->driver;
    event.name = "IoWriteErrorLogEntry";
    event.id = (USHORT)packet.ErrorCode;
    event.level = level_of(packet.ErrorCode);
    event.text = text;
    event.data = entry->packet + FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData);
    event.data_bytes = packet.DumpDataSize < room ? packet.DumpDataSize : room;
    (void)we_etw_write(&event, NULL);
}

VOID IoWriteErrorLogEntry(PVOID ElEntry)
{
    struct we_nt_block *block;

    WE_NT_ENTRY(IoWriteErrorLogEntry);
    block = block_find("IoWriteErrorLogEntry", ElEntry);
    if (block != NULL) {
        entry_write(entry_of(ElEntry));
        we_nt_block_free(block);
    }
}

/* --- leaks ------------------------------------------------------------------------------------- */

static void leak_report(struct we_vrf_entry *ledger_entry, void *context)
{
    struct entry *entry = (struct entry *)(ULONG_PTR)ledger_entry->address;

    (void)context;
    (void)we_vrf_report_entry(WE_RULE_POOL_011, ledger_entry,
                              "error log entry %p of %s was neither written nor freed: IoFreeErrorLogEntry is missing",
                              (void *)entry->packet, entry->driver);
    we_nt_block_free(we_nt_block_find(WE_KIND_ERROR_LOG, entry));
}

void we_io_error_log_report_leaks(void)
{
    if (we_vrf_ledger_count(WE_KIND_ERROR_LOG) > 0) {
        we_vrf_ledger_each(WE_KIND_ERROR_LOG, leak_report, NULL);
    }
}
