/* SPDX-License-Identifier: MIT */
/* A driver that is built twice, so that every global name of one is a global name of the other as well; some are names of
 * the host's own functions. */
#include <ntddk.h>
#include <wsk.h>

#include "twin.h"

DRIVER_INITIALIZE DriverEntry;
VOID TWIN_QUERY(PTWIN_STATE State);

/* Of every kind: zero, with a value, with an address, local to a function. */
ULONG Counter;
ULONG Started = 7;
ULONG Table[3] = { 1, 2, 3 };
ULONG *Cursor = &Table[1];
static WSK_REGISTRATION Registration;
static KTIMER Timer;
static KDPC Dpc;
static KEVENT GoOn;
static TWIN_STATE State;
TWIN_CONFIG_BLOCK TWIN_CONFIG;

static const WSK_CLIENT_DISPATCH ClientDispatch = { MAKE_WSK_VERSION(1, 0), 0, NULL };
static WSK_CLIENT_NPI Client = { NULL, &ClientDispatch };

/* Names that belong to others elsewhere. */
int send(int Length);
int recv(int Length);
int connect(void);
int getaddrinfo(void);
int poll(void);
int epoll_wait(void);
int close(int Handle);

int send(int Length)
{
    State.Sends++;
    return -Length;
}

int recv(int Length)
{
    State.Sends++;
    return -Length;
}

int connect(void)
{
    State.Sends++;
    return -1;
}

int getaddrinfo(void)
{
    State.Sends++;
    return -1;
}

int poll(void)
{
    State.Sends++;
    return -1;
}

int epoll_wait(void)
{
    State.Sends++;
    return -1;
}

int close(int Handle)
{
    State.Sends++;
    return -Handle;
}

static ULONG NextLocal(VOID)
{
    static ULONG local = 40;

    return local++;
}

VOID TWIN_QUERY(PTWIN_STATE Result)
{
    *Result = State;
}

static VOID Waiting(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&GoOn, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID LeaveThread(VOID)
{
    HANDLE handle;

    KeInitializeEvent(&GoOn, NotificationEvent, FALSE);
    if (NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Waiting, NULL))) {
        ZwClose(handle);
    }
}

static VOID NeverDue(PKDPC Unused, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Unused);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

static VOID LeaveTimer(PKTIMER Left, PKDPC LeftDpc)
{
    LARGE_INTEGER due;

    due.QuadPart = -10LL * 1000 * 1000 * 3600;
    KeInitializeTimer(Left);
    KeSetTimer(Left, due, LeftDpc);
}

static VOID LeavePoolTimer(VOID)
{
    PKTIMER timer = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*timer), 'niwT');

    KeInitializeDpc(&Dpc, NeverDue, NULL);
    if (timer != NULL) {
        LeaveTimer(timer, &Dpc);
    }
}

static VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    if (!TWIN_CONFIG.LeavesRegistration) {
        WskDeregister(&Registration);
    }
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    State.IsFresh = Counter == 0 && Started == 7 && Table[1] == 2 && Cursor == &Table[1];
    Counter += 5;
    Started++;
    ++*Cursor++;
    State.Local = NextLocal();
    State.Counter = Counter;
    State.Started = Started;
    RtlCopyMemory(State.Table, Table, sizeof(Table));
    /* Its own functions, whatever else has their names. */
    if (send(1) != -1 || recv(2) != -2 || connect() != -1 || getaddrinfo() != -1 || close(3) != -3) {
        return STATUS_INTERNAL_ERROR;
    }
    if (!NT_SUCCESS(TWIN_CONFIG.EntryStatus)) {
        return TWIN_CONFIG.EntryStatus;
    }
    status = WskRegister(&Client, &Registration);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (TWIN_CONFIG.LeavesTimer) {
        LeaveTimer(&Timer, NULL);
    }
    if (TWIN_CONFIG.LeavesPoolTimer) {
        LeavePoolTimer();
    }
    if (TWIN_CONFIG.LeavesThread) {
        LeaveThread();
    }
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
