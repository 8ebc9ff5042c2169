/* SPDX-License-Identifier: MIT */
/* What every generated .tmh file includes: tracing by WPP, up to the control GUIDs, which only the driver knows. */
#ifndef WSK_EMU_WDK_WPP_H
#define WSK_EMU_WDK_WPP_H

#include "../evntrace.h"
#include "../wdm.h"
#include "trace_arg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of one control GUID, in words of 32. */
#define WSK_EMU_WPP_FLAG_WORDS 8

/*
 * What a driver's own macros look at: WPP_CONTROL(WPP_BIT_x).Level and .Flags.
 */
typedef struct _WPP_TRACE_CONTROL_BLOCK {
    PVOID Callback;
    LPCGUID ControlGuid;
    struct _WPP_TRACE_CONTROL_BLOCK *Next;
    TRACEHANDLE Logger;
    PUNICODE_STRING RegistryPath;
    UCHAR FlagsLen;
    UCHAR Level;
    USHORT Reserved;
    ULONG Flags[WSK_EMU_WPP_FLAG_WORDS];
} WPP_TRACE_CONTROL_BLOCK, *PWPP_TRACE_CONTROL_BLOCK;

typedef union {
    WPP_TRACE_CONTROL_BLOCK Control;
} WPP_PROJECT_CONTROL_BLOCK;

/* One WPP_DEFINE_CONTROL_GUID. */
struct wsk_emu_wpp_guid {
    GUID Guid;
    PCSTR Name;
    PCSTR Bits; /* names of the flags, each behind a space */
};

/*
 * A type that the configuration defines. With a function, the value is taken apart by the driver's helper macro.
 */
struct wsk_emu_wpp_pair {
    const void *Address;
    SIZE_T Size;
};
typedef VOID wsk_emu_wpp_show(PVOID Context, const struct wsk_emu_wpp_pair *Pairs, SIZE_T Count);
typedef VOID wsk_emu_wpp_take(const void *Value, wsk_emu_wpp_show *Show, PVOID Context);
struct wsk_emu_wpp_type {
    PCSTR Name;  /* NULL: the end of the list */
    PCSTR Item;  /* ItemHEXDump, ItemListLong(a,b), ... */
    ULONG Size;  /* of the argument, when Take is set */
    wsk_emu_wpp_take *Take;
};

/* What is known of a call when it is compiled. */
struct wsk_emu_wpp_site {
    TRACEHANDLE Logger;
    UCHAR Level; /* 0: the call has none */
    PCSTR LevelText;
    PCSTR FlagText;
    const struct wsk_emu_wpp_type *Types;
    PCSTR Function;
    PCSTR File;
    ULONG Line;
    PCSTR Prefix;
    PCSTR Message;
    PCSTR Suffix;
};

/* WPP_INIT_TRACING and WPP_CLEANUP. ControlBlock is the address of the driver's WPP_CB; Count control blocks belong to
 * the Count GUIDs. PASSIVE_LEVEL. */
VOID wsk_emu_wpp_init(
    PVOID *ControlBlock, WPP_PROJECT_CONTROL_BLOCK *Blocks, const struct wsk_emu_wpp_guid *Guids, ULONG Count);
VOID wsk_emu_wpp_cleanup(PVOID *ControlBlock);
/* A trace before WPP_INIT_TRACING or after WPP_CLEANUP, which Windows drops. Returns FALSE. */
BOOLEAN wsk_emu_wpp_is_lost(PVOID *ControlBlock, PCSTR Function, PCSTR File, ULONG Line);
VOID wsk_emu_wpp_write(const struct wsk_emu_wpp_site *Site, const struct wsk_emu_trace_arg *Args, ULONG Count);

