/* SPDX-License-Identifier: MIT */
/* Registered network modules: clients and providers, their handles, and what keeps them. */
#ifndef WE_NMR_MODULE_H
#define WE_NMR_MODULE_H

#include <netioddk.h>

#include "base/base_idmap.h"
#include "base/base_list.h"
#include "nt/nmr_fsm.h"
#include "vrf/vrf_ledger.h"

/* What a handle of the registrar can stand for. */
enum we_nmr_object { WE_NMR_OBJECT_CLIENT, WE_NMR_OBJECT_PROVIDER, WE_NMR_OBJECT_BINDING };

struct we_nmr_module {
    enum we_nmr_object object; /* first: handles lead here */
    enum we_nmr_side side;
    we_base_id id;                /* its handle; 0: built in, nobody has one */
    struct we_vrf_entry entry;    /* WE_KIND_NMR_MODULE, address = the handle; not for a built-in one */
    struct we_base_list link;     /* all modules, in the order of registration */
    uint64_t serial;              /* that order as a number, from 1 */
    struct we_base_list bindings; /* struct we_nmr_binding, by links[side] */
    PVOID context;
    const void *characteristics; /* the driver's, whose registration instance the other side is shown */
    union {
        NPI_CLIENT_CHARACTERISTICS client;
        NPI_PROVIDER_CHARACTERISTICS provider;
    } copy; /* what is called, and how changes are noticed */
    NPIID npi_id;
    NPI_MODULEID module_id;
    ULONG hold_count; /* bindings, and calls that are executing: the deregistration is over when it is 0 */
    ULONG waiter_count;
    bool is_deregistering;
    bool is_waited_for; /* a wait has seen the end: all that a driver owes is done */
    KEVENT done;        /* set when the deregistration is over */
};

/* --- the registrar's lock (WE_RANK_REGISTRATION): guards all modules and bindings ----------------- */

void we_nmr_lock(void);
void we_nmr_unlock(void);

/* --- handles; lock held --------------------------------------------------------------------------- */

/* False when memory is short. */
WE_MUST_USE bool we_nmr_handle_add(we_base_id *id, enum we_nmr_object *object);
void we_nmr_handle_remove(we_base_id id);
/* The object's first member, or NULL for a handle that is none of this kind. */
enum we_nmr_object *we_nmr_handle_find(HANDLE handle, enum we_nmr_object object);
static inline HANDLE we_nmr_handle(we_base_id id)
{
    return (HANDLE)(ULONG_PTR)id;
}

/* --- modules -------------------------------------------------------------------------------------- */

/* Lists a module and gives it a handle, with a hold for the caller. characteristics were checked. NULL when memory is
 * short. No lock. */
struct we_nmr_module *we_nmr_module_create(enum we_nmr_side side, const void *characteristics, PVOID context);
/* Lists a module of the library itself, without a handle and a ledger entry: it allocates nothing, cannot fail, and
 * stays for the life of the process. The module is zeroed, or was added before. */
void we_nmr_module_add_builtin(struct we_nmr_module *module, const NPI_PROVIDER_CHARACTERISTICS *characteristics);
/* The module of a handle; lock held. */
struct we_nmr_module *we_nmr_module_find(HANDLE handle, enum we_nmr_side side);
/* What the other side is shown. Reports a driver that has changed it (NPI-019), and falls back to what it was. No lock;
 * the caller has a hold. */
PNPI_REGISTRATION_INSTANCE we_nmr_module_instance(struct we_nmr_module *module);
/* The next older module of the other side with the same interface, or NULL: with *serial = 0 first, which the answer
 * then is. Lock held. */
struct we_nmr_module *we_nmr_module_next_match(const struct we_nmr_module *module, uint64_t *serial);
/* Drops a hold; true when that ended the deregistration: the caller then sets done, without the lock, and touches the
 * module no more. Lock held. */
WE_MUST_USE bool we_nmr_module_unhold(struct we_nmr_module *module);
/* Takes it off the list and its handle away. Lock held. */
void we_nmr_module_withdraw(struct we_nmr_module *module);
/* Frees a withdrawn one; not a built-in one. No lock. */
void we_nmr_module_destroy(struct we_nmr_module *module);
/* Calls fn for every module, oldest first; lock held. fn may withdraw the one that it is given. */
void we_nmr_module_each(void (*fn)(struct we_nmr_module *module, void *context), void *context);
/* Forgets every handle (stop). */
void we_nmr_module_stop(void);

#endif
