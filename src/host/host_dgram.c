/* SPDX-License-Identifier: MIT */
/* What is the same for datagrams on every network. */
#include "host/host_dgram.h"

#include <string.h>

#include "host/host_net_ops.h"

/* Design
 *
 * A message of many segments is one call where the system cuts it up itself, and one for each segment where it does not:
 * on the virtual network, on macOS, on kernels that are too old, and for what a kernel refuses (more than the way to the
 * destination takes, no checksums). Nobody above sees which: datagrams, order and errors are the same.
 */

static bool s_is_by_hand; /* atomic */

void we_host_dgram_segment_by_hand(bool is_by_hand)
{
    __atomic_store_n(&s_is_by_hand, is_by_hand, __ATOMIC_RELAXED);
}

size_t we_host_iov_bytes(const struct we_host_iov *iov, unsigned iov_count)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < iov_count; i++) {
        bytes += iov[i].length_bytes;
    }
    return bytes;
}

unsigned we_host_iov_head(const struct we_host_iov *iov, unsigned iov_count, size_t length_bytes,
                          struct we_host_iov *part)
{
    unsigned count = 0;

    while (length_bytes > 0) {
        WE_ASSERT(count < iov_count);
        part[count] = iov[count];
        if (part[count].length_bytes > length_bytes) {
            part[count].length_bytes = length_bytes;
        }
        length_bytes -= part[count].length_bytes;
        count++;
    }
    return count;
}

/* Sends the first segment. */
static enum we_err send_first(struct we_host_ep *ep, const struct we_host_dgram *dgram, const struct we_host_iov *iov,
                              unsigned iov_count, size_t segment_bytes, size_t *bytes)
{
    struct we_host_iov part[WE_HOST_DGRAM_IOV_MAX];
    size_t length_bytes = we_host_iov_bytes(iov, iov_count);
    enum we_err err;

    if (length_bytes > segment_bytes) {
        length_bytes = segment_bytes;
    }
    err = we_host_dgram_send(ep, dgram, part, we_host_iov_head(iov, iov_count, length_bytes, part));
    *bytes = err == WE_OK ? length_bytes : 0;
    return err;
}

enum we_err we_host_dgram_send_segments(struct we_host_ep *ep, const struct we_host_dgram *dgram,
                                        const struct we_host_iov *iov, unsigned iov_count, size_t segment_bytes,
                                        size_t *bytes)
{
    enum we_err err = WE_ERR_NOT_SUPPORTED;

    WE_ASSERT(segment_bytes > 0);
    WE_ASSERT(iov_count <= WE_HOST_DGRAM_IOV_MAX);
    if (!__atomic_load_n(&s_is_by_hand, __ATOMIC_RELAXED)) {
        err = we_host_net_send_segments(ep, dgram, iov, iov_count, segment_bytes, bytes);
    }
    return err == WE_ERR_NOT_SUPPORTED ? send_first(ep, dgram, iov, iov_count, segment_bytes, bytes) : err;
}

struct we_host_dgram we_host_dgram_to(const struct we_base_addr *remote)
{
    struct we_host_dgram dgram;

    memset(&dgram, 0, sizeof(dgram));
    dgram.remote = *remote;
    dgram.hop_limit = WE_DGRAM_NONE;
    dgram.traffic_class = WE_DGRAM_NONE;
    return dgram;
}