#ifdef __cplusplus
extern "C++" {
template <typename... Types>
static inline void wsk_emu_wpp_call(const struct wsk_emu_wpp_site &Site, int, Types... Values)
{
    const struct wsk_emu_trace_arg args[sizeof...(Values) + 1] = { wsk_emu_trace_arg_of(Values)..., {} };

    wsk_emu_wpp_write(&Site, args, (ULONG)sizeof...(Values));
}
} /* extern "C++" */
#endif

#ifdef __cplusplus
} /* extern "C" */
#endif

/*
 * The call behind each trace macro. _where is "logger, level": the macro of the driver that names the logger brings the
 * comma. The arguments are those of the prefix, the message and the suffix, behind a zero.
 */
#ifdef __cplusplus
#define WSK_EMU_WPP_WRITE(_where, _level_text, _flag_text, _prefix, _message, _suffix, ...)                            \
    wsk_emu_wpp_call(wsk_emu_wpp_site{ _where, _level_text, _flag_text, wsk_emu_wpp_types, __FUNCTION__, __FILE__,     \
                                       __LINE__, _prefix, _message, _suffix },                                        \
                     __VA_ARGS__)
#else
#define WSK_EMU_WPP_WRITE(_where, _level_text, _flag_text, _prefix, _message, _suffix, ...)                            \
    wsk_emu_wpp_write(&(const struct wsk_emu_wpp_site){ _where, _level_text, _flag_text, wsk_emu_wpp_types,            \
                                                        __FUNCTION__, __FILE__, __LINE__, _prefix, _message,           \
                                                        _suffix },                                                     \
                      (const struct wsk_emu_trace_arg[]){ WSK_EMU_TRACE_ARGS(__VA_ARGS__){ { { 0 } }, 0, 0 } },        \
                      (ULONG)(sizeof((const struct wsk_emu_trace_arg[]){ WSK_EMU_TRACE_ARGS(__VA_ARGS__){ { { 0 } }, 0, 0 } }) / \
                              sizeof(struct wsk_emu_trace_arg)) - 1)
#endif

/*
 * How an argument of a complex type becomes a list of addresses and sizes. Drivers use these in helper macros of theirs.
 */
#ifndef WPP_LOGPAIR
#define WPP_LOGPAIR(_Size, _Addr) { (_Addr), (SIZE_T)(_Size) },
#endif
#define WPP_LOGTYPEVAL(_Type, _Value) WPP_LOGPAIR(sizeof(_Type), &(_Value))
#define WPP_LOGTYPEPTR(_Value) WPP_LOGPAIR(sizeof(*(_Value)), (_Value))
#define WPP_LOGPGUID(_Value) WPP_LOGPAIR(sizeof(GUID), (_Value))
#ifndef WPP_LOGASTR
#define WPP_LOGASTR(_Value)                                                                                            \
    WPP_LOGPAIR((_Value) != NULL ? strlen(_Value) + 1 : 5, (_Value) != NULL ? (const void *)(_Value) : "NULL")
#endif
#ifndef WPP_LOGWSTR
#define WPP_LOGWSTR(_Value)                                                                                            \
    WPP_LOGPAIR((_Value) != NULL ? (wcslen(_Value) + 1) * sizeof(WCHAR) : 10,                                          \
                (_Value) != NULL ? (const void *)(_Value) : u"NULL")
#endif
#ifndef WPP_LOGCSTR
#define WPP_LOGCSTR(_Value)                                                                                            \
    WPP_LOGPAIR(sizeof((_Value).Length), &(_Value).Length) WPP_LOGPAIR((_Value).Length, (_Value).Buffer)
#endif
#ifndef WPP_LOGUSTR
#define WPP_LOGUSTR(_Value) WPP_LOGCSTR(_Value)
#endif
#ifndef WPP_LOGPCSTR
#define WPP_LOGPCSTR(_Value) WPP_LOGCSTR(*(_Value))
#endif
#ifndef WPP_LOGPUSTR
#define WPP_LOGPUSTR(_Value) WPP_LOGCSTR(*(_Value))
#endif

#endif
