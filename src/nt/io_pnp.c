/* SPDX-License-Identifier: MIT */
/* Plug and Play notifications: what is not emulated says so once and fails. */
#include <wdm.h>

#include <initguid.h>
#include <ndisguid.h>
#include <wdmguid.h>

#include "host/host_log.h"
#include "nt/nt_irql.h"

NTSTATUS IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory, ULONG EventCategoryFlags,
                                        PVOID EventCategoryData, PDRIVER_OBJECT DriverObject,
                                        PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine, PVOID Context,
                                        PVOID *NotificationEntry)
{
    (void)EventCategory;
    (void)EventCategoryFlags;
    (void)EventCategoryData;
    (void)DriverObject;
    (void)CallbackRoutine;
    (void)Context;
    WE_NT_ENTRY(IoRegisterPlugPlayNotification);
    WE_LOG_ONCE(WE_LOG_WARNING, "IoRegisterPlugPlayNotification: Plug and Play is not emulated");
    *NotificationEntry = NULL;
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry)
{
    (void)NotificationEntry;
    WE_NT_ENTRY(IoUnregisterPlugPlayNotificationEx);
    return STATUS_INVALID_PARAMETER;
}
