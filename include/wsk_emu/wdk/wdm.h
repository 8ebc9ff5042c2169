/* SPDX-License-Identifier: MIT */
/* The kernel interface for drivers, put together from one header per subsystem. */
#ifndef WSK_EMU_WDK_WDM_H
#define WSK_EMU_WDK_WDM_H

#include "ntdef.h"

#include "bugcodes.h"
#include "excpt.h"
#include "ntstatus.h"

#include "wsk_emu_wdk/base.h"
#include "wsk_emu_wdk/cm.h"
#include "wsk_emu_wdk/crt.h"
#include "wsk_emu_wdk/dbg.h"
#include "wsk_emu_wdk/etw.h"
#include "wsk_emu_wdk/ex.h"
#include "wsk_emu_wdk/ex_callback.h"
#include "wsk_emu_wdk/ex_lock.h"
#include "wsk_emu_wdk/ex_timer.h"
#include "wsk_emu_wdk/interlocked.h"
#include "wsk_emu_wdk/intrinsics.h"
#include "wsk_emu_wdk/io.h"
#include "wsk_emu_wdk/io_build.h"
#include "wsk_emu_wdk/io_csq.h"
#include "wsk_emu_wdk/io_error_log.h"
#include "wsk_emu_wdk/io_file.h"
#include "wsk_emu_wdk/io_irp.h"
#include "wsk_emu_wdk/io_queue.h"
#include "wsk_emu_wdk/io_remove_lock.h"
#include "wsk_emu_wdk/io_timer.h"
#include "wsk_emu_wdk/irql.h"
#include "wsk_emu_wdk/ke.h"
#include "wsk_emu_wdk/ke_affinity.h"
#include "wsk_emu_wdk/ke_lock.h"
#include "wsk_emu_wdk/ke_time.h"
#include "wsk_emu_wdk/mm.h"
#include "wsk_emu_wdk/ob.h"
#include "wsk_emu_wdk/ps.h"
#include "wsk_emu_wdk/ps_info.h"
#include "wsk_emu_wdk/ps_process.h"
#include "wsk_emu_wdk/rtl.h"
#include "wsk_emu_wdk/rtl_list.h"
#include "wsk_emu_wdk/rtl_misc.h"
#include "wsk_emu_wdk/rtl_registry.h"
#include "wsk_emu_wdk/rtl_table.h"
#include "wsk_emu_wdk/se.h"

#endif
