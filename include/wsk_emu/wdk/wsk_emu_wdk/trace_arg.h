/* SPDX-License-Identifier: MIT */
/* One argument of a trace call, with what the compiler knows of its type. */
#ifndef WSK_EMU_WDK_TRACE_ARG_H
#define WSK_EMU_WDK_TRACE_ARG_H

#include "../ntdef.h"

/*
 * The format of a trace message is read when the message is shown, as on Windows; there the preprocessor of trace
 * messages has given each argument the type that its format names. Here the argument brings its own type along, and the
 * formatter converts: a conversion that does not fit shows what it got, and never reads what is not there.
 */
#define WSK_EMU_TRACE_SIGNED   1
#define WSK_EMU_TRACE_UNSIGNED 2
#define WSK_EMU_TRACE_FLOATING 3
#define WSK_EMU_TRACE_POINTER  4
#define WSK_EMU_TRACE_BYTES    5 /* a structure by value */

#define WSK_EMU_TRACE_ARG_BYTES 40

struct wsk_emu_trace_arg {
    union {
        UCHAR Bytes[WSK_EMU_TRACE_ARG_BYTES]; /* of a longer structure: its beginning */
        ULONGLONG Integer;
        double Floating;
        const void *Pointer;
    } Value;
    ULONG Size; /* of the argument's type */
    ULONG Kind;
};

static FORCEINLINE struct wsk_emu_trace_arg wsk_emu_trace_arg_make(ULONG Kind, const void *Value, SIZE_T Size)
{
    struct wsk_emu_trace_arg arg;

    memset(&arg, 0, sizeof(arg));
    memcpy(arg.Value.Bytes, Value, Size < sizeof(arg.Value.Bytes) ? Size : sizeof(arg.Value.Bytes));
    arg.Size = (ULONG)Size;
    arg.Kind = Kind;
    return arg;
}

#ifdef __cplusplus
extern "C++" {

template <typename Type> struct wsk_emu_trace_kind {
    static const ULONG value = __is_enum(Type) ? WSK_EMU_TRACE_SIGNED : WSK_EMU_TRACE_BYTES;
};
template <typename Type> struct wsk_emu_trace_kind<Type *> {
    static const ULONG value = WSK_EMU_TRACE_POINTER;
};
#define WSK_EMU_TRACE_KIND_OF(_type, _kind)                                                                            \
    template <> struct wsk_emu_trace_kind<_type> {                                                                     \
        static const ULONG value = _kind;                                                                              \
    };
WSK_EMU_TRACE_KIND_OF(bool, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(char, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(signed char, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(unsigned char, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(wchar_t, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(char16_t, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(char32_t, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(short, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(unsigned short, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(int, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(unsigned int, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(long, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(unsigned long, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(long long, WSK_EMU_TRACE_SIGNED)
WSK_EMU_TRACE_KIND_OF(unsigned long long, WSK_EMU_TRACE_UNSIGNED)
WSK_EMU_TRACE_KIND_OF(float, WSK_EMU_TRACE_FLOATING)
WSK_EMU_TRACE_KIND_OF(double, WSK_EMU_TRACE_FLOATING)
WSK_EMU_TRACE_KIND_OF(decltype(nullptr), WSK_EMU_TRACE_POINTER)
#undef WSK_EMU_TRACE_KIND_OF

/* By value: an array becomes a pointer, and a bit-field can be given. */
template <typename Type> static inline struct wsk_emu_trace_arg wsk_emu_trace_arg_of(Type Value)
{
    return wsk_emu_trace_arg_make(wsk_emu_trace_kind<Type>::value, &Value, sizeof(Value));
}

} /* extern "C++" */

#define WSK_EMU_TRACE_ARG(_value) wsk_emu_trace_arg_of(_value)
#else
#define WSK_EMU_TRACE_KIND(_value)                                                                                     \
    _Generic((_value),                                                                                                 \
        int: WSK_EMU_TRACE_SIGNED,                                                                                     \
        long: WSK_EMU_TRACE_SIGNED,                                                                                    \
        long long: WSK_EMU_TRACE_SIGNED,                                                                               \
        unsigned int: WSK_EMU_TRACE_UNSIGNED,                                                                          \
        unsigned long: WSK_EMU_TRACE_UNSIGNED,                                                                         \
        unsigned long long: WSK_EMU_TRACE_UNSIGNED,                                                                    \
        float: WSK_EMU_TRACE_FLOATING,                                                                                 \
        double: WSK_EMU_TRACE_FLOATING,                                                                                \
        default: __builtin_classify_type(_value) == 5 ? WSK_EMU_TRACE_POINTER : WSK_EMU_TRACE_BYTES)

/* The conditional promotes small integers, bit-fields too, and makes pointers of arrays; its second half never runs. */
#define WSK_EMU_TRACE_ARG(_value)                                                                                      \
    __extension__({                                                                                                    \
        __auto_type wsk_emu_value = 1 ? (_value) : (_value);                                                           \
        wsk_emu_trace_arg_make(WSK_EMU_TRACE_KIND(wsk_emu_value), &wsk_emu_value, sizeof(wsk_emu_value));              \
    })

/*
 * WSK_EMU_TRACE_ARGS(_, a, b): "ARG(a), ARG(b)," and nothing when there is no argument. Up to 85.
 */
#define WSK_EMU_TRACE_PARENTHESES ()
#define WSK_EMU_TRACE_SCAN(...)                                                                                        \
    WSK_EMU_TRACE_SCAN_4(WSK_EMU_TRACE_SCAN_4(WSK_EMU_TRACE_SCAN_4(WSK_EMU_TRACE_SCAN_4(__VA_ARGS__))))
#define WSK_EMU_TRACE_SCAN_4(...)                                                                                      \
    WSK_EMU_TRACE_SCAN_3(WSK_EMU_TRACE_SCAN_3(WSK_EMU_TRACE_SCAN_3(WSK_EMU_TRACE_SCAN_3(__VA_ARGS__))))
#define WSK_EMU_TRACE_SCAN_3(...)                                                                                      \
    WSK_EMU_TRACE_SCAN_2(WSK_EMU_TRACE_SCAN_2(WSK_EMU_TRACE_SCAN_2(WSK_EMU_TRACE_SCAN_2(__VA_ARGS__))))
#define WSK_EMU_TRACE_SCAN_2(...) __VA_ARGS__
#define WSK_EMU_TRACE_ARGS(_first, ...) __VA_OPT__(WSK_EMU_TRACE_SCAN(WSK_EMU_TRACE_NEXT(__VA_ARGS__)))
#define WSK_EMU_TRACE_NEXT(_value, ...)                                                                                \
    WSK_EMU_TRACE_ARG(_value), __VA_OPT__(WSK_EMU_TRACE_AGAIN WSK_EMU_TRACE_PARENTHESES(__VA_ARGS__))
#define WSK_EMU_TRACE_AGAIN() WSK_EMU_TRACE_NEXT
#endif

#endif
