/* SPDX-License-Identifier: MIT */
/* TraceLogging: providers with a name, and events whose fields have names and types; src/nt/etw_logging.c. */
#ifndef WSK_EMU_WDK_TRACELOGGINGPROVIDER_H
#define WSK_EMU_WDK_TRACELOGGINGPROVIDER_H

#include "wdm.h"
#include "winmeta.h"
#include "wsk_emu_wdk/trace_arg.h"

#ifdef __cplusplus
extern "C" {
#endif

struct _tlgProvider_t {
    REGHANDLE Handle; /* 0: not registered */
    PCSTR Name;
    GUID Id;
};
typedef const struct _tlgProvider_t *TraceLoggingHProvider;

/* What one argument of TraceLoggingWrite says: a setting of the event (Format NULL), or a field. */
struct wsk_emu_tlg_field {
    PCSTR Format; /* as in messages of WPP; of one element when Count is not 0 */
    PCSTR Name;
    struct wsk_emu_trace_arg Args[2];
    ULONG ArgCount;
    ULONG ElementBytes; /* an array of numbers, to which the first argument points; 0: none */
    ULONG ElementKind;
    ULONG Count;
    UCHAR Setting; /* WSK_EMU_TLG_... */
    ULONGLONG Value;
};

#define WSK_EMU_TLG_NONE    0
#define WSK_EMU_TLG_LEVEL   1
#define WSK_EMU_TLG_KEYWORD 2
#define WSK_EMU_TLG_OPCODE  3
#define WSK_EMU_TLG_CHANNEL 4
#define WSK_EMU_TLG_STRUCT  5

NTSTATUS wsk_emu_tlg_register(TraceLoggingHProvider Provider, PETWENABLECALLBACK Callback, PVOID Context);
VOID wsk_emu_tlg_unregister(TraceLoggingHProvider Provider);
BOOLEAN wsk_emu_tlg_enabled(TraceLoggingHProvider Provider, UCHAR Level, ULONGLONG Keyword);
/* Looks at the settings alone. */
BOOLEAN wsk_emu_tlg_wants(TraceLoggingHProvider Provider, const struct wsk_emu_tlg_field *Fields, SIZE_T Count);
VOID wsk_emu_tlg_write(TraceLoggingHProvider Provider, PCSTR Event, LPCGUID ActivityId, LPCGUID RelatedActivityId,
    const struct wsk_emu_tlg_field *Fields, SIZE_T Count);

static FORCEINLINE struct wsk_emu_tlg_field wsk_emu_tlg_none(void)
{
    struct wsk_emu_tlg_field field;

    memset(&field, 0, sizeof(field));
    return field;
}

static FORCEINLINE struct wsk_emu_tlg_field wsk_emu_tlg_setting(UCHAR Setting, ULONGLONG Value, PCSTR Name)
{
    struct wsk_emu_tlg_field field = wsk_emu_tlg_none();

    field.Setting = Setting;
    field.Value = Value;
    field.Name = Name;
    return field;
}

static FORCEINLINE struct wsk_emu_tlg_field wsk_emu_tlg_field_make(PCSTR Format, PCSTR Name, struct wsk_emu_trace_arg Arg)
{
    struct wsk_emu_tlg_field field = wsk_emu_tlg_none();

    field.Format = Format;
    field.Name = Name;
    field.Args[0] = Arg;
    field.ArgCount = 1;
    return field;
}

/* The count comes first in the format. */
static FORCEINLINE struct wsk_emu_tlg_field wsk_emu_tlg_counted_make(
    PCSTR Format, PCSTR Name, struct wsk_emu_trace_arg Arg, ULONG Count)
{
    struct wsk_emu_tlg_field field = wsk_emu_tlg_field_make(Format, Name, Arg);

    field.Args[1] = field.Args[0];
    field.Args[0] = wsk_emu_trace_arg_make(WSK_EMU_TRACE_UNSIGNED, &Count, sizeof(Count));
    field.ArgCount = 2;
    return field;
}

static FORCEINLINE struct wsk_emu_tlg_field wsk_emu_tlg_array_make(
    PCSTR Format, PCSTR Name, struct wsk_emu_trace_arg Arg, ULONG Kind, ULONG ElementBytes, ULONG Count)
{
    struct wsk_emu_tlg_field field = wsk_emu_tlg_field_make(Format, Name, Arg);

    field.ElementBytes = ElementBytes;
    field.ElementKind = Kind;
    field.Count = Count;
    return field;
}

#ifdef __cplusplus
} /* extern "C" */
#endif

