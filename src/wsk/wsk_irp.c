/* SPDX-License-Identifier: MIT */
/* A socket's queues of client IRPs, and the request that an IRP carries. */
#include "wsk/wsk_irp.h"

#include <stdint.h>
#include <string.h>

#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "host/host_mem.h"
#include "nt/io_irp.h"
#include "nt/ke_cpu.h"
#include "nt/mm_mdl.h"
#include "vrf/vrf_ledger.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Who takes the cancel routine of a queued IRP back owns the IRP. Our own functions take it under the socket's lock
 * and then unlink the IRP. IoCancelIrp takes it without that lock; from then on every function here passes the IRP
 * over and leaves it linked, until the cancel routine has got the socket's lock and unlinks it. An IRP that is looked
 * at under the lock is therefore alive, whoever owns it.
 *
 * The cancel routine is entered with the cancel lock held, whose rank is above the socket's: it releases it first. The
 * IRP keeps the socket alive, through the rundown count that ends only after its completion routine has run.
 */

WE_STATIC_ASSERT(sizeof(struct we_wsk_request) <= sizeof(((PIO_STACK_LOCATION)0)->Parameters),
                 "a request fits into the stack location");

/* DriverContext: [0] and [1] belong to nt_completion.h, where [1] is the socket. */
#define CONTEXT_SOCKET 1
#define CONTEXT_DONE 2
#define CONTEXT_EXTRA 3

struct we_wsk_request *we_wsk_irp_request(PIRP irp)
{
    return (struct we_wsk_request *)(void *)&IoGetCurrentIrpStackLocation(irp)->Parameters;
}

size_t we_wsk_irp_done_bytes(PIRP irp)
{
    return (size_t)(uintptr_t)irp->Tail.Overlay.DriverContext[CONTEXT_DONE];
}

void we_wsk_irp_set_done_bytes(PIRP irp, size_t bytes)
{
    irp->Tail.Overlay.DriverContext[CONTEXT_DONE] = (PVOID)(uintptr_t)bytes;
}

void we_wsk_irp_set_extra(PIRP irp, void *extra)
{
    irp->Tail.Overlay.DriverContext[CONTEXT_EXTRA] = extra;
}

void *we_wsk_irp_extra(PIRP irp)
{
    return irp->Tail.Overlay.DriverContext[CONTEXT_EXTRA];
}

void we_wsk_irp_give_extra(PIRP irp, void *extra)
{
    we_wsk_irp_set_extra(irp, extra);
    we_wsk_irp_request(irp)->owns_extra = true;
}

void we_wsk_irp_drop_extra(PIRP irp)
{
    struct we_wsk_request *request = we_wsk_irp_request(irp);

    if (request->owns_extra) {
        request->owns_extra = false;
        we_host_free(we_wsk_irp_extra(irp));
        we_wsk_irp_set_extra(irp, NULL);
    }
}

void we_wsk_irp_reset(PIRP irp)
{
    memset(we_wsk_irp_request(irp), 0, sizeof(struct we_wsk_request));
    we_wsk_irp_set_done_bytes(irp, 0);
    we_wsk_irp_set_extra(irp, NULL);
}

/* --- the bytes of a request ----------------------------------------------------------------------- */

void we_wsk_irp_set_buffer(PIRP irp, const WSK_BUF *buffer, ULONG flags)
{
    struct we_wsk_request *request = we_wsk_irp_request(irp);

    request->mdl = buffer->Mdl;
    request->mdl_offset = buffer->Offset;
    request->remaining_bytes = buffer->Length;
    request->flags = flags;
}

/* Where an MDL's bytes are. Locked pages of this process can be reached without a mapping of our own, which would have
 * to be undone. The address that an MDL describes is where they are, but for pages without one and parts of such. */
static char *mdl_address(const MDL *mdl)
{
    if ((mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0) {
        return mdl->MappedSystemVa;
    }
    if (mdl->StartVa != NULL && (mdl->MdlFlags & MDL_PARTIAL) == 0) {
        return (char *)mdl->StartVa + mdl->ByteOffset;
    }
    return we_mm_mdl_bytes(mdl);
}

static bool mdl_is_resident(const MDL *mdl)
{
    return (mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)) != 0;
}

/* Whoever unlocks the pages of a pending request lets it read or write memory that may be somebody else's by then. */
static void check_still_resident(struct we_wsk_request *request, const MDL *mdl)
{
    struct we_vrf_object object = { .kind = "MDL", .address = mdl };
    struct we_vrf_entry *entry;

    if (mdl_is_resident(mdl) || (request->flags & WE_WSK_IRP_UNLOCKED) != 0) {
        return;
    }
    request->flags |= WE_WSK_IRP_UNLOCKED;
    entry = we_vrf_ledger_find(WE_KIND_MDL, mdl);
    object.made = entry != NULL ? &entry->made : NULL;
    we_vrf_report(WE_RULE_SOCK_023, &object,
                  "MDL %p is not locked any more (flags 0x%x), but a request that uses it has not completed",
                  (const void *)mdl, (unsigned)mdl->MdlFlags);
}

