/* SPDX-License-Identifier: MIT */
/* The control model of a driver that traces by WPP, made from its WPP_CONTROL_GUIDS. Each generated .tmh file includes
 * this behind the driver's definitions. */
#ifndef WSK_EMU_WDK_WPP_CONTROL_H
#define WSK_EMU_WDK_WPP_CONTROL_H

#include "wpp.h"

#if defined(WPP_DEFAULT_CONTROL_GUID) && !defined(WPP_CONTROL_GUIDS)
#define WPP_CONTROL_GUIDS                                                                                              \
    WPP_DEFINE_CONTROL_GUID(Default, (WPP_DEFAULT_CONTROL_GUID),                                                       \
                            WPP_DEFINE_BIT(Error) WPP_DEFINE_BIT(Unusual) WPP_DEFINE_BIT(Noise))
#endif
#ifndef WPP_CONTROL_GUIDS
#error A source that includes a .tmh file defines WPP_CONTROL_GUIDS before it, or includes the header that does.
#endif

#define WSK_EMU_WPP_GLUE_(_first, _second) _first##_second
#define WSK_EMU_WPP_GLUE(_first, _second) WSK_EMU_WPP_GLUE_(_first, _second)

/* Names of the control blocks: one pair for each driver, so that several can be in one program. */
#ifndef WPP_CB
#ifdef WSK_EMU_WPP_DRIVER
#define WPP_CB WSK_EMU_WPP_GLUE(WSK_EMU_WPP_DRIVER, _WPP_GLOBAL_Control)
#else
#define WPP_CB WPP_GLOBAL_Control
#endif
#endif
#ifndef WPP_CB_TYPE
#define WPP_CB_TYPE WPP_PROJECT_CONTROL_BLOCK
#endif
#ifndef WPP_MAIN_CB
#define WPP_MAIN_CB WSK_EMU_WPP_GLUE(WPP_CB, _blocks)
#endif

/* WPP_CTL_x counts the GUIDs, WPP_BIT_y the flags: the GUID's number in the upper half, from 1 in the lower. */
#define WPP_DEFINE_CONTROL_GUID(_Name, _Guid, _Bits) WSK_EMU_WPP_GLUE(WPP_CTL_, _Name),
enum WPP_CTL_NAMES { WPP_CONTROL_GUIDS WPP_LAST_CTL };
#undef WPP_DEFINE_CONTROL_GUID

#define WPP_DEFINE_CONTROL_GUID(_Name, _Guid, _Bits)                                                                   \
    WSK_EMU_WPP_GLUE(WPP_BLOCK_START_, _Name) = (int)WSK_EMU_WPP_GLUE(WPP_CTL_, _Name) * 0x10000,                      \
    _Bits WSK_EMU_WPP_GLUE(WPP_BLOCK_END_, _Name),
#define WPP_DEFINE_BIT(_Name) WPP_BIT_##_Name,
enum WPP_DEFINE_BIT_NAMES { WPP_CONTROL_GUIDS };
#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID

#define WPP_DEFINE_CONTROL_GUID(_Name, _Guid, _Bits)                                                                   \
    C_ASSERT((WSK_EMU_WPP_GLUE(WPP_BLOCK_END_, _Name) & 0xFFFF) <= WSK_EMU_WPP_FLAG_WORDS * 32 + 1);
WPP_CONTROL_GUIDS
#undef WPP_DEFINE_CONTROL_GUID

#define WPP_MASK(_CTL) (1U << (((_CTL)-1) & 31))
#define WPP_FLAG_NO(_CTL) ((0xFFFF & ((_CTL)-1)) / 32)
#define WPP_CTRL_NO(_CTL) ((_CTL) >> 16)

#ifdef __cplusplus
extern "C" {
#endif
/* The pointer leads to itself while tracing is off: the same sign that drivers know. */
extern WPP_CB_TYPE *WPP_CB;
DECLSPEC_SELECTANY WPP_CB_TYPE *WPP_CB = (WPP_CB_TYPE *)&WPP_CB;
extern WPP_CB_TYPE WPP_MAIN_CB[WPP_LAST_CTL];
DECLSPEC_SELECTANY WPP_CB_TYPE WPP_MAIN_CB[WPP_LAST_CTL];
#ifdef __cplusplus
}
#endif

#define WPP_CONTROL(_CTL) (WPP_CB[WPP_CTRL_NO(_CTL)].Control)

