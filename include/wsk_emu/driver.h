/* SPDX-License-Identifier: MIT */
/** @file
 * Loads and unloads drivers. */
#ifndef WSK_EMU_DRIVER_H
#define WSK_EMU_DRIVER_H

#include "wsk_emu/export.h"
#include "wsk_emu/wdk/wdm.h"

WSK_EMU_BEGIN

/** Makes a driver object and calls the driver's entry with it at PASSIVE_LEVEL on the calling thread.
 * @param entry  name_DriverEntry of a target made with wsk_emu_add_driver(name ...).
 * @param name   service name: becomes \\Driver\\name and the last part of RegistryPath. 1 .. 200 characters.
 * @param driver receives the driver object on success, NULL on failure; owned by the library until unload.
 * @return what entry returned; STATUS_INVALID_PARAMETER (NULL argument or bad name); STATUS_INVALID_DEVICE_STATE
 * (no emulated kernel is running); STATUS_OBJECT_NAME_COLLISION (a driver of that name is loaded);
 * STATUS_INSUFFICIENT_RESOURCES. When entry fails, DriverUnload is not called, as on Windows, and what the
 * driver left behind is reported. */
WSK_EMU_API NTSTATUS wsk_emu_driver_load(PDRIVER_INITIALIZE entry, PCSTR name, PDRIVER_OBJECT *driver);

/** Calls DriverUnload at PASSIVE_LEVEL (if the driver set one), checks what is left behind (devices, registrations,
 * threads, pool) and drops the driver object. NULL is ignored. A driver without DriverUnload stays loaded until
 * wsk_emu_stop, which is reported (UNL-001). */
WSK_EMU_API void wsk_emu_driver_unload(PDRIVER_OBJECT driver);

WSK_EMU_END

#endif
