/* SPDX-License-Identifier: MIT */
/* Interrupt time, system time, tick count, performance counter. */
#include <wdm.h>

#include "host/host_exec.h"
#include "nt/nt_irql.h"

/* One clock tick, 15.625 ms, in 100 ns. */
#define TICK_100NS 156250u
/* The performance counter runs at 10 MHz. */
#define COUNTER_HZ 10000000

static ULONGLONG interrupt_time_100ns(VOID)
{
    return we_host_now_ns() / 100u;
}

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)we_host_system_time_100ns();
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    CurrentTime->QuadPart = (LONGLONG)we_host_system_time_100ns();
}

ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    return interrupt_time_100ns();
}

ULONG64 NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    ULONGLONG now = interrupt_time_100ns();

    *QpcTimeStamp = now;
    return now;
}

ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    return interrupt_time_100ns();
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount)
{
    CurrentCount->QuadPart = (LONGLONG)(interrupt_time_100ns() / TICK_100NS);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return TICK_100NS;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    LARGE_INTEGER counter;

    if (PerformanceFrequency != NULL) {
        PerformanceFrequency->QuadPart = COUNTER_HZ;
    }
    counter.QuadPart = (LONGLONG)interrupt_time_100ns();
    return counter;
}

VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    uint64_t end_ns;

    if (we_host_exec_kind() == WE_EXEC_STEPPED) {
        return; /* simulated time does not pass while code runs */
    }
    end_ns = we_host_now_ns() + (uint64_t)MicroSeconds * 1000u;
    while (we_host_now_ns() < end_ns) {
    }
}
