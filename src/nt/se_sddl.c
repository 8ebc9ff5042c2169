/* SPDX-License-Identifier: MIT */
/* Security descriptors as text (SDDL), as far as they decide who may open a device. */
#include "nt/se_sddl.h"

#include <string.h>

#include "nt/io_device.h"
#include "nt/io_file.h"
#include "nt/nt_irql.h"
#include "wdmsec.h"

/* Design
 *
 * Only the discretionary list is read: D:flags(type;flags;rights;object;inherited object;account)... For each right the
 * first entry that names it for one of the process's accounts decides; what no entry names is denied. A descriptor without
 * D: has no list and grants everything.
 */

#define SDDL(name, text) const UNICODE_STRING name = RTL_CONSTANT_STRING(text)

SDDL(SDDL_DEVOBJ_KERNEL_ONLY, u"D:P");
SDDL(SDDL_DEVOBJ_SYS_ALL, u"D:P(A;;GA;;;SY)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, u"D:P(A;;GA;;;SY)(A;;GA;;;BA)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RX, u"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
SDDL(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX, u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");

/* What is left of the text. */
struct text {
    const WCHAR *units;
    size_t count;
};

static bool text_take(struct text *text, WCHAR unit)
{
    if (text->count == 0 || text->units[0] != unit) {
        return false;
    }
    text->units++;
    text->count--;
    return true;
}

/* Everything up to the mark, which is taken too. */
static bool text_take_until(struct text *text, WCHAR mark, struct text *field)
{
    size_t i;

    for (i = 0; i < text->count && text->units[i] != mark; i++) {
    }
    if (i == text->count) {
        return false;
    }
    field->units = text->units;
    field->count = i;
    text->units += i + 1;
    text->count -= i + 1;
    return true;
}

static bool text_is(const struct text *text, const char *ascii)
{
    size_t i;

    for (i = 0; i < text->count && ascii[i] != '\0' && text->units[i] == (WCHAR)ascii[i]; i++) {
    }
    return i == text->count && ascii[i] == '\0';
}

/* --- one entry ------------------------------------------------------------------------------- */

static bool account_is_ours(const struct text *account)
{
    /* Administrators, everybody, authenticated users, interactive users, users. */
    static const char *const ours[] = { "BA",       "S-1-5-32-544", "WD",      "S-1-1-0", "AU",
                                        "S-1-5-11", "IU",           "S-1-5-4", "BU",      "S-1-5-32-545" };
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(ours); i++) {
        if (text_is(account, ours[i])) {
            return true;
        }
    }
    return false;
}

static bool right_read(struct text *rights, ACCESS_MASK *mask)
{
    static const struct {
        const char *name;
        ACCESS_MASK mask;
    } known[] = {
        { "GA", GENERIC_ALL },        { "GR", GENERIC_READ },
        { "GW", GENERIC_WRITE },      { "GX", GENERIC_EXECUTE },
        { "FA", FILE_ALL_ACCESS },    { "FR", FILE_GENERIC_READ },
        { "FW", FILE_GENERIC_WRITE }, { "FX", FILE_GENERIC_EXECUTE },
        { "RC", READ_CONTROL },       { "SD", DELETE },
        { "WD", WRITE_DAC },          { "WO", WRITE_OWNER },
    };
    struct text name = { rights->units, 2 };
    size_t i;

    if (rights->count < 2) {
        return false;
    }
    rights->units += 2;
    rights->count -= 2;
    for (i = 0; i < WE_ARRAY_COUNT(known); i++) {
        if (text_is(&name, known[i].name)) {
            *mask |= known[i].mask;
            return true;
        }
    }
    return false;
}

static bool hex_read(struct text *rights, ACCESS_MASK *mask)
{
    for (; rights->count != 0; rights->units++, rights->count--) {
        WCHAR unit = rights->units[0];
        ACCESS_MASK digit = unit >= '0' && unit <= '9'   ? unit - (ACCESS_MASK)'0'
                            : unit >= 'a' && unit <= 'f' ? unit - (ACCESS_MASK)'a' + 10
                            : unit >= 'A' && unit <= 'F' ? unit - (ACCESS_MASK)'A' + 10
                                                         : 16;

        if (digit == 16 || *mask >> 28 != 0) {
            return false;
        }
        *mask = *mask << 4 | digit;
    }
    return true;
}

static bool rights_read(struct text rights, ACCESS_MASK *mask)
{
    *mask = 0;
    if (rights.count > 2 && rights.units[0] == '0' && (rights.units[1] == 'x' || rights.units[1] == 'X')) {
        rights.units += 2;
        rights.count -= 2;
        return hex_read(&rights, mask);
    }
    while (rights.count != 0) {
        if (!right_read(&rights, mask)) {
            return false;
        }
    }
    return true;
}

/* Behind its opening bracket. */
static bool entry_read(struct text *text, ACCESS_MASK *granted, ACCESS_MASK *denied)
{
    struct text fields[6];
    ACCESS_MASK mask;
    bool allows;
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(fields); i++) {
        if (!text_take_until(text, i + 1 < WE_ARRAY_COUNT(fields) ? ';' : ')', &fields[i])) {
            return false;
        }
    }
    allows = text_is(&fields[0], "A");
    if ((!allows && !text_is(&fields[0], "D")) || !rights_read(fields[2], &mask) || fields[5].count == 0) {
        return false;
    }
    mask = we_io_access_map(mask);
    if (account_is_ours(&fields[5])) {
        *granted |= allows ? mask & ~*denied : 0;
        *denied |= allows ? 0 : mask & ~*granted;
    }
    return true;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Behind "D:". */
static bool list_read(struct text *text, ACCESS_MASK *granted)
{
    ACCESS_MASK denied = 0;

    *granted = 0;
    while (text_take(text, 'P') || text_take(text, 'A') || text_take(text, 'R') || text_take(text, 'I')) {
    }
    while (text_take(text, '(')) {
        if (!entry_read(text, granted, &denied)) {
            return false;
        }
    }
    return text->count == 0 || text->units[0] == 'S'; /* what is audited does not matter */
}

bool we_se_sddl_access(const UNICODE_STRING *sddl, ACCESS_MASK *granted)
{
    struct text text = { sddl->Buffer, sddl->Length / sizeof(WCHAR) };

    /* O:owner and G:group are two letters or a number. */
    while (text.count > 2 && (text.units[0] == 'O' || text.units[0] == 'G') && text.units[1] == ':') {
        text.units += 2;
        text.count -= 2;
        while (text.count != 0 && !(text.count > 1 && text.units[1] == ':')) {
            text.units++;
            text.count--;
        }
    }
    *granted = FILE_ALL_ACCESS;
    if (text.count == 0) {
        return sddl->Length != 0;
    }
    return text_take(&text, 'D') && text_take(&text, ':') && list_read(&text, granted);
}

NTSTATUS WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize, PUNICODE_STRING DeviceName,
                                    DEVICE_TYPE DeviceType, ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                    PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                                    PDEVICE_OBJECT *DeviceObject)
{
    ACCESS_MASK granted;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(DeviceClassGuid);
    WE_NT_ENTRY(IoCreateDeviceSecure);
    *DeviceObject = NULL;
    if (DeviceName == NULL || DeviceName->Length == 0 || DefaultSDDLString == NULL ||
        !we_se_sddl_access(DefaultSDDLString, &granted)) {
        return STATUS_INVALID_PARAMETER;
    }
    status = IoCreateDevice(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics, Exclusive,
                            DeviceObject);
    if (NT_SUCCESS(status)) {
        /* Nobody can open it before DO_DEVICE_INITIALIZING is cleared. */
        we_io_device_extension(*DeviceObject)->application_access = granted;
    }
    return status;
}
