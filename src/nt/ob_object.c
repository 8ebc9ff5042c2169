/* SPDX-License-Identifier: MIT */
/* Objects that drivers hold by pointer or by handle: references, the handle table, and what is left at the end. */
/* The functions themselves are defined here, not the macros that cast their arguments. */
#define WSK_EMU_NO_CAST_MACROS
#include "nt/ob_object.h"

#include <string.h>

#include "base/base_assert.h"
#include "host/host_lock.h"
#include "host/host_mem.h"
#include "nt/ex_worker.h"
#include "nt/ke_dispatcher.h"
#include "nt/nt_asan.h"
#include "nt/nt_block.h"
#include "nt/nt_irql.h"
#include "nt/nt_thread.h"
#include "nt/ob_types.h"

/* Design
 *
 * The reference count is atomic. Whoever brings it to zero destroys the object; a reference from zero is a driver's
 * mistake. A header knows its body's address, so a pointer that is not one of ours, or not any more, is recognised.
 *
 * Handles are small multiples of four, as on Windows, so that one which is used as a pointer is told from an object. They
 * are given out in turn and not again before all others were, so that a closed handle is told from a newer one. The
 * ledger, in which every open handle stands, is the table. Every handle holds a reference.
 */

WE_STATIC_ASSERT(sizeof(struct we_ob_header) % 16 == 0, "the body behind the header must be 16-byte aligned");

#define SMALL_HANDLES_MAX ((uintptr_t)0x3fff) /* times four is below the lowest address of any object */

struct ob_handle {
    struct we_vrf_entry entry; /* address = the handle's value */
    void *body;
};

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_OBJECT);
static uintptr_t s_last_handle;        /* guarded by s_lock */
static uintptr_t s_large_handle_count; /* guarded by s_lock */

/* Objects whose end has to wait for a worker. */
static struct we_base_list s_deferred = WE_BASE_LIST_INIT(s_deferred); /* guarded by s_lock */
static WORK_QUEUE_ITEM s_deferred_item;

static struct _OBJECT_TYPE s_thread_type = { WE_OB_THREAD };
static POBJECT_TYPE s_thread_type_pointer = &s_thread_type;
POBJECT_TYPE *PsThreadType = &s_thread_type_pointer;

static const char *type_name(enum we_ob_type type)
{
    switch (type) {
    case WE_OB_THREAD:
        return "thread";
    case WE_OB_DRIVER:
        return "driver object";
    case WE_OB_DEVICE:
        return "device object";
    case WE_OB_FILE:
        return "file object";
    case WE_OB_KEY:
        return "registry key";
    case WE_OB_CALLBACK:
        return "callback object";
    default:
        return "object";
    }
}

/* --- objects ------------------------------------------------------------------------------ */

void *we_ob_create(enum we_ob_type type, size_t size_bytes, void (*destroy)(void *body), const char *note)
{
    struct we_ob_header *header = (struct we_ob_header *)we_host_alloc(sizeof(*header) + size_bytes);

    if (header == NULL) {
        return NULL;
    }
    memset(header, 0, sizeof(*header) + size_bytes);
    header->type = type;
    header->reference_count = 1;
    header->destroy = destroy;
    we_vrf_ledger_add(&header->entry, WE_KIND_OBJECT, header + 1, size_bytes, 0, note != NULL ? note : type_name(type));
    return header + 1;
}

struct we_ob_header *we_ob_find(const void *body)
{
    struct we_ob_header *header;

    if (body == NULL || (uintptr_t)body % 16 != 0) {
        return NULL;
    }
    header = (struct we_ob_header *)(uintptr_t)body - 1;
    if (we_nt_asan_is_poisoned(header, sizeof(*header) + 1)) {
        return NULL;
    }
    if (header->entry.address != body || header->entry.kind != WE_KIND_OBJECT) {
        return NULL;
    }
    return header;
}

bool we_ob_is(const void *body, enum we_ob_type type)
{
    const struct we_ob_header *header = we_ob_find(body);

    return header != NULL && header->type == type;
}

