/* SPDX-License-Identifier: MIT */
/* Functions with a plain inline, which Microsoft's compiler emits where they are needed. */
#ifndef CONSTRUCTS_INLINE_H
#define CONSTRUCTS_INLINE_H

inline ULONG InlinePlain(ULONG Value)
{
    return Value + 1;
}

static inline ULONG InlineStatic(ULONG Value)
{
    return InlinePlain(Value) + 1;
}

#endif
