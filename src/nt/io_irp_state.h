/* SPDX-License-Identifier: MIT */
/* How the files of the I/O manager read and change the state of an IRP. */
#ifndef WE_IO_IRP_STATE_H
#define WE_IO_IRP_STATE_H

#include "nt/io_irp.h"
#include "nt/nt_block.h"

/* The state byte is read and written relaxed: its owner hands the IRP over through something stronger, and a driver
 * that uses an IRP it does not own shall get a report, not a data race in here. */
static inline UCHAR we_io_irp_flags(const IRP *irp)
{
    return __atomic_load_n(&irp->AllocationFlags, __ATOMIC_RELAXED);
}

static inline void we_io_irp_set_state(PIRP irp, enum we_io_irp_state state)
{
    UCHAR flags = (UCHAR)((we_io_irp_flags(irp) & ~(UCHAR)WE_IRP_STATE_MASK) | (UCHAR)state);

    __atomic_store_n(&irp->AllocationFlags, flags, __ATOMIC_RELAXED);
}

/* True when irp points to something that is an IRP now. */
bool we_io_irp_is_live(const IRP *irp);
/* True when nobody's location is current: the IRP is with its creator, who reserved none for itself. */
static inline bool we_io_irp_is_at_top(const IRP *irp)
{
    return irp->CurrentLocation > irp->StackCount;
}
/* The header of an IRP that IoAllocateIrp made, else NULL. */
struct we_nt_block *we_io_irp_block(const IRP *irp);
/* Steps up / down by one location. */
static inline void we_io_irp_step_up(PIRP irp)
{
    irp->CurrentLocation++;
    irp->Tail.Overlay.CurrentStackLocation++;
}
static inline void we_io_irp_step_down(PIRP irp)
{
    irp->CurrentLocation--;
    irp->Tail.Overlay.CurrentStackLocation--;
}
/* Constant text for reports. */
const char *we_io_irp_state_text(const IRP *irp);

#define WE_IO_INVOKE_ALL (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL)

#endif