/*
 * Providers. The GUID is a list of eleven numbers in parentheses; options behind it have no effect.
 */
#define WSK_EMU_TLG_GUID(_l, _w1, _w2, _b1, _b2, _b3, _b4, _b5, _b6, _b7, _b8)                                         \
    { _l, _w1, _w2, { _b1, _b2, _b3, _b4, _b5, _b6, _b7, _b8 } }
#define TRACELOGGING_DECLARE_PROVIDER(_handle) EXTERN_C const TraceLoggingHProvider _handle
#define TRACELOGGING_DEFINE_PROVIDER_STORAGE(_storage, _name, _guid, ...)                                              \
    static struct _tlgProvider_t _storage = { 0, _name, WSK_EMU_TLG_GUID _guid }
#define TRACELOGGING_DEFINE_PROVIDER(_handle, _name, _guid, ...)                                                       \
    TRACELOGGING_DEFINE_PROVIDER_STORAGE(_handle##_storage, _name, _guid);                                             \
    EXTERN_C const TraceLoggingHProvider _handle;                                                                      \
    const TraceLoggingHProvider _handle = &_handle##_storage
#define TraceLoggingOptionGroup(...)
#define TraceLoggingOptionMicrosoftTelemetry(...)

#define TraceLoggingRegister(_handle) wsk_emu_tlg_register((_handle), NULL, NULL)
#define TraceLoggingRegisterEx(_handle, _callback, _context) wsk_emu_tlg_register((_handle), (_callback), (_context))
#define TraceLoggingUnregister(_handle) wsk_emu_tlg_unregister(_handle)
#define TraceLoggingProviderEnabled(_handle, _level, _keyword) wsk_emu_tlg_enabled((_handle), (_level), (_keyword))
#define TraceLoggingProviderId(_handle) ((_handle)->Id)
#define TraceLoggingProviderName(_handle) ((_handle)->Name)

/*
 * An event. Its arguments stand here twice: once for its settings, when fields give nothing and evaluate nothing, and again
 * when the provider is enabled for it.
 */
#define TraceLoggingWrite(_handle, _event, ...)                                                                        \
    TraceLoggingWriteActivity(_handle, _event, NULL, NULL __VA_OPT__(, ) __VA_ARGS__)
#define TraceLoggingWriteActivity(_handle, _event, _activity, _related, ...)                                           \
    do {                                                                                                               \
        TraceLoggingHProvider wsk_emu_tlg_provider = (_handle);                                                        \
        BOOLEAN wsk_emu_tlg_is_wanted;                                                                                 \
        {                                                                                                              \
            enum { wsk_emu_tlg_has_fields = 0 };                                                                       \
            const struct wsk_emu_tlg_field wsk_emu_tlg_fields[] = { wsk_emu_tlg_none() __VA_OPT__(, ) __VA_ARGS__ };   \
            wsk_emu_tlg_is_wanted = wsk_emu_tlg_wants(wsk_emu_tlg_provider, wsk_emu_tlg_fields,                        \
                sizeof(wsk_emu_tlg_fields) / sizeof(wsk_emu_tlg_fields[0]));                                           \
        }                                                                                                              \
        if (wsk_emu_tlg_is_wanted) {                                                                                   \
            enum { wsk_emu_tlg_has_fields = 1 };                                                                       \
            const struct wsk_emu_tlg_field wsk_emu_tlg_fields[] = { wsk_emu_tlg_none() __VA_OPT__(, ) __VA_ARGS__ };   \
            wsk_emu_tlg_write(wsk_emu_tlg_provider, (_event), (_activity), (_related), wsk_emu_tlg_fields,             \
                sizeof(wsk_emu_tlg_fields) / sizeof(wsk_emu_tlg_fields[0]));                                           \
        }                                                                                                              \
    } while (0)

/*
 * Settings of an event.
 */
#define TraceLoggingLevel(_level) wsk_emu_tlg_setting(WSK_EMU_TLG_LEVEL, (ULONGLONG)(_level), NULL)
#define TraceLoggingKeyword(_keyword) wsk_emu_tlg_setting(WSK_EMU_TLG_KEYWORD, (ULONGLONG)(_keyword), NULL)
#define TraceLoggingOpcode(_opcode) wsk_emu_tlg_setting(WSK_EMU_TLG_OPCODE, (ULONGLONG)(_opcode), NULL)
#define TraceLoggingChannel(_channel) wsk_emu_tlg_setting(WSK_EMU_TLG_CHANNEL, (ULONGLONG)(_channel), NULL)
#define TraceLoggingEventTag(_tag) wsk_emu_tlg_none()
#define TraceLoggingDescription(_text) wsk_emu_tlg_none()
/* The next _count fields belong together. */
#define TraceLoggingStruct(_count, _name, ...) wsk_emu_tlg_setting(WSK_EMU_TLG_STRUCT, (ULONGLONG)(_count), (_name))

/*
 * Fields: the value, then perhaps a name (else the text of the value), a description and tags.
 */
#define WSK_EMU_TLG_FIRST(_first, ...) _first
#define WSK_EMU_TLG_FIELD(_format, _value, _text, ...)                                                                 \
    (wsk_emu_tlg_has_fields                                                                                            \
            ? wsk_emu_tlg_field_make(                                                                                  \
                  _format, WSK_EMU_TLG_FIRST(__VA_ARGS__ __VA_OPT__(, ) _text), WSK_EMU_TRACE_ARG(_value))             \
            : wsk_emu_tlg_none())
#define WSK_EMU_TLG_COUNTED(_format, _value, _count, _text, ...)                                                       \
    (wsk_emu_tlg_has_fields                                                                                            \
            ? wsk_emu_tlg_counted_make(_format, WSK_EMU_TLG_FIRST(__VA_ARGS__ __VA_OPT__(, ) _text),                   \
                  WSK_EMU_TRACE_ARG(_value), (ULONG)(_count))                                                          \
            : wsk_emu_tlg_none())
#define WSK_EMU_TLG_ARRAY(_format, _kind, _bytes, _value, _count, _text, ...)                                          \
    (wsk_emu_tlg_has_fields                                                                                            \
            ? wsk_emu_tlg_array_make(_format, WSK_EMU_TLG_FIRST(__VA_ARGS__ __VA_OPT__(, ) _text),                     \
                  WSK_EMU_TRACE_ARG(_value), _kind, _bytes, (ULONG)(_count))                                           \
            : wsk_emu_tlg_none())

#define TraceLoggingInt8(_v, ...) WSK_EMU_TLG_FIELD("%hhd", _v, #_v, __VA_ARGS__)
#define TraceLoggingUInt8(_v, ...) WSK_EMU_TLG_FIELD("%hhu", _v, #_v, __VA_ARGS__)
#define TraceLoggingInt16(_v, ...) WSK_EMU_TLG_FIELD("%hd", _v, #_v, __VA_ARGS__)
#define TraceLoggingUInt16(_v, ...) WSK_EMU_TLG_FIELD("%hu", _v, #_v, __VA_ARGS__)
#define TraceLoggingInt32(_v, ...) WSK_EMU_TLG_FIELD("%d", _v, #_v, __VA_ARGS__)
#define TraceLoggingUInt32(_v, ...) WSK_EMU_TLG_FIELD("%u", _v, #_v, __VA_ARGS__)
#define TraceLoggingInt64(_v, ...) WSK_EMU_TLG_FIELD("%I64d", _v, #_v, __VA_ARGS__)
#define TraceLoggingUInt64(_v, ...) WSK_EMU_TLG_FIELD("%I64u", _v, #_v, __VA_ARGS__)
#define TraceLoggingIntPtr(_v, ...) WSK_EMU_TLG_FIELD("%Id", _v, #_v, __VA_ARGS__)
#define TraceLoggingUIntPtr(_v, ...) WSK_EMU_TLG_FIELD("%Iu", _v, #_v, __VA_ARGS__)
#define TraceLoggingLong(_v, ...) WSK_EMU_TLG_FIELD("%d", _v, #_v, __VA_ARGS__)
#define TraceLoggingULong(_v, ...) WSK_EMU_TLG_FIELD("%u", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexInt8(_v, ...) WSK_EMU_TLG_FIELD("0x%hhx", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexUInt8(_v, ...) WSK_EMU_TLG_FIELD("0x%hhx", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexInt16(_v, ...) WSK_EMU_TLG_FIELD("0x%hx", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexUInt16(_v, ...) WSK_EMU_TLG_FIELD("0x%hx", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexInt32(_v, ...) WSK_EMU_TLG_FIELD("0x%x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexUInt32(_v, ...) WSK_EMU_TLG_FIELD("0x%x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexInt64(_v, ...) WSK_EMU_TLG_FIELD("0x%I64x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexUInt64(_v, ...) WSK_EMU_TLG_FIELD("0x%I64x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexLong(_v, ...) WSK_EMU_TLG_FIELD("0x%x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexULong(_v, ...) WSK_EMU_TLG_FIELD("0x%x", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexIntPtr(_v, ...) WSK_EMU_TLG_FIELD("0x%Ix", _v, #_v, __VA_ARGS__)
#define TraceLoggingHexUIntPtr(_v, ...) WSK_EMU_TLG_FIELD("0x%Ix", _v, #_v, __VA_ARGS__)
#define TraceLoggingFloat32(_v, ...) WSK_EMU_TLG_FIELD("%g", _v, #_v, __VA_ARGS__)
#define TraceLoggingFloat64(_v, ...) WSK_EMU_TLG_FIELD("%g", _v, #_v, __VA_ARGS__)
#define TraceLoggingBoolean(_v, ...) WSK_EMU_TLG_FIELD("%!bool8!", _v, #_v, __VA_ARGS__)
#define TraceLoggingBool(_v, ...) WSK_EMU_TLG_FIELD("%!bool!", _v, #_v, __VA_ARGS__)
#define TraceLoggingChar(_v, ...) WSK_EMU_TLG_FIELD("%hc", _v, #_v, __VA_ARGS__)
#define TraceLoggingWChar(_v, ...) WSK_EMU_TLG_FIELD("%wc", _v, #_v, __VA_ARGS__)
#define TraceLoggingPointer(_v, ...) WSK_EMU_TLG_FIELD("0x%Ix", _v, #_v, __VA_ARGS__)
#define TraceLoggingCodePointer(_v, ...) WSK_EMU_TLG_FIELD("0x%Ix", _v, #_v, __VA_ARGS__)
#define TraceLoggingPid(_v, ...) WSK_EMU_TLG_FIELD("%u", _v, #_v, __VA_ARGS__)
#define TraceLoggingTid(_v, ...) WSK_EMU_TLG_FIELD("%u", _v, #_v, __VA_ARGS__)
#define TraceLoggingPort(_v, ...) WSK_EMU_TLG_FIELD("%!PORT!", _v, #_v, __VA_ARGS__)
#define TraceLoggingIPv4Address(_v, ...) WSK_EMU_TLG_FIELD("%!IPADDR!", _v, #_v, __VA_ARGS__)
#define TraceLoggingIPv6Address(_v, ...) WSK_EMU_TLG_FIELD("%!IPV6ADDR!", _v, #_v, __VA_ARGS__)
#define TraceLoggingSocketAddress(_v, _size, ...) TraceLoggingBinary(_v, _size, __VA_ARGS__)
#define TraceLoggingGuid(_v, ...) WSK_EMU_TLG_FIELD("%!GUID!", _v, #_v, __VA_ARGS__)
#define TraceLoggingSid(_v, ...) WSK_EMU_TLG_FIELD("%!sid!", _v, #_v, __VA_ARGS__)
#define TraceLoggingNTStatus(_v, ...) WSK_EMU_TLG_FIELD("%!STATUS!", _v, #_v, __VA_ARGS__)
#define TraceLoggingHResult(_v, ...) WSK_EMU_TLG_FIELD("%!HRESULT!", _v, #_v, __VA_ARGS__)
#define TraceLoggingWinError(_v, ...) WSK_EMU_TLG_FIELD("%!WINERROR!", _v, #_v, __VA_ARGS__)
#define TraceLoggingFileTime(_v, ...) WSK_EMU_TLG_FIELD("%!TIMESTAMP!", _v, #_v, __VA_ARGS__)
#define TraceLoggingFileTimeUtc(_v, ...) WSK_EMU_TLG_FIELD("%!TIMESTAMP!", _v, #_v, __VA_ARGS__)
#define TraceLoggingString(_v, ...) WSK_EMU_TLG_FIELD("\"%hs\"", _v, #_v, __VA_ARGS__)
#define TraceLoggingUtf8String(_v, ...) WSK_EMU_TLG_FIELD("\"%hs\"", _v, #_v, __VA_ARGS__)
#define TraceLoggingWideString(_v, ...) WSK_EMU_TLG_FIELD("\"%ws\"", _v, #_v, __VA_ARGS__)
#define TraceLoggingUnicodeString(_v, ...) WSK_EMU_TLG_FIELD("\"%wZ\"", _v, #_v, __VA_ARGS__)
#define TraceLoggingAnsiString(_v, ...) WSK_EMU_TLG_FIELD("\"%Z\"", _v, #_v, __VA_ARGS__)
#define TraceLoggingCountedString(_v, _n, ...) WSK_EMU_TLG_COUNTED("\"%.*hs\"", _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingCountedUtf8String(_v, _n, ...) WSK_EMU_TLG_COUNTED("\"%.*hs\"", _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingCountedWideString(_v, _n, ...) WSK_EMU_TLG_COUNTED("\"%.*ws\"", _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingBinary(_v, _size, ...)                                                                             \
    WSK_EMU_TLG_ARRAY("%02hhx", WSK_EMU_TRACE_UNSIGNED, 1, _v, _size, #_v, __VA_ARGS__)
#define TraceLoggingInt32Array(_v, _n, ...)                                                                            \
    WSK_EMU_TLG_ARRAY("%d", WSK_EMU_TRACE_SIGNED, 4, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingUInt32Array(_v, _n, ...)                                                                           \
    WSK_EMU_TLG_ARRAY("%u", WSK_EMU_TRACE_UNSIGNED, 4, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingUInt8Array(_v, _n, ...)                                                                            \
    WSK_EMU_TLG_ARRAY("%u", WSK_EMU_TRACE_UNSIGNED, 1, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingUInt16Array(_v, _n, ...)                                                                           \
    WSK_EMU_TLG_ARRAY("%u", WSK_EMU_TRACE_UNSIGNED, 2, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingInt64Array(_v, _n, ...)                                                                            \
    WSK_EMU_TLG_ARRAY("%I64d", WSK_EMU_TRACE_SIGNED, 8, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingUInt64Array(_v, _n, ...)                                                                           \
    WSK_EMU_TLG_ARRAY("%I64u", WSK_EMU_TRACE_UNSIGNED, 8, _v, _n, #_v, __VA_ARGS__)
#define TraceLoggingInt32FixedArray(_v, _n, ...) TraceLoggingInt32Array(_v, _n, __VA_ARGS__)
#define TraceLoggingUInt32FixedArray(_v, _n, ...) TraceLoggingUInt32Array(_v, _n, __VA_ARGS__)
#define TraceLoggingUInt8FixedArray(_v, _n, ...) TraceLoggingUInt8Array(_v, _n, __VA_ARGS__)
#define TraceLoggingUInt16FixedArray(_v, _n, ...) TraceLoggingUInt16Array(_v, _n, __VA_ARGS__)
#define TraceLoggingInt64FixedArray(_v, _n, ...) TraceLoggingInt64Array(_v, _n, __VA_ARGS__)
#define TraceLoggingUInt64FixedArray(_v, _n, ...) TraceLoggingUInt64Array(_v, _n, __VA_ARGS__)

/*
 * TraceLoggingValue shows a value as its type asks for.
 */
#ifdef __cplusplus
extern "C++" {
template <typename Type> struct wsk_emu_tlg_format {
    static PCSTR of()
    {
        return wsk_emu_trace_kind<Type>::value == WSK_EMU_TRACE_SIGNED     ? "%I64d"
               : wsk_emu_trace_kind<Type>::value == WSK_EMU_TRACE_UNSIGNED ? "%I64u"
               : wsk_emu_trace_kind<Type>::value == WSK_EMU_TRACE_FLOATING ? "%g"
               : wsk_emu_trace_kind<Type>::value == WSK_EMU_TRACE_POINTER  ? "0x%Ix"
                                                                           : "%!HEXDUMP!";
    }
};
#define WSK_EMU_TLG_FORMAT_OF(_type, _format)                                                                          \
    template <> struct wsk_emu_tlg_format<_type> {                                                                     \
        static PCSTR of()                                                                                              \
        {                                                                                                              \
            return _format;                                                                                            \
        }                                                                                                              \
    };
WSK_EMU_TLG_FORMAT_OF(bool, "%!bool!")
WSK_EMU_TLG_FORMAT_OF(char *, "\"%hs\"")
WSK_EMU_TLG_FORMAT_OF(const char *, "\"%hs\"")
WSK_EMU_TLG_FORMAT_OF(WCHAR *, "\"%ws\"")
WSK_EMU_TLG_FORMAT_OF(const WCHAR *, "\"%ws\"")
WSK_EMU_TLG_FORMAT_OF(GUID, "%!GUID!")
#undef WSK_EMU_TLG_FORMAT_OF

template <typename Type> static inline struct wsk_emu_tlg_field wsk_emu_tlg_value(PCSTR Name, Type Value)
{
    return wsk_emu_tlg_field_make(wsk_emu_tlg_format<Type>::of(), Name, wsk_emu_trace_arg_of(Value));
}
} /* extern "C++" */

#define TraceLoggingValue(_v, ...)                                                                                     \
    (wsk_emu_tlg_has_fields ? wsk_emu_tlg_value(WSK_EMU_TLG_FIRST(__VA_ARGS__ __VA_OPT__(, ) #_v), _v)                 \
                            : wsk_emu_tlg_none())
#else
#define WSK_EMU_TLG_FORMAT(_v)                                                                                         \
    _Generic((1 ? (_v) : (_v)),                                                                                        \
        char *: "\"%hs\"",                                                                                             \
        const char *: "\"%hs\"",                                                                                       \
        WCHAR *: "\"%ws\"",                                                                                            \
        const WCHAR *: "\"%ws\"",                                                                                      \
        int: "%I64d",                                                                                                  \
        long: "%I64d",                                                                                                 \
        long long: "%I64d",                                                                                            \
        unsigned int: "%I64u",                                                                                         \
        unsigned long: "%I64u",                                                                                        \
        unsigned long long: "%I64u",                                                                                   \
        float: "%g",                                                                                                   \
        double: "%g",                                                                                                  \
        GUID: "%!GUID!",                                                                                               \
        default: "0x%Ix")
#define TraceLoggingValue(_v, ...) WSK_EMU_TLG_FIELD(WSK_EMU_TLG_FORMAT(_v), _v, #_v, __VA_ARGS__)
#endif

#endif
