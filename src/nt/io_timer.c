/* SPDX-License-Identifier: MIT */
/* The timer of a device: a routine that is called once a second. */
#include "nt/io_timer.h"

#include "host/host_mem.h"
#include "nt/ke_cpu.h"
#include "nt/ke_dispatcher.h"
#include "nt/ke_timer.h"
#include "nt/nt_block.h"
#include "nt/nt_door.h"
#include "nt/nt_irql.h"
#include "nt/ob_object.h"

/* Design
 *
 * DeviceObject->Timer leads to it. A call that waits or runs (at most one waits) holds a reference to the device, so that
 * the routine gets a device that is there, even when IoDeleteDevice came in between; the last such call frees the timer
 * of a deleted device. The dispatcher lock guards the state and DeviceObject->Timer.
 */

struct _IO_TIMER {
    struct we_ke_timer timer;
    struct we_nt_work work;
    PDEVICE_OBJECT device;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    unsigned calls; /* that wait or run */
    bool is_deleted;
};

#define SECOND_NS 1000000000u

static void report(PDEVICE_OBJECT device, const char *function, const char *what)
{
    struct we_nt_view view;

    (void)we_vrf_report(WE_RULE_DPC_024, we_nt_view_make(&view, WE_KIND_OBJECT, device), "%s was called for %p, %s",
                        function, (void *)device, what);
}

static bool is_device(PDEVICE_OBJECT device, const char *function)
{
    if (!we_ob_is(device, WE_OB_DEVICE)) {
        report(device, function, "which is no device, or not one any more");
        return false;
    }
    return true;
}

/* --- calls ------------------------------------------------------------------------------------------ */

static bool may_call(struct _IO_TIMER *timer)
{
    bool is_deleted;

    we_ke_dispatcher_lock();
    is_deleted = timer->is_deleted;
    we_ke_dispatcher_unlock();
    return !is_deleted && !we_nt_door_is_shut();
}

static void work_run(struct we_nt_work *work)
{
    struct _IO_TIMER *timer = WE_CONTAINER(work, struct _IO_TIMER, work);
    PDEVICE_OBJECT device = timer->device;
    struct we_nt_frame frame;
    bool is_last;

    if (may_call(timer)) {
        we_nt_door_enter(&frame, WE_DOOR_TIMER, (const void *)(ULONG_PTR)timer->routine, timer);
        timer->routine(device, timer->context);
        we_nt_door_leave(&frame);
    }
    we_ke_dispatcher_lock();
    timer->calls--;
    is_last = timer->is_deleted && timer->calls == 0;
    we_ke_dispatcher_unlock();
    if (is_last) {
        we_host_free(timer);
    }
    we_ob_dereference(device);
}

static void expired_locked(struct we_ke_timer *base)
{
    struct _IO_TIMER *timer = WE_CONTAINER(base, struct _IO_TIMER, timer);

    if (we_nt_work_queue(&timer->work, timer->timer.cpu)) {
        timer->calls++;
        we_ob_reference(timer->device);
    }
}

/* --- the functions ------------------------------------------------------------------------------------- */

NTSTATUS IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    struct _IO_TIMER *timer;
    bool is_first;

    WE_NT_ENTRY(IoInitializeTimer);
    if (!is_device(DeviceObject, "IoInitializeTimer") || TimerRoutine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    timer = we_host_zalloc(sizeof(*timer));
    if (timer == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    we_ke_timer_init(&timer->timer, NotificationTimer, expired_locked);
    we_nt_work_init(&timer->work, work_run);
    timer->device = DeviceObject;
    timer->routine = TimerRoutine;
    timer->context = Context;
    we_ke_dispatcher_lock();
    is_first = DeviceObject->Timer == NULL;
    if (is_first) {
        DeviceObject->Timer = timer;
    }
    we_ke_dispatcher_unlock();
    if (!is_first) {
        report(DeviceObject, "IoInitializeTimer", "which has a timer already");
        we_host_free(timer);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return STATUS_SUCCESS;
}

VOID IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    uint64_t due_ns = we_host_now_ns() + SECOND_NS;
    struct _IO_TIMER *timer;
    unsigned cpu = 0;

    WE_NT_ENTRY(IoStartTimer);
    if (!is_device(DeviceObject, "IoStartTimer")) {
        return;
    }
    we_ke_dispatcher_lock();
    timer = DeviceObject->Timer;
    if (timer != NULL) {
        cpu = timer->timer.cpu;
        if (!we_ke_timer_is_set_locked(&timer->timer)) {
            we_ke_timer_set_locked(&timer->timer, due_ns, SECOND_NS);
        }
    }
    we_ke_dispatcher_unlock();
    if (timer == NULL) {
        report(DeviceObject, "IoStartTimer", "which has no timer");
        return;
    }
    we_host_kick(cpu, due_ns);
}

VOID IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    struct _IO_TIMER *timer;

    WE_NT_ENTRY(IoStopTimer);
    if (!is_device(DeviceObject, "IoStopTimer")) {
        return;
    }
    we_ke_dispatcher_lock();
    timer = DeviceObject->Timer;
    if (timer != NULL) {
        (void)we_ke_timer_cancel_locked(&timer->timer);
    }
    we_ke_dispatcher_unlock();
    if (timer == NULL) {
        report(DeviceObject, "IoStopTimer", "which has no timer");
    }
}

void we_io_timer_delete(PDEVICE_OBJECT device)
{
    struct _IO_TIMER *timer;
    bool was_queued = false;
    bool is_last = false;

    we_ke_dispatcher_lock();
    timer = device->Timer;
    device->Timer = NULL;
    if (timer != NULL) {
        (void)we_ke_timer_cancel_locked(&timer->timer);
        was_queued = we_nt_work_cancel(&timer->work, timer->timer.cpu);
        timer->calls -= was_queued ? 1 : 0;
        timer->is_deleted = true;
        is_last = timer->calls == 0;
    }
    we_ke_dispatcher_unlock();
    if (is_last) {
        we_host_free(timer);
    }
    if (was_queued) {
        we_ob_dereference(device);
    }
}
