/* SPDX-License-Identifier: MIT */
/* Configuration of trace messages: the forms that drivers write. */
#pragma once

#define WPP_CHECK_FOR_NULL_STRING

#define WPP_CONTROL_GUIDS                                                              \
    WPP_DEFINE_CONTROL_GUID(FullTraceGuid, (ed18c9c5, 8322, 48ae, bf78, d01d898a1562), \
                            WPP_DEFINE_BIT(FLAG_GENERAL) /* bit 0 */                   \
                            WPP_DEFINE_BIT(FLAG_NET)     /* bit 1 */                   \
    )                                                                                  \
    WPP_DEFINE_CONTROL_GUID(FullNoisyGuid, (fd18c9c5, 8322, 48ae, bf78, d01d898a1562), WPP_DEFINE_BIT(FLAG_NOISE))

#define WPP_FLAGS_LEVEL_LOGGER(flags, level) WPP_LEVEL_LOGGER(flags)
#define WPP_FLAGS_LEVEL_ENABLED(flags, level) (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_##flags).Level >= level)
#define WPP_LEVEL_FLAGS_LOGGER(level, flags) WPP_LEVEL_LOGGER(flags)
#define WPP_LEVEL_FLAGS_ENABLED(level, flags) (WPP_LEVEL_ENABLED(flags) && WPP_CONTROL(WPP_BIT_##flags).Level >= level)

#define WPP_LEVEL_FLAGS_RET_LOGGER(level, flags, ret) WPP_LEVEL_LOGGER(flags)
#define WPP_LEVEL_FLAGS_RET_ENABLED(level, flags, ret) WPP_LEVEL_FLAGS_ENABLED(level, flags)
#define WPP_LEVEL_FLAGS_RET_POST(level, flags, ret) \
    ;                                               \
    return ret

/* A buffer with its length, for %!HEXDUMP!. */
typedef struct _TRACE_BYTES {
    USHORT Length;
    const void *Buffer;
} TRACE_BYTES;

static FORCEINLINE TRACE_BYTES trace_bytes(const void *buffer, ULONG length)
{
    TRACE_BYTES bytes = { (USHORT)length, buffer };

    return bytes;
}

#define WPP_LOGBYTES(x) WPP_LOGPAIR(2, &((x).Length)) WPP_LOGPAIR((x).Length, (x).Buffer)
#define WPP_LOGMAC(x) WPP_LOGPAIR(6, x)

typedef UCHAR MAC_ADDRESS[6];

/*
 * This text is no configuration: FUNC NotAFunction(MSG, ...);
 *
 * begin_wpp config
 *
 * FUNC Trace{FLAGS=FLAG_GENERAL}(LEVEL, MSG, ...);
 * FUNC TraceEvents(LEVEL, FLAGS, MSG, ...);
 * FUNC TraceDoubled((LEVEL, FLAGS, MSG, ...));
 * FUNC TraceNoise{LEVEL=TRACE_LEVEL_VERBOSE,
 *                 FLAGS=FLAG_NOISE}(MSG, ...);
 * USEPREFIX(TraceEnter, "%!STDPREFIX! --> %!FUNC!(");
 * FUNC TraceEnter{LEVEL=TRACE_LEVEL_VERBOSE, FLAGS=FLAG_GENERAL}(MSG, ...);
 * USESUFFIX(TraceEnter, ")");
 * FUNC TraceEnterVoid{LEVEL=TRACE_LEVEL_VERBOSE, FLAGS=FLAG_GENERAL}();
 * USEPREFIX(TraceEnterVoid, "%!STDPREFIX! --> %!FUNC!");
 * FUNC TraceReturn{LEVEL=TRACE_LEVEL_INFORMATION, FLAGS=FLAG_GENERAL}(RET, MSG, ...);
 * USEPREFIX (TraceReturn, "<-- %!FUNC! = %d%!SPACE!", RET);
 * end_wpp
 */

/*
 * begin_wpp config
 * CUSTOM_TYPE(STATE, ItemListLong(Closed, Listening, Connected));
 * DEFINE_CPLX_TYPE(BYTES, WPP_LOGBYTES, TRACE_BYTES, ItemHEXDump, "s", _HEX_, 0, 2);
 * DEFINE_CPLX_TYPE(MAC, WPP_LOGMAC, MAC_ADDRESS, ItemMACAddr, "s", _MAC_, 0);
 * WPP_FLAGS(-DLOG_BYTES(buffer,length)=trace_bytes(buffer,length));
 * end_wpp
 */