static void object_destroy(struct we_ob_header *header)
{
    if (header->destroy != NULL) {
        header->destroy(header + 1);
    }
    header->entry.address = NULL;
    we_nt_retire(header);
}

static struct we_ob_header *deferred_pop(void)
{
    struct we_base_list *link;

    we_host_mutex_lock(&s_lock);
    link = we_base_list_pop(&s_deferred);
    we_host_mutex_unlock(&s_lock);
    return link != NULL ? WE_BASE_LIST_ITEM(link, struct we_ob_header, entry.link) : NULL;
}

void we_ob_destroy_deferred(void)
{
    struct we_ob_header *header;

    while ((header = deferred_pop()) != NULL) {
        object_destroy(header);
    }
}

static VOID deferred_routine(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    we_ob_destroy_deferred();
}

/* The ledger's link is free: the object is not in it any more. */
static void object_defer(struct we_ob_header *header)
{
    we_host_mutex_lock(&s_lock);
    we_base_list_append(&s_deferred, &header->entry.link);
    we_host_mutex_unlock(&s_lock);
    (void)we_ex_worker_queue(&s_deferred_item, NULL); /* queued already: then it will find this one, too */
}

static void object_free(struct we_ob_header *header)
{
    we_vrf_ledger_remove(&header->entry);
    if (header->closed != NULL && we_nt_irql_current() > PASSIVE_LEVEL) {
        object_defer(header);
    } else {
        object_destroy(header);
    }
}

