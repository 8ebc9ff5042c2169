/* SPDX-License-Identifier: MIT */
/* Random bytes from the operating system. */
#include "host/host_random.h"

#include <sys/random.h>
#include <unistd.h>

#define PIECE_MAX_BYTES ((size_t)256) /* what getentropy gives in one call */

bool we_host_random(void *bytes, size_t size_bytes)
{
    unsigned char *at = bytes;

    while (size_bytes > 0) {
        size_t piece = size_bytes < PIECE_MAX_BYTES ? size_bytes : PIECE_MAX_BYTES;

        if (getentropy(at, piece) != 0) {
            return false;
        }
        at += piece;
        size_bytes -= piece;
    }
    return true;
}
