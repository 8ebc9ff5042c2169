/* SPDX-License-Identifier: MIT */
/* The racing driver: its generator, its life, and the many places where its tasks run. */
#include "race_internal.h"
#include "support/system_thread.h"

struct race_task {
    LIST_ENTRY link;
    WORK_QUEUE_ITEM work;
    KTIMER timer;
    KDPC dpc;
    struct race *race;
    void (*run)(PVOID context);
    PVOID context;
};

ULONG race_draw(struct race *race, ULONG count)
{
    /* The finaliser of SplitMix64 over a counter: no lock, and the same run gives the same numbers. */
    ULONG64 value = race->config.seed + (ULONG64)(ULONG)InterlockedIncrement(&race->draws) * 0x9e3779b97f4a7c15ULL;

    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return (ULONG)((value ^ (value >> 31)) % count);
}

void race_violate(struct race *race, const char *text)
{
    (void)InterlockedCompareExchangePointer((PVOID volatile *)&race->violation, (PVOID)(ULONG_PTR)text, NULL);
}

void race_called(struct race *race, NTSTATUS returned)
{
    if (returned != STATUS_PENDING) {
        race_violate(race, "a legal call did not return STATUS_PENDING");
    }
}

void race_completed(struct race *race, const IRP *irp)
{
    if (!irp->PendingReturned) {
        race_violate(race, "an IRP whose call returned STATUS_PENDING was completed without PendingReturned");
    }
}

const char *race_violation(const struct race *race)
{
    return race->violation;
}

const struct race_counters *race_counters(const struct race *race)
{
    return &race->counters;
}

const struct race_config *race_config(const struct race *race)
{
    return &race->config;
}

void race_use(struct race *race)
{
    InterlockedIncrement(&race->rundown);
}

void race_unuse(struct race *race)
{
    if (InterlockedDecrement(&race->rundown) == 0) {
        KeSetEvent(&race->is_gone, IO_NO_INCREMENT, FALSE);
    }
}

PVOID race_alloc(SIZE_T size)
{
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, RACE_TAG);

    NT_ASSERT(memory != NULL);
    return memory;
}

void race_free(PVOID memory)
{
    ExFreePoolWithTag(memory, RACE_TAG);
}

/* --- tasks -------------------------------------------------------------------------------------------- */

/* The task's memory goes first: what it is part of (a queue, a timer, a DPC) must not be touched by the system any
 * more. */
static void task_run(struct race_task *task)
{
    struct race *race = task->race;
    void (*run)(PVOID context) = task->run;
    PVOID context = task->context;

    race_free(task);
    run(context);
    race_unuse(race);
}

static VOID NTAPI task_work(PVOID context)
{
    task_run(context);
}

static VOID NTAPI task_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    task_run(context);
}

static void task_to_thread(struct race_task *task)
{
    struct race *race = task->race;
    KIRQL irql;

    KeAcquireSpinLock(&race->task_lock, &irql);
    InsertTailList(&race->tasks, &task->link);
    KeReleaseSpinLock(&race->task_lock, irql);
    KeReleaseSemaphore(&race->tasks_waiting, IO_NO_INCREMENT, 1, FALSE);
}

static void task_to_dpc(struct race_task *task, BOOLEAN is_timed)
{
    ULONG processors = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    LARGE_INTEGER due;

    KeInitializeDpc(&task->dpc, task_dpc, task);
    if (race_draw(task->race, 2) == 0) {
        KeSetTargetProcessorDpc(&task->dpc, (CCHAR)race_draw(task->race, processors));
    }
    if (is_timed) {
        due.QuadPart = -(LONGLONG)race_draw(task->race, 3) * 5000;
        KeInitializeTimer(&task->timer);
        (void)KeSetTimer(&task->timer, due, &task->dpc);
    } else {
        (void)KeInsertQueueDpc(&task->dpc, NULL, NULL);
    }
}

void race_task_start(struct race *race, void (*run)(PVOID context), PVOID context)
{
    struct race_task *task = race_alloc(sizeof(*task));

    race_use(race);
    task->race = race;
    task->run = run;
    task->context = context;
    switch (race->config.stays_quiet ? 0 : race_draw(race, 4)) {
    case 0:
        task_to_thread(task);
        break;
    case 1:
        ExInitializeWorkItem(&task->work, task_work, task);
        ExQueueWorkItem(&task->work, DelayedWorkQueue);
        break;
    case 2:
        task_to_dpc(task, TRUE);
        break;
    default:
        task_to_dpc(task, FALSE);
        break;
    }
}

static struct race_task *task_take(struct race *race)
{
    struct race_task *task = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&race->task_lock, &irql);
    if (!IsListEmpty(&race->tasks)) {
        task = CONTAINING_RECORD(RemoveHeadList(&race->tasks), struct race_task, link);
    }
    KeReleaseSpinLock(&race->task_lock, irql);
    return task;
}

/* Every legal level: PASSIVE, APC, DISPATCH. */
static void task_run_somehow(struct race *race, struct race_task *task)
{
    KIRQL irql = (KIRQL)(race->config.stays_quiet ? PASSIVE_LEVEL : race_draw(race, 3));
    KIRQL old;

    KeRaiseIrql(irql, &old);
    task_run(task);
    KeLowerIrql(old);
}

static VOID NTAPI thread_main(PVOID context)
{
    struct race *race = context;
    struct race_task *task;

    do {
        (void)KeWaitForSingleObject(&race->tasks_waiting, Executive, KernelMode, FALSE, NULL);
        task = task_take(race);
        if (task != NULL) {
            task_run_somehow(race, task);
        }
    } while (task != NULL || InterlockedCompareExchange(&race->is_stopping, 0, 0) == 0);
    (void)PsTerminateSystemThread(STATUS_SUCCESS);
}

void race_threads_start(struct race *race)
{
    ULONG i;

    KeInitializeSpinLock(&race->task_lock);
    InitializeListHead(&race->tasks);
    KeInitializeSemaphore(&race->tasks_waiting, 0, 0x7fffffff);
    for (i = 0; i < race->config.thread_count; i++) {
        race->threads[i] = system_thread_start(thread_main, race);
    }
}

void race_threads_stop(struct race *race)
{
    ULONG i;

    InterlockedExchange(&race->is_stopping, 1);
    KeReleaseSemaphore(&race->tasks_waiting, IO_NO_INCREMENT, (LONG)race->config.thread_count, FALSE);
    for (i = 0; i < race->config.thread_count; i++) {
        system_thread_join(race->threads[i]);
    }
}
