/* SPDX-License-Identifier: MIT */
/* Texts of the error type of layers 0 to 2, made from the same list as its values. */
#include "base/base_err.h"

#include "base/base_assert.h"

#include <stddef.h>

const char *we_base_err_text(enum we_err err)
{
    static const char *const texts[WE_ERR_COUNT] = {
#define X(name, text) [name] = (text),
        WE_ERR_LIST(X)
#undef X
    };

    /* Through an unsigned type, because whether an enum can be negative is the compiler's choice. */
    if ((size_t)err >= WE_ARRAY_COUNT(texts)) {
        return "unknown error";
    }
    return texts[err];
}
