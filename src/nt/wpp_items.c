/* SPDX-License-Identifier: MIT */
/* Messages of WPP: conversions by name, %!STATUS! and its kin, and the types that a driver's configuration defines. */
#include "nt/wpp_format.h"

#include <string.h>

#include <ip2string.h>

#include "nt/nt_status_name.h"
#include "nt/nt_thread.h"

/* Design
 *
 * A name leads to an item, which says how the value is shown; so do the types of a driver's configuration, which come
 * first. Windows has its names in a file of the same kind. An item that begins with a percent sign is a conversion of
 * printf. A type with a helper macro hands over addresses and sizes instead of a value; the last pair is the data.
 */

#define NAME_BYTES 64
#define SHOWN_BYTES_MAX 64 /* of a dump */

struct name {
    const CHAR *name;
    const CHAR *item;
};

static const struct name names[] = {
    { "STATUS", "ItemNTSTATUS" },
    { "HRESULT", "ItemHRESULT" },
    { "WINERROR", "ItemWINERROR" },
    { "winerr", "ItemWINERROR" },
    { "IPADDR", "ItemIPAddr" },
    { "IPV4ADDR", "ItemIPAddr" },
    { "IPV6ADDR", "ItemIPV6Addr" },
    { "MACADDR", "ItemMACAddr" },
    { "PORT", "ItemPort" },
    { "GUID", "ItemGuid" },
    { "CLSID", "ItemGuid" },
    { "LIBID", "ItemGuid" },
    { "IID", "ItemGuid" },
    { "BOOLEAN", "ItemListByte(FALSE,TRUE)" },
    { "bool", "ItemListLong(false,true)" },
    { "bool8", "ItemListByte(false,true)" },
    { "bool16", "ItemListShort(false,true)" },
    { "irql", "ItemListByte(Low,APC,DPC)" },
    { "b1", "ItemSetByte(1,2,3,4,5,6,7,8)" },
    { "b2", "ItemSetShort(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16)" },
    { "b4", "ItemSetLong(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32)" },
    { "sid", "ItemSid" },
    { "HEXDUMP", "ItemHEXDump" },
    { "TIMESTAMP", "ItemTimestamp" },
    { "TIME", "ItemTimestamp" },
    { "DATE", "ItemTimestamp" },
    { "datetime", "ItemTimestamp" },
    { "WAITTIME", "ItemTimeDelta" },
    { "due", "ItemTimeDelta" },
    { "delta", "ItemTimeDelta" },
    { "ASTR", "%hs" },
    { "ARSTR", "%hs" },
    { "WSTR", "%ws" },
    { "ARWSTR", "%ws" },
    { "CSTR", "%Z" },
    { "ANSTR", "%Z" },
    { "USTR", "%wZ" },
    { "SBYTE", "%hhd" },
    { "UBYTE", "%hhu" },
    { "XBYTE", "%02hhx" },
    { "OBYTE", "%hho" },
    { "SCHAR", "%c" },
    { "UCHAR", "%c" },
    { "SSHORT", "%hd" },
    { "USHORT", "%hu" },
    { "XSHORT", "%04hX" },
    { "OSHORT", "%ho" },
    { "SINT", "%d" },
    { "UINT", "%u" },
    { "XINT", "%08x" },
    { "OINT", "%o" },
    { "SLONG", "%ld" },
    { "ULONG", "%lu" },
    { "XLONG", "%08lX" },
    { "OLONG", "%lo" },
    { "SINT64", "%I64d" },
    { "UINT64", "%I64u" },
    { "XINT64", "%I64x" },
    { "XXINT64", "%I64X" },
    { "OINT64", "%I64o" },
    { "SLONGPTR", "%Id" },
    { "ULONGPTR", "%Iu" },
    { "XLONGPTR", "%Ix" },
    { "PTR", "%p" },
    { "HANDLE", "%p" },
    { "DOUBLE", "%g" },
    { "cccc", "ItemChar4" },
};

/* --- values ------------------------------------------------------------------------------- */

