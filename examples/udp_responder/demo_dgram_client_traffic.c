/* SPDX-License-Identifier: MIT */
/* The clients' traffic: a thread that asks without waiting for answers, and then only takes answers. */
#include "demo_dgram_client_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define QUESTION_BYTES 16

enum phase { ASKING, LISTENING, ENDING };

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t s_changed = PTHREAD_COND_INITIALIZER;

/* Guarded by s_lock. */
static enum phase s_phase;
static uint64_t s_answers;
static const char *s_problem;

/* Written before the thread begins. */
static struct demo_dgram *s_clients[DEMO_CLIENTS_MAX];
static size_t s_client_count;
static int s_wake[2];
static pthread_t s_thread;

/* All answers that wait. */
static size_t answers_take(void)
{
    struct demo_answer answer;
    size_t count = 0;

    for (size_t i = 0; i < s_client_count; i++) {
        while (demo_answer_receive(s_clients[i], DEMO_LONGEST_BYTES, &answer)) {
            count++;
            if (answer.is_cut || answer.length_bytes != QUESTION_BYTES || answer.serial >= s_clients[i]->next) {
                s_clients[i]->problem = "an answer to no question";
            }
        }
    }
    return count;
}

static enum phase progress_tell(size_t answers)
{
    enum phase phase;

    pthread_mutex_lock(&s_lock);
    s_answers += answers;
    for (size_t i = 0; i < s_client_count && s_problem == NULL; i++) {
        s_problem = s_clients[i]->problem;
    }
    phase = s_phase;
    pthread_cond_broadcast(&s_changed);
    pthread_mutex_unlock(&s_lock);
    return phase;
}

static void *traffic_run(void *argument)
{
    struct pollfd fds[DEMO_CLIENTS_MAX + 1];
    enum phase phase;
    char byte;

    (void)argument;
    for (size_t i = 0; i < s_client_count; i++) {
        fds[i] = (struct pollfd){ s_clients[i]->fd, POLLIN, 0 };
    }
    fds[s_client_count] = (struct pollfd){ s_wake[0], POLLIN, 0 };
    while ((phase = progress_tell(answers_take())) != ENDING) {
        if (phase == LISTENING) {
            (void)poll(fds, (nfds_t)(s_client_count + 1), -1);
            (void)!read(s_wake[0], &byte, 1);
            continue;
        }
        for (size_t i = 0; i < s_client_count; i++) {
            if (demo_question_send(s_clients[i], s_clients[i]->next, QUESTION_BYTES)) {
                s_clients[i]->next++;
            }
        }
        /* As fast as answers come, and when none come any more still a thousand times a second. */
        (void)poll(fds, (nfds_t)(s_client_count + 1), 1);
    }
    return NULL;
}

void demo_traffic_start(struct demo_dgram **clients, size_t count)
{
    s_phase = ASKING;
    s_answers = 0;
    s_problem = NULL;
    s_client_count = count;
    for (size_t i = 0; i < count; i++) {
        s_clients[i] = clients[i];
        s_clients[i]->problem = NULL;
    }
    if (pipe(s_wake) != 0 || fcntl(s_wake[0], F_SETFL, O_NONBLOCK) != 0) {
        demo_dgram_die("no pipe for the traffic");
    }
    errno = pthread_create(&s_thread, NULL, traffic_run, NULL);
    if (errno != 0) {
        demo_dgram_die("no thread for the traffic");
    }
}

bool demo_traffic_wait(uint64_t answers, unsigned timeout_ms)
{
    struct timespec until;
    bool has_come;
    int error = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    pthread_mutex_lock(&s_lock);
    while (s_answers < answers && s_problem == NULL && error == 0) {
        error = pthread_cond_timedwait(&s_changed, &s_lock, &until);
    }
    has_come = s_answers >= answers;
    pthread_mutex_unlock(&s_lock);
    return has_come;
}

static void phase_set(enum phase phase)
{
    pthread_mutex_lock(&s_lock);
    s_phase = phase;
    pthread_mutex_unlock(&s_lock);
    if (write(s_wake[1], "", 1) != 1) {
        demo_dgram_die("the traffic cannot be woken");
    }
}

const char *demo_traffic_stop(uint64_t answers_expected, unsigned timeout_ms, uint64_t *answers)
{
    const char *problem;

    phase_set(LISTENING);
    (void)demo_traffic_wait(answers_expected, timeout_ms);
    phase_set(ENDING);
    pthread_join(s_thread, NULL);
    close(s_wake[0]);
    close(s_wake[1]);
    problem = s_problem;
    *answers = s_answers;
    return problem;
}
