/* SPDX-License-Identifier: MIT */
/* Small types and constants that several kernel subsystems share. */
#ifndef WSK_EMU_WDK_BASE_H
#define WSK_EMU_WDK_BASE_H

#include "../ntdef.h"
#include "../ntstatus.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef LONG KPRIORITY;
typedef CCHAR KPROCESSOR_MODE;

typedef enum _MODE { KernelMode, UserMode, MaximumMode } MODE;

typedef ULONG ACCESS_MASK, *PACCESS_MASK;
typedef PVOID PSECURITY_DESCRIPTOR;
typedef PVOID PACCESS_TOKEN;
typedef PVOID PSID;
typedef ULONG SECURITY_INFORMATION, *PSECURITY_INFORMATION;

/*
 * Opaque objects.
 */
typedef struct _KTHREAD KTHREAD, ETHREAD;
/* One type for both views of a process, and one for both of a thread, as in ntifs.h. */
typedef struct _EPROCESS EPROCESS, KPROCESS;
typedef struct _KTHREAD *PKTHREAD, *PETHREAD, *RESTRICTED_POINTER PRKTHREAD;
typedef struct _EPROCESS *PEPROCESS, *PKPROCESS, *RESTRICTED_POINTER PRKPROCESS;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _ACCESS_STATE ACCESS_STATE, *PACCESS_STATE;
typedef struct _CONTEXT CONTEXT, *PCONTEXT;

typedef struct _IRP IRP;
typedef struct _IRP *PIRP;
typedef struct _MDL MDL;
typedef struct _MDL *PMDL, *PMDLX;
typedef struct _DEVICE_OBJECT *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT *PDRIVER_OBJECT;
typedef struct _FILE_OBJECT *PFILE_OBJECT;

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _IO_STATUS_BLOCK {
    __extension__ union {
        NTSTATUS Status;
        PVOID Pointer;
    };
    ULONG_PTR Information;
} IO_STATUS_BLOCK, *PIO_STATUS_BLOCK;
WSK_EMU_CHECK_SIZE(IO_STATUS_BLOCK, 0x10);

/*
 * Access rights.
 */
#define DELETE                   0x00010000L
#define READ_CONTROL             0x00020000L
#define WRITE_DAC                0x00040000L
#define WRITE_OWNER              0x00080000L
#define SYNCHRONIZE              0x00100000L
#define STANDARD_RIGHTS_REQUIRED 0x000F0000L
#define STANDARD_RIGHTS_READ     READ_CONTROL
#define STANDARD_RIGHTS_WRITE    READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE  READ_CONTROL
#define STANDARD_RIGHTS_ALL      0x001F0000L
#define SPECIFIC_RIGHTS_ALL      0x0000FFFFL
#define ACCESS_SYSTEM_SECURITY   0x01000000L
#define MAXIMUM_ALLOWED          0x02000000L
#define GENERIC_READ             0x80000000U
#define GENERIC_WRITE            0x40000000U
#define GENERIC_EXECUTE          0x20000000U
#define GENERIC_ALL              0x10000000U
#define EVENT_QUERY_STATE        0x0001
#define EVENT_MODIFY_STATE       0x0002
#define EVENT_ALL_ACCESS         (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define THREAD_TERMINATE         0x0001
#define THREAD_SUSPEND_RESUME    0x0002
#define THREAD_ALERT             0x0004
#define THREAD_SET_INFORMATION   0x0020
#define THREAD_QUERY_INFORMATION 0x0040
#define THREAD_ALL_ACCESS        (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

/*
 * Priorities, and the increments that completion routines and events take. The increments have no effect.
 */
#define LOW_PRIORITY          0
#define LOW_REALTIME_PRIORITY 16
#define HIGH_PRIORITY         31
#define MAXIMUM_PRIORITY      32

#define IO_NO_INCREMENT        0
#define IO_CD_ROM_INCREMENT    1
#define IO_DISK_INCREMENT      1
#define IO_NAMED_PIPE_INCREMENT 2
#define IO_NETWORK_INCREMENT   2
#define IO_SERIAL_INCREMENT    2
#define IO_PARALLEL_INCREMENT  1
#define IO_MAILSLOT_INCREMENT  2
#define IO_KEYBOARD_INCREMENT  6
#define IO_MOUSE_INCREMENT     6
#define IO_SOUND_INCREMENT     8
#define IO_VIDEO_INCREMENT     1
#define EVENT_INCREMENT        1
#define SEMAPHORE_INCREMENT    1
#define MUTANT_INCREMENT       1

/*
 * Pages.
 */
#define PAGE_SIZE  0x1000
#define PAGE_SHIFT 12L
#define BYTE_OFFSET(Va) ((ULONG)((ULONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(Va) ((PVOID)((ULONG_PTR)(Va) & ~((ULONG_PTR)PAGE_SIZE - 1)))
#define BYTES_TO_PAGES(Size) (((Size) >> PAGE_SHIFT) + (((Size) & (PAGE_SIZE - 1)) != 0))
#define ROUND_TO_PAGES(Size) (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~((ULONG_PTR)PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)                                                                       \
    ((ULONG)((((ULONG_PTR)BYTE_OFFSET(Va)) + ((SIZE_T)(Size)) + (PAGE_SIZE - 1)) >> PAGE_SHIFT))
#define COMPUTE_PAGES_SPANNED(Va, Size) ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

#ifdef __cplusplus
}
#endif

#endif