static void bytes_show(struct we_wpp_call *call, const UCHAR *bytes, size_t count)
{
    for (size_t i = 0; i < count && i < SHOWN_BYTES_MAX; i++) {
        we_wpp_print(call, i == 0 ? "%02x" : " %02x", bytes[i]);
    }
    if (count > SHOWN_BYTES_MAX) {
        we_wpp_print(call, " ... (%Iu bytes)", count);
    }
}

static void guid_show(struct we_wpp_call *call, const void *address)
{
    GUID guid;

    memcpy(&guid, address, sizeof(guid));
    we_wpp_print(call, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", guid.Data1, guid.Data2, guid.Data3,
                 guid.Data4[0], guid.Data4[1], guid.Data4[2], guid.Data4[3], guid.Data4[4], guid.Data4[5],
                 guid.Data4[6], guid.Data4[7]);
}

static void ipv4_show(struct we_wpp_call *call, const void *address)
{
    const UCHAR *bytes = address;

    we_wpp_print(call, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
}

static void ipv6_show(struct we_wpp_call *call, const void *address)
{
    CHAR text[46];

    (void)RtlIpv6AddressToStringA(address, text);
    we_wpp_print(call, "%hs", text);
}

static void mac_show(struct we_wpp_call *call, const void *address)
{
    const UCHAR *bytes = address;

    we_wpp_print(call, "%02X-%02X-%02X-%02X-%02X-%02X", bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]);
}

#define SID_PARTS_MAX 15

static void sid_show(struct we_wpp_call *call, const void *address)
{
    const UCHAR *bytes = address;
    ULONGLONG authority = 0;

    if (bytes[0] != 1 || bytes[1] > SID_PARTS_MAX) {
        we_wpp_print(call, "(not a SID)");
        return;
    }
    for (unsigned i = 2; i < 8; i++) {
        authority = authority << 8 | bytes[i];
    }
    we_wpp_print(call, "S-1-%I64u", authority);
    for (unsigned i = 0; i < bytes[1]; i++) {
        ULONG part;

        memcpy(&part, bytes + 8 + 4 * (size_t)i, sizeof(part));
        we_wpp_print(call, "-%u", part);
    }
}

static void status_show(struct we_wpp_call *call, ULONG status)
{
    const char *name = we_nt_status_name((NTSTATUS)status);

    if (name != NULL) {
        we_wpp_print(call, "0x%08x(%hs)", status, name);
    } else {
        we_wpp_print(call, "0x%08x", status);
    }
}

#define MS_PER_DAY 86400000ull

