/* SPDX-License-Identifier: MIT */
/* The target of the demonstration: a thread that accepts, and a thread for each connection. */
#include "demo_target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512
#define STACK_BYTES (256 * 1024)

static pthread_mutex_t s_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t s_changed = PTHREAD_COND_INITIALIZER;
static bool s_is_stuck;
static bool s_is_stopping;
static unsigned s_connection_count;

static pthread_attr_t s_detached;
static pthread_t s_acceptor;
static int s_listener = -1;

static void die(const char *what, int error)
{
    fprintf(stderr, "demo: %s: %s\n", what, strerror(error));
    exit(1);
}

static void wait_while_stuck(void)
{
    pthread_mutex_lock(&s_lock);
    while (s_is_stuck) {
        pthread_cond_wait(&s_changed, &s_lock);
    }
    pthread_mutex_unlock(&s_lock);
}

static bool send_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, 0);

        if (sent < 0) {
            return false;
        }
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

static void *connection_serve(void *argument)
{
    int fd = (int)(intptr_t)argument;
    char bytes[32768];
    ssize_t count;

    do {
        wait_while_stuck();
        count = recv(fd, bytes, sizeof(bytes), 0);
    } while (count > 0 && send_all(fd, bytes, (size_t)count));
    close(fd);

    pthread_mutex_lock(&s_lock);
    s_connection_count--;
    pthread_cond_broadcast(&s_changed);
    pthread_mutex_unlock(&s_lock);
    return NULL;
}

static bool is_stopping(void)
{
    bool result;

    pthread_mutex_lock(&s_lock);
    result = s_is_stopping;
    pthread_mutex_unlock(&s_lock);
    return result;
}

static void *accept_all(void *argument)
{
    int fd;

    (void)argument;
    while ((fd = accept(s_listener, NULL, NULL)) >= 0 && !is_stopping()) {
        pthread_t thread;
        int error;

        pthread_mutex_lock(&s_lock);
        s_connection_count++;
        pthread_mutex_unlock(&s_lock);
        error = pthread_create(&thread, &s_detached, connection_serve, (void *)(intptr_t)fd);
        if (error != 0) {
            die("no thread for a connection of the target", error);
        }
    }
    if (fd >= 0) {
        close(fd); /* the connection of demo_target_stop */
    } else {
        die("the target cannot accept", errno);
    }
    return NULL;
}

static struct sockaddr_in s_address;

uint16_t demo_target_start(void)
{
    socklen_t length = sizeof(s_address);
    int error;

    memset(&s_address, 0, sizeof(s_address));
    s_address.sin_family = AF_INET;
    s_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s_is_stopping = false;
    s_listener = socket(AF_INET, SOCK_STREAM, 0);
    if (s_listener < 0 || bind(s_listener, (struct sockaddr *)&s_address, sizeof(s_address)) != 0 ||
        listen(s_listener, BACKLOG) != 0 || getsockname(s_listener, (struct sockaddr *)&s_address, &length) != 0) {
        die("the target cannot listen", errno);
    }
    error = pthread_attr_init(&s_detached);
    if (error == 0) {
        error = pthread_attr_setstacksize(&s_detached, STACK_BYTES);
    }
    if (error == 0) {
        error = pthread_create(&s_acceptor, &s_detached, accept_all, NULL);
    }
    if (error == 0) {
        error = pthread_attr_setdetachstate(&s_detached, PTHREAD_CREATE_DETACHED);
    }
    if (error != 0) {
        die("no thread for the target", error);
    }
    return ntohs(s_address.sin_port);
}

void demo_target_set_stuck(bool is_stuck)
{
    pthread_mutex_lock(&s_lock);
    s_is_stuck = is_stuck;
    pthread_cond_broadcast(&s_changed);
    pthread_mutex_unlock(&s_lock);
}

void demo_target_stop(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    pthread_mutex_lock(&s_lock);
    s_is_stopping = true;
    pthread_mutex_unlock(&s_lock);
    /* Closing a socket does not end an accept that waits for it; a connection does. */
    if (fd < 0 || connect(fd, (struct sockaddr *)&s_address, sizeof(s_address)) != 0) {
        die("the target cannot be stopped", errno);
    }
    pthread_join(s_acceptor, NULL);
    close(fd);
    close(s_listener);
    s_listener = -1;

    pthread_mutex_lock(&s_lock);
    while (s_connection_count > 0) {
        pthread_cond_wait(&s_changed, &s_lock);
    }
    pthread_mutex_unlock(&s_lock);
    pthread_attr_destroy(&s_detached);
}
