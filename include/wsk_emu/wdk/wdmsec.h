/* SPDX-License-Identifier: MIT */
/* Devices that say who may open them. */
#ifndef WSK_EMU_WDK_WDMSEC_H
#define WSK_EMU_WDK_WDMSEC_H

#include "wdm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Who may open a device with them: the kernel alone; the system; administrators as well; everybody as well, to read, to
 * write, or for anything. */
extern const UNICODE_STRING SDDL_DEVOBJ_KERNEL_ONLY;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_ALL;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RX;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R;
extern const UNICODE_STRING SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX;

/* IoCreateDevice for a device with a name and a security descriptor in SDDL. Applications, which here are those of an
 * administrator, get no more than it grants them; drivers that open the device get everything. The class is not looked at.
 * STATUS_INVALID_PARAMETER: no name, or no SDDL that can be read; else as IoCreateDevice. */
#define IoCreateDeviceSecure WdmlibIoCreateDeviceSecure
_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS WdmlibIoCreateDeviceSecure(_In_ PDRIVER_OBJECT DriverObject,
    _In_ ULONG DeviceExtensionSize, _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
    _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive, _In_ PCUNICODE_STRING DefaultSDDLString,
    _In_opt_ LPCGUID DeviceClassGuid, _Outptr_ PDEVICE_OBJECT *DeviceObject);

#ifdef __cplusplus
}
#endif

#endif