/* Adds delta to the count unless that would come from or lead below zero. Returns the new count, or -1. */
static LONG count_change(struct we_ob_header *header, LONG delta)
{
    LONG count = __atomic_load_n(&header->reference_count, __ATOMIC_SEQ_CST);

    do {
        if (count <= 0) {
            return -1;
        }
    } while (!__atomic_compare_exchange_n(&header->reference_count, &count, count + delta, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
    return count + delta;
}

void we_ob_set_closed(void *body, void (*closed)(void *body))
{
    ((struct we_ob_header *)body - 1)->closed = closed;
}

void we_ob_reference(void *body)
{
    LONG count = count_change((struct we_ob_header *)body - 1, 1);

    WE_ASSERT(count > 1);
}

void we_ob_dereference(void *body)
{
    struct we_ob_header *header = (struct we_ob_header *)body - 1;
    LONG count = count_change(header, -1);

    WE_ASSERT(count >= 0);
    if (count == 0) {
        object_free(header);
    }
}

/* Threads that we did not make (the test's, the processors') have a record, but no object around it: they live as
 * long as anybody could refer to them. */
static bool is_bare_thread(const void *body)
{
    const struct we_nt_thread *thread = (const struct we_nt_thread *)body;

    return body != NULL && !we_nt_asan_is_poisoned(body, sizeof(*thread)) && thread->header.Type == WE_KE_THREAD &&
           !thread->is_system && !thread->is_worker;
}

static void report_dead_object(const char *function, const void *body)
{
    struct we_nt_view view;

    (void)we_vrf_report(WE_RULE_OBJ_001, we_nt_view_make(&view, WE_KIND_OBJECT, body),
                        "%s was called for %p, which is not a live object", function, body);
}

LONG_PTR ObfReferenceObject(PVOID Object)
{
    struct we_ob_header *header;
    LONG count;

    WE_NT_ENTRY(ObfReferenceObject);
    if (is_bare_thread(Object)) {
        return 1;
    }
    header = we_ob_find(Object);
    count = header != NULL ? count_change(header, 1) : -1;
    if (count < 0) {
        report_dead_object("ObReferenceObject", Object);
        return 0;
    }
    return count;
}

static LONG_PTR object_dereference(const char *function, PVOID object)
{
    struct we_ob_header *header;
    LONG count;

    if (is_bare_thread(object)) {
        return 1;
    }
    header = we_ob_find(object);
    count = header != NULL ? count_change(header, -1) : -1;
    if (count < 0) {
        report_dead_object(function, object);
        return 0;
    }
    if (count == 0) {
        object_free(header);
    }
    return count;
}

LONG_PTR ObfDereferenceObject(PVOID Object)
{
    WE_NT_ENTRY(ObfDereferenceObject);
    return object_dereference("ObDereferenceObject", Object);
}

VOID ObDereferenceObjectDeferDelete(PVOID Object)
{
    WE_NT_ENTRY(ObDereferenceObjectDeferDelete);
    (void)object_dereference("ObDereferenceObjectDeferDelete", Object);
}

NTSTATUS ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                    KPROCESSOR_MODE AccessMode)
{
    struct we_ob_header *header;

    WE_NT_ENTRY(ObReferenceObjectByPointer);
    UNREFERENCED_PARAMETER(DesiredAccess);
    UNREFERENCED_PARAMETER(AccessMode);
    if (is_bare_thread(Object)) {
        return ObjectType == NULL || ObjectType == *PsThreadType ? STATUS_SUCCESS : STATUS_OBJECT_TYPE_MISMATCH;
    }
    header = we_ob_find(Object);
    if (header != NULL && ObjectType != NULL && ObjectType->type != header->type) {
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (header == NULL || count_change(header, 1) < 0) {
        report_dead_object("ObReferenceObjectByPointer", Object);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* --- handles ------------------------------------------------------------------------------ */

/* The record of an open handle, or NULL. The two low bits are the caller's, as on Windows. */
static struct ob_handle *handle_find_locked(HANDLE handle)
{
    HANDLE value = (HANDLE)((uintptr_t)handle & ~(uintptr_t)3);
    struct we_vrf_entry *entry = we_vrf_ledger_find(WE_KIND_HANDLE, value);

    return entry != NULL ? WE_CONTAINER(entry, struct ob_handle, entry) : NULL;
}

/* A value that no open handle has. */
static HANDLE handle_choose_locked(void)
{
    uintptr_t tries;

    for (tries = 0; tries < SMALL_HANDLES_MAX; tries++) {
        s_last_handle = s_last_handle % SMALL_HANDLES_MAX + 1;
        if (handle_find_locked((HANDLE)(s_last_handle * 4)) == NULL) {
            return (HANDLE)(s_last_handle * 4);
        }
    }
    return (HANDLE)((SMALL_HANDLES_MAX + ++s_large_handle_count) * 4);
}

HANDLE we_ob_handle_create(void *body)
{
    struct ob_handle *record = (struct ob_handle *)we_host_alloc(sizeof(*record));
    HANDLE handle;

    if (record == NULL) {
        return NULL;
    }
    record->body = body;
    we_ob_reference(body);
    __atomic_add_fetch(&((struct we_ob_header *)body - 1)->handle_count, 1, __ATOMIC_RELAXED);
    we_host_mutex_lock(&s_lock);
    handle = handle_choose_locked();
    we_vrf_ledger_add(&record->entry, WE_KIND_HANDLE, handle, 0, 0, type_name(((struct we_ob_header *)body - 1)->type));
    we_host_mutex_unlock(&s_lock);
    return handle;
}

/* The record is off the ledger. */
static void handle_free(struct ob_handle *record)
{
    struct we_ob_header *header = (struct we_ob_header *)record->body - 1;

    if (__atomic_sub_fetch(&header->handle_count, 1, __ATOMIC_ACQ_REL) == 0 && header->closed != NULL) {
        header->closed(record->body);
    }
    we_ob_dereference(record->body);
    we_host_free(record);
}

static void report_bad_handle(const char *function, HANDLE handle)
{
    struct we_nt_view view;

    (void)we_vrf_report(WE_RULE_OBJ_002, we_nt_view_make(&view, WE_KIND_HANDLE, handle),
                        "%s was called with %p, which is not an open handle", function, handle);
}

bool we_ob_handle_close(HANDLE handle)
{
    struct ob_handle *record;

    we_host_mutex_lock(&s_lock);
    record = handle_find_locked(handle);
    if (record != NULL) {
        we_vrf_ledger_remove(&record->entry);
    }
    we_host_mutex_unlock(&s_lock);
    if (record != NULL) {
        handle_free(record);
    }
    return record != NULL;
}

NTSTATUS ZwClose(HANDLE Handle)
{
    WE_NT_ENTRY(ZwClose);
    if (!we_ob_handle_close(Handle)) {
        report_bad_handle("ZwClose", Handle);
        return STATUS_INVALID_HANDLE;
    }
    return STATUS_SUCCESS;
}

/* The object behind a handle with a new reference, or NULL. */
static struct we_ob_header *handle_reference(HANDLE handle)
{
    struct we_ob_header *header = NULL;
    struct ob_handle *record;

    we_host_mutex_lock(&s_lock);
    record = handle_find_locked(handle);
    if (record != NULL) {
        header = (struct we_ob_header *)record->body - 1;
        we_ob_reference(record->body);
    }
    we_host_mutex_unlock(&s_lock);
    return header;
}

NTSTATUS we_ob_handle_open(const char *function, HANDLE handle, enum we_ob_type type, void **body)
{
    struct we_ob_header *header = handle_reference(handle);

    *body = NULL;
    if (header == NULL) {
        report_bad_handle(function, handle);
        return STATUS_INVALID_HANDLE;
    }
    if (header->type != type) {
        we_ob_dereference(header + 1);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *body = header + 1;
    return STATUS_SUCCESS;
}

NTSTATUS ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                   KPROCESSOR_MODE AccessMode, PVOID *Object,
                                   POBJECT_HANDLE_INFORMATION HandleInformation)
{
    struct we_ob_header *header;

    WE_NT_ENTRY(ObReferenceObjectByHandle);
    *Object = NULL;
    header = handle_reference(Handle);
    if (header == NULL) {
        report_bad_handle("ObReferenceObjectByHandle", Handle);
        return STATUS_INVALID_HANDLE;
    }
    if (header->type == WE_OB_THREAD && ObjectType == NULL && AccessMode == UserMode) {
        (void)we_vrf_report_entry(WE_RULE_THREAD_004, &header->entry,
                                  "ObReferenceObjectByHandle for the thread handle %p names no type and UserMode",
                                  Handle);
    }
    if (ObjectType != NULL && ObjectType->type != header->type) {
        we_ob_dereference(header + 1);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    if (HandleInformation != NULL) {
        HandleInformation->HandleAttributes = OBJ_KERNEL_HANDLE;
        HandleInformation->GrantedAccess = DesiredAccess;
    }
    *Object = header + 1;
    return STATUS_SUCCESS;
}

/* --- start and stop ------------------------------------------------------------------------ */

void we_ob_start(void)
{
    s_last_handle = 0;
    s_large_handle_count = 0;
    ExInitializeWorkItem(&s_deferred_item, deferred_routine, NULL);
}

static void report_handle_leak(struct we_vrf_entry *entry, void *context)
{
    struct ob_handle *record = WE_CONTAINER(entry, struct ob_handle, entry);
    enum we_ob_type type = ((struct we_ob_header *)record->body - 1)->type;

    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(type == WE_OB_THREAD ? WE_RULE_THREAD_003 : WE_RULE_UNL_015, entry,
                              "the handle %p of a %s was never closed", entry->address, type_name(type));
    we_vrf_ledger_remove(entry);
    handle_free(record);
}

static void report_object_leak(struct we_vrf_entry *entry, void *context)
{
    struct we_ob_header *header = WE_CONTAINER(entry, struct we_ob_header, entry);

    UNREFERENCED_PARAMETER(context);
    (void)we_vrf_report_entry(WE_RULE_UNL_016, entry, "%d reference(s) to the %s %p were never dropped",
                              (int)header->reference_count, type_name(header->type), entry->address);
    object_free(header);
}

void we_ob_stop(void)
{
    we_ob_destroy_deferred(); /* what no worker came to */
    we_vrf_ledger_each(WE_KIND_HANDLE, report_handle_leak, NULL);
    we_vrf_ledger_each(WE_KIND_OBJECT, report_object_leak, NULL);
}
