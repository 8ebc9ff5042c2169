/* SPDX-License-Identifier: MIT */
/* What the functions on handles of keys share: the open key, its rights, and answers into a driver's buffer. */
#ifndef WE_CM_HANDLE_H
#define WE_CM_HANDLE_H

#include <string.h>

#include "nt/cm_registry.h"
#include "nt/ob_object.h"

struct we_cm_open_key {
    struct we_cm_key *key;
    ACCESS_MASK granted;
};

/* The open key, with a reference for we_ob_dereference. STATUS_INVALID_HANDLE (reported), STATUS_OBJECT_TYPE_MISMATCH,
 * STATUS_ACCESS_DENIED. */
NTSTATUS we_cm_handle_open(const char *function, HANDLE handle, ACCESS_MASK needed, struct we_cm_open_key **open);
/* A handle for a key that we_cm_open opened: closes it in the end, and at once when there is no memory. */
NTSTATUS we_cm_handle_make(struct we_cm_key *key, ACCESS_MASK access, HANDLE *handle);

/* A buffer of the driver's, filled from the front; what does not fit is cut. */
struct we_cm_answer {
    UCHAR *buffer;
    size_t size_bytes;
    size_t needed_bytes; /* 0: not known */
};

static inline void we_cm_answer_put(struct we_cm_answer *answer, size_t offset_bytes, const void *bytes, size_t count)
{
    if (offset_bytes < answer->size_bytes && count != 0) {
        size_t room = answer->size_bytes - offset_bytes;

        memcpy(answer->buffer + offset_bytes, bytes, count < room ? count : room);
    }
}

/* After needed_bytes is known: false when not even the fixed members fit. */
static inline bool we_cm_answer_has_room(const struct we_cm_answer *answer, size_t fixed_bytes)
{
    return answer->buffer != NULL && answer->size_bytes >= fixed_bytes;
}

static inline NTSTATUS we_cm_answer_finish(const struct we_cm_answer *answer)
{
    return answer->needed_bytes <= answer->size_bytes ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

/* The whole answer of most classes: the fixed members, and what stands directly behind them. */
NTSTATUS we_cm_answer_give(struct we_cm_answer *answer, const void *fixed, size_t fixed_bytes, const void *rest,
                           size_t rest_bytes);

#endif
