/* SPDX-License-Identifier: MIT */
/* Objects that drivers hold by pointer or handle: a counted header in front of the body. */
#ifndef WE_OB_OBJECT_H
#define WE_OB_OBJECT_H

#include <stdbool.h>

#include <wdm.h>

#include "vrf/vrf_ledger.h"

enum we_ob_type { WE_OB_THREAD, WE_OB_DRIVER, WE_OB_DEVICE, WE_OB_FILE, WE_OB_KEY, WE_OB_CALLBACK };

struct we_ob_header {
    _Alignas(16) struct we_vrf_entry entry; /* kind WE_KIND_OBJECT, address = body */
    enum we_ob_type type;
    LONG reference_count; /* atomic */
    LONG handle_count;    /* atomic */
    void (*destroy)(void *body);
    void (*closed)(void *body); /* see we_ob_set_closed; NULL: nobody */
};

/* Returns a zeroed, 16-byte aligned body with one reference, or NULL. destroy is called at the last dereference,
 * before the memory is freed; may be NULL. */
void *we_ob_create(enum we_ob_type type, size_t size_bytes, void (*destroy)(void *body), const char *note);
/* The header of a live object, or NULL. body must be NULL or readable with room for a header in front. */
struct we_ob_header *we_ob_find(const void *body);
/* True for the body of a live object of this type. */
bool we_ob_is(const void *body, enum we_ob_type type);
void we_ob_reference(void *body);
void we_ob_dereference(void *body);
/* closed is called when the last handle is closed, at PASSIVE_LEVEL without a lock; and destroy from now on at
 * PASSIVE_LEVEL only, by a worker where the last reference is dropped above. Before the object is shared. */
void we_ob_set_closed(void *body, void (*closed)(void *body));
/* Destroys what waits for a worker now, on the calling thread. PASSIVE_LEVEL, no lock held. */
void we_ob_destroy_deferred(void);
/* A new handle to the object (takes a reference), or NULL. */
HANDLE we_ob_handle_create(void *body);
/* The object of this type behind an open handle, with a new reference. STATUS_INVALID_HANDLE (reported, function names
 * the caller); STATUS_OBJECT_TYPE_MISMATCH. */
NTSTATUS we_ob_handle_open(const char *function, HANDLE handle, enum we_ob_type type, void **body);
/* Closes a handle. False: it is not open. PASSIVE_LEVEL, no lock held. */
bool we_ob_handle_close(HANDLE handle);
void we_ob_start(void);
/* Reports handles (THREAD-003 / UNL-015) and objects that are still referenced (UNL-016), frees them. */
void we_ob_stop(void);

#endif
