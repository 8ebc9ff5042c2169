/* SPDX-License-Identifier: MIT */
/* Memory and requests that vanish at the first moment at which the documentation allows it. */
#include "brief.h"

#include <stdlib.h>
#include <string.h>

/* --- memory that vanishes --------------------------------------------------------------------- */

void *brief_alloc(SIZE_T size)
{
    void *memory = malloc(size);

    assert_non_null(memory);
    memset(memory, 0xcc, size);
    return memory;
}

void *brief_copy(const void *from, SIZE_T size)
{
    return memcpy(brief_alloc(size), from, size);
}

void brief_vanish(void *memory, SIZE_T size)
{
    memset(memory, 0xee, size);
    free(memory);
}

/* --- requests whose IRP vanishes -------------------------------------------------------------- */

static void irp_vanish(enum irp_home home, PIRP irp)
{
    if (home == IRP_EMBEDDED) {
        brief_vanish(irp, IoSizeOfIrp(1));
    } else {
        IoFreeIrp(irp);
    }
}

static NTSTATUS NTAPI brief_completed(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    struct brief_request *request = Context;

    UNREFERENCED_PARAMETER(DeviceObject);
    request->result = Irp->IoStatus;
    request->is_pending_returned = Irp->PendingReturned;
    InterlockedIncrement(&request->completion_count);
    if (request->mdl != NULL) {
        MmUnlockPages(request->mdl);
        IoFreeMdl(request->mdl);
    }
    for (unsigned index = 0; index < request->lent_count; index++) {
        if (index == 0) {
            request->kept = brief_copy(request->lent[0].memory, request->lent[0].size);
        }
        brief_vanish(request->lent[index].memory, request->lent[index].size);
    }
    irp_vanish(request->home, Irp);
    KeSetEvent(&request->done, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

PIRP brief_begin(struct brief_request *request, enum irp_home home)
{
    PIRP irp;

    memset(request, 0, sizeof(*request));
    KeInitializeEvent(&request->done, NotificationEvent, FALSE);
    request->home = home;
    if (home == IRP_EMBEDDED) {
        irp = brief_alloc(IoSizeOfIrp(1));
        IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
    } else {
        irp = IoAllocateIrp(home == IRP_WITH_ROOM ? 3 : 1, FALSE);
    }
    IoSetCompletionRoutine(irp, brief_completed, request, TRUE, TRUE, TRUE);
    return irp;
}

void *brief_lend(struct brief_request *request, SIZE_T size)
{
    void *memory = brief_alloc(size);

    request->lent[request->lent_count].memory = memory;
    request->lent[request->lent_count].size = size;
    request->lent_count++;
    return memory;
}

WSK_BUF *brief_buffer(struct brief_request *request, const void *bytes, SIZE_T length)
{
    WSK_BUF buffer = { NULL, 0, 0 };
    void *memory = brief_lend(request, length);

    if (bytes != NULL) {
        memcpy(memory, bytes, length);
    }
    buffer_init(&buffer, memory, length);
    request->mdl = buffer.Mdl;
    return brief_copy(&buffer, sizeof(buffer));
}

NTSTATUS brief_wait(struct brief_request *request, NTSTATUS returned)
{
    assert_int_equal(KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_int_equal(request->completion_count, 1);
    assert_int_equal(request->is_pending_returned != FALSE, returned == STATUS_PENDING);
    if (returned != STATUS_PENDING) {
        assert_int_equal(request->result.Status, returned);
    }
    free(request->kept);
    request->kept = NULL;
    return request->result.Status;
}

NTSTATUS brief_wait_and_compare(struct brief_request *request, NTSTATUS returned, const void *expected, SIZE_T size)
{
    assert_int_equal(KeWaitForSingleObject(&request->done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    assert_non_null(request->kept);
    assert_memory_equal(request->kept, expected, size);
    return brief_wait(request, returned);
}
