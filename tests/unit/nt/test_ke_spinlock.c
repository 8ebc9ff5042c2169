/* SPDX-License-Identifier: MIT */
/* Spin locks that two processors want at once: who waits, and who is next. */
#include <wdm.h>

#include "wsk_emu/cmocka.h"

/* The test's thread holds a lock at DISPATCH_LEVEL; a DPC on another processor wants it. */
struct scene {
    KDPC dpc;
    KIRQL old_irql;
    union {
        KSPIN_LOCK plain;
        EX_SPIN_LOCK shared;
    } lock;
    KLOCK_QUEUE_HANDLE handle; /* the DPC's */
    volatile LONG guarded;     /* by the lock: who holds it adds, and expects nobody else's digits */
    volatile LONG seen;        /* what the DPC found there */
    volatile LONG has_begun;
    volatile LONG is_done;
};

static void scene_begin(struct scene *scene, PKDEFERRED_ROUTINE routine)
{
    RtlZeroMemory(scene, sizeof(*scene));
    KeInitializeDpc(&scene->dpc, routine, scene);
    KeRaiseIrql(DISPATCH_LEVEL, &scene->old_irql);
}

/* The DPC begins. */
static void scene_rival(struct scene *scene)
{
    KeSetTargetProcessorDpc(&scene->dpc, (CCHAR)(KeGetCurrentProcessorNumber() == 0 ? 1 : 0));
    assert_true(KeInsertQueueDpc(&scene->dpc, NULL, NULL));
}

static void scene_end(struct scene *scene)
{
    while (InterlockedCompareExchange(&scene->is_done, 0, 0) == 0) {
        YieldProcessor();
    }
    KeLowerIrql(scene->old_irql);
    assert_int_equal(scene->seen, 1); /* not before the test had let go */
}

static void rival_inside(struct scene *scene)
{
    scene->seen = scene->guarded;
}

static void rival_done(struct scene *scene)
{
    InterlockedExchange(&scene->is_done, 1);
}

#define RIVAL(name, acquire, release)                                                  \
    static VOID NTAPI name(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2) \
    {                                                                                  \
        struct scene *scene = context;                                                 \
                                                                                       \
        UNREFERENCED_PARAMETER(dpc);                                                   \
        UNREFERENCED_PARAMETER(argument1);                                             \
        UNREFERENCED_PARAMETER(argument2);                                             \
        InterlockedExchange(&scene->has_begun, 1);                                     \
        acquire;                                                                       \
        rival_inside(scene);                                                           \
        release;                                                                       \
        rival_done(scene);                                                             \
    }

RIVAL(queued_rival, KeAcquireInStackQueuedSpinLockAtDpcLevel(&scene->lock.plain, &scene->handle),
      KeReleaseInStackQueuedSpinLockFromDpcLevel(&scene->handle))
RIVAL(exclusive_rival, ExAcquireSpinLockExclusiveAtDpcLevel(&scene->lock.shared),
      ExReleaseSpinLockExclusiveFromDpcLevel(&scene->lock.shared))
RIVAL(shared_rival, ExAcquireSpinLockSharedAtDpcLevel(&scene->lock.shared),
      ExReleaseSpinLockSharedFromDpcLevel(&scene->lock.shared))

/* A queued lock is handed over to who waits behind its holder. */
static void test_queued_lock_goes_to_the_next_in_the_queue(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    struct scene scene;

    UNREFERENCED_PARAMETER(state);
    scene_begin(&scene, queued_rival);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&scene.lock.plain, &handle);
    scene_rival(&scene);
    while (__atomic_load_n(&handle.LockQueue.Next, __ATOMIC_ACQUIRE) == NULL) {
        YieldProcessor(); /* until the DPC stands behind us */
    }
    assert_false(KeTestSpinLock(&scene.lock.plain));
    scene.guarded = 1;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    scene_end(&scene);
    assert_true(KeTestSpinLock(&scene.lock.plain));
}

/* Held through the plain form there is no queue: the queued form waits for the lock itself. */
static void test_queued_form_waits_for_a_lock_that_is_held_plainly(void **state)
{
    struct scene scene;

    UNREFERENCED_PARAMETER(state);
    scene_begin(&scene, queued_rival);
    KeAcquireSpinLockAtDpcLevel(&scene.lock.plain);
    scene_rival(&scene);
    while (InterlockedCompareExchange(&scene.has_begun, 0, 0) == 0) {
        YieldProcessor();
    }
    scene.guarded = 1;
    KeReleaseSpinLockFromDpcLevel(&scene.lock.plain);
    scene_end(&scene);
    assert_true(KeTestSpinLock(&scene.lock.plain));
}

static bool is_awaited_by_a_writer(const struct scene *scene)
{
    return __atomic_load_n(&scene->lock.shared, __ATOMIC_ACQUIRE) != 1; /* one reader, and a mark */
}

/* A writer waits for the reader that is inside; readers that come later wait for the writer. */
static void test_writer_waits_for_the_reader_and_keeps_new_ones_out(void **state)
{
    struct scene scene;

    UNREFERENCED_PARAMETER(state);
    scene_begin(&scene, exclusive_rival);
    ExAcquireSpinLockSharedAtDpcLevel(&scene.lock.shared);
    scene_rival(&scene);
    while (!is_awaited_by_a_writer(&scene)) {
        YieldProcessor();
    }
    assert_false(ExTryAcquireSpinLockSharedAtDpcLevel(&scene.lock.shared));
    assert_false(ExTryConvertSharedSpinLockExclusive(&scene.lock.shared)); /* the other one was first */
    scene.guarded = 1;
    ExReleaseSpinLockSharedFromDpcLevel(&scene.lock.shared);
    scene_end(&scene);
    assert_int_equal(scene.lock.shared, 0);
}

static void test_reader_waits_for_the_writer(void **state)
{
    struct scene scene;

    UNREFERENCED_PARAMETER(state);
    scene_begin(&scene, shared_rival);
    ExAcquireSpinLockExclusiveAtDpcLevel(&scene.lock.shared);
    scene_rival(&scene);
    scene.guarded = 1;
    ExReleaseSpinLockExclusiveFromDpcLevel(&scene.lock.shared);
    scene_end(&scene);
    assert_int_equal(scene.lock.shared, 0);
}

/* The forms for threaded DPCs raise and lower themselves, whichever level they are called at. */
static void test_forms_for_dpcs_raise_and_lower(void **state)
{
    KLOCK_QUEUE_HANDLE handle;
    KSPIN_LOCK lock;
    KIRQL old;

    UNREFERENCED_PARAMETER(state);
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    assert_false(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    old = KeAcquireSpinLockForDpc(&lock);
    assert_int_equal(old, PASSIVE_LEVEL);
    assert_int_equal(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(&lock, old);
    assert_int_equal(KeGetCurrentIrql(), PASSIVE_LEVEL);
    assert_true(KeTestSpinLock(&lock));
}

static const struct wsk_emu_config s_threads = { .size = sizeof(struct wsk_emu_config),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL,
                                                 .processors = 2 };

#define THREADS(f) wsk_emu_unit_test_config(f, NULL, NULL, &s_threads)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        THREADS(test_queued_lock_goes_to_the_next_in_the_queue),
        THREADS(test_queued_form_waits_for_a_lock_that_is_held_plainly),
        THREADS(test_writer_waits_for_the_reader_and_keeps_new_ones_out),
        THREADS(test_reader_waits_for_the_writer),
        wsk_emu_unit_test(test_forms_for_dpcs_raise_and_lower),
    };

    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
