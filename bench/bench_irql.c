/* SPDX-License-Identifier: MIT */
/* Times single kernel services, with and without the verifier: nanoseconds for each call or pair of calls. */
#include <stdio.h>
#include <string.h>

#include "bench_host.h"

#include <ntddk.h>

#include "wsk_emu/wsk_emu.h"

#define BATCH_COUNT 11u
#define BLOCK_BYTES 200u
#define BENCH_TAG 'hcnB'

static KSPIN_LOCK s_lock;
static KEVENT s_event;
static NPAGED_LOOKASIDE_LIST s_lookaside;

static void irql_raise_lower(void)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeLowerIrql(irql);
}

static void irql_get(void)
{
    (void)KeGetCurrentIrql();
}

static void spin_lock_acquire_release(void)
{
    KIRQL irql;

    KeAcquireSpinLock(&s_lock, &irql);
    KeReleaseSpinLock(&s_lock, irql);
}

static void pool_allocate_free(void)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, BLOCK_BYTES, BENCH_TAG);

    if (block == NULL) {
        bench_fail("ExAllocatePool2");
    }
    ExFreePoolWithTag(block, BENCH_TAG);
}

static void lookaside_allocate_free(void)
{
    PVOID block = ExAllocateFromNPagedLookasideList(&s_lookaside);

    if (block == NULL) {
        bench_fail("ExAllocateFromNPagedLookasideList");
    }
    ExFreeToNPagedLookasideList(&s_lookaside, block);
}

static void irp_allocate_free(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    if (irp == NULL) {
        bench_fail("IoAllocateIrp");
    }
    IoFreeIrp(irp);
}

static void event_set_wait(void)
{
    (void)KeSetEvent(&s_event, IO_NO_INCREMENT, FALSE);
    (void)KeWaitForSingleObject(&s_event, Executive, KernelMode, FALSE, NULL);
}

static const struct row {
    const char *name;
    void (*operation)(void);
} rows[] = {
    { "KeGetCurrentIrql", irql_get },
    { "KeRaiseIrql, KeLowerIrql", irql_raise_lower },
    { "KeAcquireSpinLock, KeReleaseSpinLock", spin_lock_acquire_release },
    { "ExAllocatePool2 (200 bytes), ExFreePoolWithTag", pool_allocate_free },
    { "lookaside list: allocate, free (200 bytes)", lookaside_allocate_free },
    { "IoAllocateIrp, IoFreeIrp", irp_allocate_free },
    { "KeSetEvent, KeWaitForSingleObject", event_set_wait },
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static double operation_ns(void (*operation)(void), unsigned count)
{
    uint64_t samples[BATCH_COUNT];

    for (unsigned batch = 0; batch < BATCH_COUNT; batch++) {
        uint64_t begin_ns = bench_now_ns();

        for (unsigned i = 0; i < count; i++) {
            operation();
        }
        samples[batch] = bench_now_ns() - begin_ns;
    }
    return (double)bench_median(samples, BATCH_COUNT) / count;
}

static void kernel_run(enum wsk_emu_execution execution, enum wsk_emu_verifier verifier, unsigned count,
                       double results[ROW_COUNT])
{
    struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = execution;
    config.verifier = verifier;
    if (!NT_SUCCESS(wsk_emu_start(&config))) {
        bench_fail("wsk_emu_start");
    }
    KeInitializeSpinLock(&s_lock);
    KeInitializeEvent(&s_event, SynchronizationEvent, FALSE);
    ExInitializeNPagedLookasideList(&s_lookaside, NULL, NULL, POOL_NX_ALLOCATION, BLOCK_BYTES, BENCH_TAG, 0);
    for (size_t row = 0; row < ROW_COUNT; row++) {
        results[row] = operation_ns(rows[row].operation, count);
    }
    ExDeleteNPagedLookasideList(&s_lookaside);
    if (wsk_emu_stop() != 0) {
        bench_fail("wsk_emu_stop: there were reports");
    }
}

int main(int argc, char **argv)
{
    struct bench_args args = { argc, argv, 1 };
    unsigned count = 20000;
    double threads_on[ROW_COUNT];
    double threads_off[ROW_COUNT];
    double stepped_on[ROW_COUNT];
    const char *value;
    const char *name;

    while ((name = bench_args_next(&args, &value)) != NULL) {
        if (strcmp(name, "--operations") == 0) {
            count = (unsigned)bench_args_number(name, value, 1, 10000000);
        } else if (strcmp(name, "--cpu") == 0) {
            bench_pin(bench_args_number(name, value, -1, 1023));
        } else {
            fprintf(stderr, "usage: bench_irql [--operations N] [--cpu K]\n");
            return 2;
        }
    }
    bench_watchdog(120);
    kernel_run(WSK_EMU_EXECUTION_THREADS, WSK_EMU_VERIFIER_REPORT, count, threads_on);
    kernel_run(WSK_EMU_EXECUTION_THREADS, WSK_EMU_VERIFIER_OFF, count, threads_off);
    kernel_run(WSK_EMU_EXECUTION_STEPPED, WSK_EMU_VERIFIER_REPORT, count, stepped_on);
    printf("%-50s %14s %14s %14s\n", "ns", "threads", "verifier off", "stepped");
    for (size_t row = 0; row < ROW_COUNT; row++) {
        printf("%-50s %14.1f %14.1f %14.1f\n", rows[row].name, threads_on[row], threads_off[row], stepped_on[row]);
    }
    return 0;
}