unsigned we_wsk_irp_iov(PIRP irp, struct we_host_iov *iov, unsigned iov_max)
{
    struct we_wsk_request *request = we_wsk_irp_request(irp);
    PMDL mdl = request->mdl;
    size_t offset = request->mdl_offset;
    size_t remaining_bytes = request->remaining_bytes;
    unsigned count = 0;

    /* The chain was walked to its end by we_wsk_buf_check: it covers the request. */
    while (remaining_bytes > 0 && count < iov_max) {
        size_t part_bytes = mdl->ByteCount - offset;

        if (part_bytes > remaining_bytes) {
            part_bytes = remaining_bytes;
        }
        if (part_bytes > 0) {
            check_still_resident(request, mdl);
            iov[count].base = mdl_address(mdl) + offset;
            iov[count].length_bytes = part_bytes;
            count++;
            remaining_bytes -= part_bytes;
        }
        offset = 0;
        mdl = mdl->Next;
    }
    return count;
}

void we_wsk_irp_advance(PIRP irp, size_t bytes)
{
    struct we_wsk_request *request = we_wsk_irp_request(irp);

    WE_ASSERT(bytes <= request->remaining_bytes);
    if ((request->flags & WE_WSK_IRP_UNCOUNTED) == 0) {
        we_wsk_irp_set_done_bytes(irp, we_wsk_irp_done_bytes(irp) + bytes);
    }
    request->remaining_bytes -= bytes;
    while (bytes > 0) {
        size_t part_bytes = request->mdl->ByteCount - request->mdl_offset;

        if (part_bytes > bytes) {
            request->mdl_offset += bytes;
            return;
        }
        bytes -= part_bytes;
        request->mdl = request->mdl->Next;
        request->mdl_offset = 0;
    }
}

/* The sum of the chain behind buffer->Offset, as far as Length needs it; false with a report when the bytes of an MDL
 * are not in memory that stays where it is. */
static bool chain_is_resident(const WSK_BUF *buffer, const char *function, size_t *available_bytes)
{
    size_t offset = buffer->Offset;
    PMDL mdl;

    *available_bytes = 0;
    for (mdl = buffer->Mdl; mdl != NULL && *available_bytes < buffer->Length; mdl = mdl->Next) {
        if (!mdl_is_resident(mdl)) {
            struct we_vrf_object object = { .kind = "MDL", .address = mdl };

            we_vrf_report(
                WE_RULE_SOCK_023, &object,
                "%s was given an MDL that is neither locked, built for nonpaged pool nor partial (flags 0x%x)",
                function, (unsigned)mdl->MdlFlags);
            return false;
        }
        *available_bytes += mdl->ByteCount - offset;
        offset = 0;
    }
    return true;
}

bool we_wsk_buf_check(const WSK_BUF *buffer, const char *function)
{
    size_t available_bytes;

    if (buffer == NULL) {
        we_vrf_report(WE_RULE_SOCK_022, NULL, "%s was called without a WSK_BUF", function);
        return false;
    }
    if (buffer->Length == 0) {
        return true;
    }
    if (buffer->Mdl == NULL) {
        we_vrf_report(WE_RULE_SOCK_022, NULL, "%s was given a WSK_BUF of %zu bytes without an MDL", function,
                      (size_t)buffer->Length);
        return false;
    }
    /* An empty first MDL, as some drivers' chains begin, has only one offset: 0. */
    if (buffer->Offset >= buffer->Mdl->ByteCount && !(buffer->Offset == 0 && buffer->Mdl->ByteCount == 0)) {
        we_vrf_report(WE_RULE_SOCK_022, NULL,
                      "%s was given a WSK_BUF whose Offset %u is not inside its first MDL of %u bytes", function,
                      (unsigned)buffer->Offset, (unsigned)buffer->Mdl->ByteCount);
        return false;
    }
    if (!chain_is_resident(buffer, function, &available_bytes)) {
        return false;
    }
    if (available_bytes < buffer->Length) {
        we_vrf_report(
            WE_RULE_SOCK_022, NULL,
            "%s was given a WSK_BUF of %zu bytes at Offset %u over an MDL chain that has only %zu bytes there",
            function, (size_t)buffer->Length, (unsigned)buffer->Offset, available_bytes);
        return false;
    }
    return true;
}

/* --- queues --------------------------------------------------------------------------------------- */

static PIRP irp_of_link(LIST_ENTRY *link)
{
    return CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
}

