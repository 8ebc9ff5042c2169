/* SPDX-License-Identifier: MIT */
/* Memory and requests that vanish at the first moment at which the documentation allows it. */
#ifndef WE_TEST_BRIEF_H
#define WE_TEST_BRIEF_H

#include "wsk_fixture.h"

/* Exactly as large as asked, so that the address sanitizer sees the byte behind it. */
void *brief_alloc(SIZE_T size);
void *brief_copy(const void *from, SIZE_T size);
/* Overwrites the memory, then frees it. */
void brief_vanish(void *memory, SIZE_T size);

/* --- requests whose IRP vanishes in its completion routine --------------------------------------- */

/* Where the IRP of a brief request lives. */
enum irp_home { IRP_ALLOCATED, IRP_EMBEDDED, IRP_WITH_ROOM };

/* What the completion routine takes away besides the IRP, and what it saw. */
struct brief_request {
    KEVENT done;
    volatile LONG completion_count;
    IO_STATUS_BLOCK result;
    BOOLEAN is_pending_returned;
    enum irp_home home;
    struct {
        void *memory;
        SIZE_T size;
    } lent[6];
    unsigned lent_count;
    PMDL mdl;
    void *kept; /* a copy of the first lent memory, made before it vanished */
};

/* An IRP for one call. */
PIRP brief_begin(struct brief_request *request, enum irp_home home);
/* Memory that the completion routine takes away; of the first one it keeps a copy. */
void *brief_lend(struct brief_request *request, SIZE_T size);
/* A WSK_BUF over such memory, whose MDL goes, too. The structure itself is the caller's, to vanish with the call.
 * bytes NULL: not filled. */
WSK_BUF *brief_buffer(struct brief_request *request, const void *bytes, SIZE_T length);
/* Waits, and judges the completion by what the call returned. Returns the final status. */
NTSTATUS brief_wait(struct brief_request *request, NTSTATUS returned);
/* The same, and the copy of the first lent memory is compared. */
NTSTATUS brief_wait_and_compare(struct brief_request *request, NTSTATUS returned, const void *expected, SIZE_T size);

/* Evaluates call (an expression that uses irp) and waits. */
#define BRIEF_CALL(status, home, information, irp, call)         \
    do {                                                         \
        struct brief_request brief_;                             \
        PIRP irp = brief_begin(&brief_, home);                   \
        NTSTATUS returned_ = (call);                             \
        (status) = brief_wait(&brief_, returned_);               \
        *(information) = (ULONG_PTR)(brief_.result.Information); \
    } while (0)

#endif
