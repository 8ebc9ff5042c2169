/* SPDX-License-Identifier: MIT */
/* What the two kinds of execution provide behind host_exec.h, and the state they share. */
#ifndef WE_HOST_EXEC_OPS_H
#define WE_HOST_EXEC_OPS_H

#include "host/host_exec.h"

struct we_host_exec_ops {
    enum we_err (*start)(void);
    enum we_err (*start_processors)(void);
    void (*stop_processors)(void);
    void (*stop)(void);
    uint64_t (*now_ns)(void);
    void (*attach)(struct we_host_thread *thread);
    /* On the new thread, first and last thing it does. */
    void (*begin)(struct we_host_thread *thread);
    void (*end)(struct we_host_thread *thread);
    void (*created)(struct we_host_thread *thread);
    void (*join)(struct we_host_thread *thread);
    enum we_host_park_result (*park)(struct we_host_thread *self, uint64_t deadline_ns);
    void (*unpark)(struct we_host_thread *thread);
    void (*stop_parking)(void);
    void (*yield)(unsigned spin_count);
    void (*preempt)(void);
    void (*kick)(unsigned cpu, uint64_t due_ns);
    bool (*step)(bool may_move_time);
    void (*advance)(uint64_t delta_ns);
    bool (*is_quiet)(void);
};

extern const struct we_host_exec_ops we_host_exec_threads_ops;
extern const struct we_host_exec_ops we_host_exec_stepped_ops;

struct we_host_exec {
    struct we_host_exec_config config;
    const struct we_host_exec_ops *ops;
    struct we_host_thread *main; /* attached by the thread that started the instance */
    pthread_t main_id;
    bool is_stopping; /* atomic: parks return WE_PARK_STOPPING */
};

/* The one instance. config and ops are constant while it runs. */
extern struct we_host_exec we_host_exec_instance;

/* All threads that parked, attached or were created; guarded by its lock. */
void we_host_threads_add(struct we_host_thread *thread);
void we_host_threads_remove(struct we_host_thread *thread);
/* True when fn is true for every known thread. The list lock is held. */
bool we_host_threads_all(bool (*fn)(struct we_host_thread *thread));

#endif