void we_wsk_irp_queue_init(struct we_wsk_irp_queue *queue)
{
    InitializeListHead(&queue->irps);
}

bool we_wsk_irp_queue_is_empty_locked(const struct we_wsk_irp_queue *queue)
{
    return queue->irps.Flink == &queue->irps;
}

/* Ours, not the driver's: IoCancelIrp calls it with the cancel lock held. */
static VOID NTAPI irp_cancelled(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_wsk_socket *socket = Irp->Tail.Overlay.DriverContext[CONTEXT_SOCKET];
    struct we_nt_completions completions;
    struct we_nt_section section;

    (void)DeviceObject;
    IoReleaseCancelSpinLock(Irp->CancelIrql);

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, socket->cpu);
    we_host_mutex_lock(&socket->lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    we_wsk_irp_drop_extra(Irp);
    we_nt_completions_add(&completions, Irp, STATUS_CANCELLED, we_wsk_irp_done_bytes(Irp));
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_nt_section_leave(&section);
}

/* The same for requests with a function of their own. */
static VOID NTAPI irp_cancelled_with(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    struct we_wsk_socket *socket = Irp->Tail.Overlay.DriverContext[CONTEXT_SOCKET];
    we_wsk_irp_cancelled_fn cancelled_locked = (we_wsk_irp_cancelled_fn)(uintptr_t)we_wsk_irp_extra(Irp);
    struct we_nt_completions completions;
    struct we_nt_section section;

    (void)DeviceObject;
    IoReleaseCancelSpinLock(Irp->CancelIrql);

    we_nt_completions_init(&completions);
    we_nt_section_enter(&section, socket->cpu);
    we_wsk_rundown_ref(socket);
    we_host_mutex_lock(&socket->lock);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    cancelled_locked(socket, Irp, &completions);
    we_host_mutex_unlock(&socket->lock);
    we_nt_completions_run(&completions);
    we_wsk_rundown_release(socket);
    we_nt_section_leave(&section);
}

static bool queue_insert_locked(struct we_wsk_irp_queue *queue, struct we_wsk_socket *socket, PIRP irp,
                                PDRIVER_CANCEL cancelled)
{
    WE_ASSERT(irp->Tail.Overlay.DriverContext[CONTEXT_SOCKET] == socket);
    InsertTailList(&queue->irps, &irp->Tail.Overlay.ListEntry);
    if (!we_io_irp_set_cancel(irp, cancelled)) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        return false;
    }
    return true;
}

bool we_wsk_irp_queue_insert_locked(struct we_wsk_irp_queue *queue, struct we_wsk_socket *socket, PIRP irp)
{
    return queue_insert_locked(queue, socket, irp, irp_cancelled);
}

bool we_wsk_irp_queue_insert_with_locked(struct we_wsk_irp_queue *queue, struct we_wsk_socket *socket, PIRP irp,
                                         we_wsk_irp_cancelled_fn cancelled_locked)
{
    we_wsk_irp_set_extra(irp, (void *)(uintptr_t)cancelled_locked);
    return queue_insert_locked(queue, socket, irp, irp_cancelled_with);
}

PIRP we_wsk_irp_queue_first_locked(struct we_wsk_irp_queue *queue)
{
    LIST_ENTRY *link;

    for (link = queue->irps.Flink; link != &queue->irps; link = link->Flink) {
        PIRP irp = irp_of_link(link);

        /* Relaxed: a cancel that happens now is seen here or by we_wsk_irp_queue_remove_locked, it does not matter
         * where. */
        if (__atomic_load_n(&irp->CancelRoutine, __ATOMIC_RELAXED) != NULL) {
            return irp;
        }
    }
    return NULL;
}

bool we_wsk_irp_queue_remove_locked(struct we_wsk_irp_queue *queue, PIRP irp)
{
    (void)queue;
    if (!we_io_irp_clear_cancel(irp)) {
        return false;
    }
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    return true;
}

PIRP we_wsk_irp_queue_pop_locked(struct we_wsk_irp_queue *queue)
{
    LIST_ENTRY *link;

    for (link = queue->irps.Flink; link != &queue->irps; link = link->Flink) {
        PIRP irp = irp_of_link(link);

        if (we_wsk_irp_queue_remove_locked(queue, irp)) {
            return irp;
        }
    }
    return NULL;
}

void we_wsk_irp_queue_flush_locked(struct we_wsk_irp_queue *queue, struct we_nt_completions *completions,
                                   NTSTATUS status)
{
    PIRP irp;

    while ((irp = we_wsk_irp_queue_pop_locked(queue)) != NULL) {
        we_wsk_irp_drop_extra(irp);
        we_nt_completions_add(completions, irp, status, we_wsk_irp_done_bytes(irp));
    }
}
