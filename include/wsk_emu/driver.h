/* SPDX-License-Identifier: MIT */
/** @file
 * Loads and unloads drivers, and fills the registry that they find. */
#ifndef WSK_EMU_DRIVER_H
#define WSK_EMU_DRIVER_H

#include <stddef.h>

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
 * driver left behind is reported.
 *
 * The driver finds its variables with their initial values, whatever earlier loads left in them; EXPORTS of
 * wsk_emu_add_driver are kept. An entry that belongs to no such target, a function of the test, keeps all. */
WSK_EMU_API NTSTATUS wsk_emu_driver_load(PDRIVER_INITIALIZE entry, PCSTR name, PDRIVER_OBJECT *driver);

/** The same with a driver that is a shared object, made with wsk_emu_add_driver(... MODULE): its own code and variables, in
 * memory from here to the unload. The program must link wsk_emu::modules.
 * @param path   of the file, as dlopen takes it: without a slash it is looked for where the system looks for libraries.
 * @param name   service name, as above; NULL: the file's name without folder and extension.
 * @param driver as above.
 * @return as above; STATUS_OBJECT_NAME_NOT_FOUND (no such file); STATUS_INVALID_IMAGE_FORMAT (no shared object);
 * STATUS_DRIVER_ENTRYPOINT_NOT_FOUND (it has no DriverEntry, or needs a function that does not exist). The log says more. */
WSK_EMU_API NTSTATUS wsk_emu_driver_load_file(PCSTR path, PCSTR name, PDRIVER_OBJECT *driver);

/** Calls DriverUnload at PASSIVE_LEVEL (if the driver set one), checks what is left behind (devices, registrations,
 * threads, pool) and drops the driver object, and takes a shared object out of memory. NULL is ignored. A driver without
 * DriverUnload stays loaded until wsk_emu_stop, which is reported (UNL-001). */
WSK_EMU_API void wsk_emu_driver_unload(PDRIVER_OBJECT driver);

/* The registry is empty when an emulated kernel starts, but for the few keys that every system has, and again when it
 * stops; a driver that is loaded finds the key of its RegistryPath in it, and what these functions put there. Any
 * thread, PASSIVE_LEVEL. */

/** Sets or replaces a value; makes the key and the keys above it.
 * @param key  "gate" is the key of the driver gate (its RegistryPath), "gate\\Parameters" a key below; a path that begins
 * with "\\Registry\\" is taken as it stands. UTF-8.
 * @param name name of the value, UTF-8; "" is the default value.
 * @param type REG_DWORD and so on. Nothing checks that data fits it, so that a driver can be shown bad values.
 * @param data size bytes, copied; may be NULL when size is 0. At most 1 MiB.
 * @return STATUS_SUCCESS; STATUS_INVALID_PARAMETER (NULL, too long, an empty part of the path);
 * STATUS_INVALID_DEVICE_STATE (no emulated kernel is running); STATUS_INSUFFICIENT_RESOURCES. */
WSK_EMU_API NTSTATUS wsk_emu_registry_set(PCSTR key, PCSTR name, ULONG type, const void *data, size_t size);
/** The same with a REG_DWORD. */
WSK_EMU_API NTSTATUS wsk_emu_registry_set_dword(PCSTR key, PCSTR name, ULONG value);
/** The same with a REG_SZ: UTF-8, stored as UTF-16 with its terminator. */
WSK_EMU_API NTSTATUS wsk_emu_registry_set_string(PCSTR key, PCSTR name, PCSTR text);
/** Removes a value. STATUS_OBJECT_NAME_NOT_FOUND: there is none; else as above. */
WSK_EMU_API NTSTATUS wsk_emu_registry_remove(PCSTR key, PCSTR name);
/** Puts what a registry file says into the registry: keys and values are made, replaced and, with a minus sign, removed.
 * @param file_or_text  the path of a file in the text format "Windows Registry Editor Version 5.00", UTF-8 or UTF-16 with
 * a byte order mark; or, if it has a newline, the text itself in UTF-8. Strings, dword:, hex: and hex(type): are known;
 * roots are HKEY_LOCAL_MACHINE, HKEY_USERS, HKEY_CURRENT_USER, HKEY_CLASSES_ROOT. The key of the driver gate is
 * [HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\gate].
 * @return STATUS_SUCCESS; STATUS_INVALID_PARAMETER (the log says what is wrong, and in which line);
 * STATUS_OBJECT_NAME_NOT_FOUND (no such file); STATUS_INVALID_DEVICE_STATE; STATUS_INSUFFICIENT_RESOURCES. After a
 * failure the registry is as before. */
WSK_EMU_API NTSTATUS wsk_emu_registry_load(PCSTR file_or_text);

WSK_EMU_END

#endif