#ifndef WPP_FLAG_ENABLED
#define WPP_FLAG_ENABLED(_CTL)                                                                                         \
    ((WPP_CONTROL(WPP_BIT_##_CTL).Flags[WPP_FLAG_NO(WPP_BIT_##_CTL)] & WPP_MASK(WPP_BIT_##_CTL)) != 0)
#endif
#ifndef WPP_FLAG_LOGGER
#define WPP_FLAG_LOGGER(_CTL) (WPP_CONTROL(WPP_BIT_##_CTL).Logger),
#endif
#ifndef WPP_FLAGS_ENABLED
#define WPP_FLAGS_ENABLED(_CTL) WPP_FLAG_ENABLED(_CTL)
#endif
#ifndef WPP_FLAGS_LOGGER
#define WPP_FLAGS_LOGGER(_CTL) WPP_FLAG_LOGGER(_CTL)
#endif
/* For historical reasons LEVEL alone means a flag, unless the driver says that it means a level. */
#ifndef WPP_USE_TRACE_LEVELS
#ifndef WPP_LEVEL_ENABLED
#define WPP_LEVEL_ENABLED(_CTL) WPP_FLAG_ENABLED(_CTL)
#endif
#ifndef WPP_LEVEL_LOGGER
#define WPP_LEVEL_LOGGER(_CTL) WPP_FLAG_LOGGER(_CTL)
#endif
#else
#ifndef WPP_LEVEL_ENABLED
#define WPP_LEVEL_ENABLED(_Level) (WPP_CB[0].Control.Level >= (_Level))
#endif
#ifndef WPP_LEVEL_LOGGER
#define WPP_LEVEL_LOGGER(_Level) (WPP_CB[0].Control.Logger),
#endif
#endif
#ifndef WPP_ENABLED
#define WPP_ENABLED() 1
#endif
#ifndef WPP_LOGGER
#define WPP_LOGGER() (WPP_CB[0].Control.Logger),
#endif

/* True between WPP_INIT_TRACING and WPP_CLEANUP. */
#define WSK_EMU_WPP_IS_OPEN()                                                                                          \
    (WPP_CB != (WPP_CB_TYPE *)&WPP_CB || wsk_emu_wpp_is_lost((PVOID *)&WPP_CB, __FUNCTION__, __FILE__, __LINE__))

#define WSK_EMU_WPP_BYTE(_val, _n) (UCHAR)(((ULONGLONG)(0x##_val) >> (8 * (_n))) & 0xFF)
#define WSK_EMU_WPP_GUID(_l, _w1, _w2, _w3, _ll)                                                                       \
    {                                                                                                                  \
        0x##_l, 0x##_w1, 0x##_w2,                                                                                      \
        {                                                                                                              \
            WSK_EMU_WPP_BYTE(_w3, 1), WSK_EMU_WPP_BYTE(_w3, 0), WSK_EMU_WPP_BYTE(_ll, 5), WSK_EMU_WPP_BYTE(_ll, 4),    \
                WSK_EMU_WPP_BYTE(_ll, 3), WSK_EMU_WPP_BYTE(_ll, 2), WSK_EMU_WPP_BYTE(_ll, 1),                          \
                WSK_EMU_WPP_BYTE(_ll, 0)                                                                               \
        }                                                                                                              \
    }

static __inline__ void wsk_emu_wpp_start(void)
{
#define WPP_DEFINE_CONTROL_GUID(_Name, _Guid, _Bits) { WSK_EMU_WPP_GUID _Guid, #_Name, "" _Bits },
#define WPP_DEFINE_BIT(_Name) " " #_Name
    static const struct wsk_emu_wpp_guid guids[] = { WPP_CONTROL_GUIDS };
#undef WPP_DEFINE_BIT
#undef WPP_DEFINE_CONTROL_GUID

    wsk_emu_wpp_init((PVOID *)&WPP_CB, WPP_MAIN_CB, guids, WPP_LAST_CTL);
}

/* Drivers give one argument or two; each is evaluated once. */
#define WPP_INIT_TRACING(_DriverObject, ...) ((void)(_DriverObject), __VA_OPT__((void)(__VA_ARGS__), ) wsk_emu_wpp_start())
#define WPP_CLEANUP(...) (__VA_OPT__((void)(__VA_ARGS__), ) wsk_emu_wpp_cleanup((PVOID *)&WPP_CB))

#endif