/* day~hour:minute:second.millisecond of a time in milliseconds */
static void delta_show(struct we_wpp_call *call, LONGLONG value)
{
    ULONGLONG ms = value < 0 ? (ULONGLONG)0 - (ULONGLONG)value : (ULONGLONG)value;

    we_wpp_print(call, "%hs%I64u~%02I64u:%02I64u:%02I64u.%03I64u", value < 0 ? "-" : "", ms / MS_PER_DAY,
                 ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* System time, 100 ns since 1601, as month/day/year-hour:minute:second.millisecond. */
static void timestamp_show(struct we_wpp_call *call, LONGLONG value)
{
    ULONGLONG ms = (ULONGLONG)(value < 0 ? 0 : value) / 10000;
    /* Counted from 1 March 1600 on, the leap day is the last of a year; 306 days before 1601. */
    ULONGLONG day = ms / MS_PER_DAY + 306;
    ULONGLONG era = day / 146097;
    ULONGLONG day_of_era = day % 146097;
    ULONGLONG year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    ULONGLONG day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    ULONGLONG shifted_month = (5 * day_of_year + 2) / 153;
    ULONGLONG month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    ULONGLONG year = 1600 + era * 400 + year_of_era + (month <= 2 ? 1 : 0);

    we_wpp_print(call, "%02I64u/%02I64u/%04I64u-%02I64u:%02I64u:%02I64u.%03I64u", month,
                 day_of_year - (153 * shifted_month + 2) / 5 + 1, year, ms / 3600000 % 24, ms / 60000 % 60,
                 ms / 1000 % 60, ms % 1000);
}

/* --- lists and sets ------------------------------------------------------------------------ */

/* The name number index of "Item(a,b,c)"; its length, 0: there is none. */
static size_t list_name(const CHAR *item, ULONGLONG index, const CHAR **name)
{
    const CHAR *at = strchr(item, '(');

    for (; at != NULL && *at != ')' && *at != 0; index--) {
        size_t length = strcspn(++at, ",)");

        if (index == 0) {
            *name = at;
            return length;
        }
        at += length;
    }
    return 0;
}

/* ItemListByte and the others differ in the size of the value. */
static ULONGLONG list_value(const CHAR *item, size_t stem_length, const struct wsk_emu_trace_arg *arg)
{
    ULONGLONG value = we_wpp_integer(arg);

    if (strncmp(item + stem_length, "Byte", 4) == 0) {
        return (UCHAR)value;
    }
    return strncmp(item + stem_length, "Short", 5) == 0 ? (USHORT)value : (ULONG)value;
}

static void list_show(struct we_wpp_call *call, const CHAR *item, const struct wsk_emu_trace_arg *arg)
{
    ULONGLONG value = list_value(item, sizeof("ItemList") - 1, arg);
    const CHAR *name = NULL;
    size_t length = list_name(item, value, &name);

    if (length != 0) {
        we_wpp_print(call, "%.*hs", (int)length, name);
    } else {
        we_wpp_print(call, "0x%I64x", value);
    }
}

static void set_show(struct we_wpp_call *call, const CHAR *item, const struct wsk_emu_trace_arg *arg)
{
    ULONGLONG value = list_value(item, sizeof("ItemSet") - 1, arg);
    const CHAR *separator = "";

    we_wpp_print(call, "[");
    for (unsigned bit = 0; bit < 32; bit++) {
        const CHAR *name = NULL;
        size_t length = list_name(item, bit, &name);

        if ((value >> bit & 1) != 0 && length != 0) {
            we_wpp_print(call, "%hs%.*hs", separator, (int)length, name);
            separator = ",";
        }
    }
    we_wpp_print(call, "]");
}

/* --- items that show memory ----------------------------------------------------------------- */

struct memory_item {
    const CHAR *item;
    size_t bytes;
    void (*show)(struct we_wpp_call *call, const void *address);
};

static const struct memory_item memory_items[] = {
    { "ItemGuid", 16, guid_show },  { "ItemCLSID", 16, guid_show }, { "ItemIID", 16, guid_show },
    { "ItemLIBID", 16, guid_show }, { "ItemIPAddr", 4, ipv4_show }, { "ItemIPV6Addr", 16, ipv6_show },
    { "ItemMACAddr", 6, mac_show },
};

static const struct memory_item *memory_item_find(const CHAR *item)
{
    for (unsigned i = 0; i < sizeof(memory_items) / sizeof(memory_items[0]); i++) {
        if (strcmp(memory_items[i].item, item) == 0) {
            return &memory_items[i];
        }
    }
    return NULL;
}

/* What a helper macro made of a value. */
struct taken {
    struct we_wpp_call *call;
    const CHAR *item;
};

static VOID pairs_show(PVOID context, const struct wsk_emu_wpp_pair *pairs, SIZE_T count)
{
    const struct taken *taken = context;
    const struct wsk_emu_wpp_pair *data = &pairs[count - 1];
    const struct memory_item *memory = memory_item_find(taken->item);

    if (data->Address == NULL) {
        we_wpp_print(taken->call, "NULL");
    } else if (memory != NULL && data->Size >= memory->bytes) {
        memory->show(taken->call, data->Address);
    } else if (strcmp(taken->item, "ItemString") == 0 || strcmp(taken->item, "ItemRString") == 0 ||
               strcmp(taken->item, "ItemPString") == 0) {
        we_wpp_print(taken->call, "%.*hs", (int)data->Size, data->Address);
    } else if (strcmp(taken->item, "ItemWString") == 0 || strcmp(taken->item, "ItemRWString") == 0 ||
               strcmp(taken->item, "ItemPWString") == 0) {
        we_wpp_print(taken->call, "%.*ws", (int)(data->Size / sizeof(WCHAR)), data->Address);
    } else {
        bytes_show(taken->call, data->Address, data->Size);
    }
}

/* A helper macro may be given a pointer where its type is an array. */
static void type_show(struct we_wpp_call *call, const struct wsk_emu_wpp_type *type,
                      const struct wsk_emu_trace_arg *arg)
{
    struct taken taken = { call, type->Item };

    if (arg->Size == type->Size && arg->Size <= sizeof(arg->Value.Bytes)) {
        type->Take(arg->Value.Bytes, pairs_show, &taken);
    } else if (arg->Kind == WSK_EMU_TRACE_POINTER && arg->Value.Pointer != NULL) {
        type->Take(arg->Value.Pointer, pairs_show, &taken);
    } else {
        we_wpp_print(call, "(not %hs: 0x%I64x)", type->Name, arg->Value.Integer);
    }
}

static void memory_show(struct we_wpp_call *call, const struct memory_item *memory, const struct wsk_emu_trace_arg *arg)
{
    bool is_wrong;
    const void *address = we_wpp_pointer(arg, &is_wrong);

    if (memory->bytes == 4 && arg->Kind != WSK_EMU_TRACE_POINTER) {
        address = arg->Value.Bytes; /* an IPv4 address is a number that lies in network order */
    } else if (is_wrong || (arg->Kind == WSK_EMU_TRACE_BYTES && arg->Size < memory->bytes)) {
        we_wpp_print(call, "(no address: 0x%I64x)", arg->Value.Integer);
        return;
    }
    if (address == NULL) {
        we_wpp_print(call, "NULL");
    } else {
        memory->show(call, address);
    }
}

/* --- items ----------------------------------------------------------------------------------- */

static void hex_show(struct we_wpp_call *call, const struct wsk_emu_trace_arg *arg)
{
    if (arg->Kind == WSK_EMU_TRACE_BYTES) {
        bytes_show(call, arg->Value.Bytes, arg->Size < sizeof(arg->Value.Bytes) ? arg->Size : sizeof(arg->Value.Bytes));
    } else {
        we_wpp_print(call, "0x%I64x", arg->Value.Integer);
    }
}

static void sid_or_null_show(struct we_wpp_call *call, const struct wsk_emu_trace_arg *arg)
{
    bool is_wrong;
    const void *address = we_wpp_pointer(arg, &is_wrong);

    if (address != NULL) {
        sid_show(call, address);
    } else {
        we_wpp_print(call, is_wrong ? "(not a SID)" : "NULL");
    }
}

static void item_show(struct we_wpp_call *call, const CHAR *item, const struct wsk_emu_trace_arg *arg)
{
    const struct memory_item *memory = memory_item_find(item);
    ULONGLONG value = we_wpp_integer(arg);

    if (memory != NULL) {
        memory_show(call, memory, arg);
    } else if (strncmp(item, "ItemList", 8) == 0) {
        list_show(call, item, arg);
    } else if (strncmp(item, "ItemSet", 7) == 0) {
        set_show(call, item, arg);
    } else if (strncmp(item, "ItemEnum", 8) == 0) {
        we_wpp_print(call, "%d",
                     (LONG)value); /* the names are in the driver's symbols, which WPP reads and we do not */
    } else if (strcmp(item, "ItemNTSTATUS") == 0) {
        status_show(call, (ULONG)value);
    } else if (strcmp(item, "ItemHRESULT") == 0) {
        we_wpp_print(call, "0x%08x", (ULONG)value);
    } else if (strcmp(item, "ItemWINERROR") == 0) {
        we_wpp_print(call, "%u", (ULONG)value);
    } else if (strcmp(item, "ItemPort") == 0) {
        we_wpp_print(call, "%u", (ULONG)(USHORT)((USHORT)value << 8 | (USHORT)value >> 8));
    } else if (strcmp(item, "ItemTimestamp") == 0) {
        timestamp_show(call, (LONGLONG)value);
    } else if (strcmp(item, "ItemTimeDelta") == 0 || strcmp(item, "ItemWaitTime") == 0) {
        delta_show(call, (LONGLONG)value);
    } else if (strcmp(item, "ItemSid") == 0) {
        sid_or_null_show(call, arg);
    } else if (strcmp(item, "ItemChar4") == 0) {
        we_wpp_print(call, "%c%c%c%c", (int)(UCHAR)value, (int)(UCHAR)(value >> 8), (int)(UCHAR)(value >> 16),
                     (int)(UCHAR)(value >> 24));
    } else {
        hex_show(call, arg);
    }
}

/* --- names ----------------------------------------------------------------------------------- */

static const CHAR *file_name(const CHAR *path)
{
    const CHAR *name = path;

    for (const CHAR *at = path; *at != 0; at++) {
        name = *at == '/' || *at == '\\' ? at + 1 : name;
    }
    return name;
}

/* Facts about the call, which take no argument. What Windows puts in front of each message is in our log already. */
static bool fact_show(struct we_wpp_call *call, const CHAR *name)
{
    static const CHAR *const empty[] = { "STDPREFIX", "COMPNAME", "MOD", "TYP", "NOW", "SEQ", "PID" };

    if (strcmp(name, "FUNC") == 0) {
        we_wpp_print(call, "%hs", call->site->Function);
    } else if (strcmp(name, "FILE") == 0) {
        we_wpp_print(call, "%hs", file_name(call->site->File));
    } else if (strcmp(name, "LINE") == 0) {
        we_wpp_print(call, "%u", call->site->Line);
    } else if (strcmp(name, "LEVEL") == 0) {
        we_wpp_print(call, "%hs", call->site->LevelText);
    } else if (strcmp(name, "FLAGS") == 0) {
        we_wpp_print(call, "%hs", call->site->FlagText);
    } else if (strcmp(name, "SPACE") == 0) {
        we_wpp_print(call, " ");
    } else if (strcmp(name, "TID") == 0) {
        we_wpp_print(call, "%u", (ULONG)we_nt_thread_current()->id);
    } else if (strcmp(name, "CPU") == 0) {
        we_wpp_print(call, "%u", KeGetCurrentProcessorNumberEx(NULL));
    } else {
        for (unsigned i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
            if (strcmp(name, empty[i]) == 0) {
                return true;
            }
        }
        return false;
    }
    return true;
}

static const CHAR *item_find(const CHAR *name)
{
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (_stricmp(names[i].name, name) == 0) {
            return names[i].item;
        }
    }
    /* An item by its own name, or an unknown one, which shows in hex. */
    return name;
}

static const struct wsk_emu_wpp_type *type_find(const struct wsk_emu_wpp_type *types, const CHAR *name)
{
    for (const struct wsk_emu_wpp_type *type = types; type != NULL && type->Name != NULL; type++) {
        if (strcmp(type->Name, name) == 0) {
            return type;
        }
    }
    return NULL;
}

void we_wpp_convert_named(struct we_wpp_call *call, const CHAR *name, size_t length)
{
    const struct wsk_emu_wpp_type *type;
    const CHAR *item;
    CHAR text[NAME_BYTES];

    if (length >= sizeof(text)) {
        length = sizeof(text) - 1;
    }
    memcpy(text, name, length);
    text[length] = ANSI_NULL;
    type = type_find(call->site->Types, text);
    if (type == NULL && fact_show(call, text)) {
        return;
    }
    item = type != NULL ? type->Item : item_find(text);
    if (item[0] == '%') {
        we_wpp_convert(call, item);
    } else if (call->next == call->count) {
        we_wpp_print(call, "(no argument)");
    } else if (type != NULL && type->Take != NULL) {
        type_show(call, type, &call->args[call->next++]);
    } else {
        item_show(call, item, &call->args[call->next++]);
    }
}
