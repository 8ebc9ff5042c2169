/* SPDX-License-Identifier: MIT */
/* GUID, its definition macro, and its comparison. */
#ifndef WSK_EMU_WDK_GUIDDEF_H
#define WSK_EMU_WDK_GUIDDEF_H

#include <string.h>

#include "wsk_emu_wdk/compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    __UINT32_TYPE__ Data1;
    __UINT16_TYPE__ Data2;
    __UINT16_TYPE__ Data3;
    __UINT8_TYPE__ Data4[8];
} GUID;
#endif

typedef GUID *LPGUID, *PGUID;
#ifndef UUID_DEFINED
#define UUID_DEFINED
typedef GUID UUID;
#endif
typedef const GUID *LPCGUID, *PCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;
typedef GUID FMTID, *LPFMTID;

#ifdef __cplusplus
#define REFGUID const GUID &
#define REFIID const IID &
#define REFCLSID const CLSID &
#else
#define REFGUID const GUID *
#define REFIID const IID *
#define REFCLSID const CLSID *
#endif

#ifdef __cplusplus
extern "C++" {

static __inline__ int InlineIsEqualGUID(REFGUID rguid1, REFGUID rguid2)
{
    return memcmp(&rguid1, &rguid2, sizeof(GUID)) == 0;
}

static __inline__ int IsEqualGUID(REFGUID rguid1, REFGUID rguid2)
{
    return memcmp(&rguid1, &rguid2, sizeof(GUID)) == 0;
}

static __inline__ bool operator==(REFGUID guidOne, REFGUID guidOther)
{
    return memcmp(&guidOne, &guidOther, sizeof(GUID)) == 0;
}

static __inline__ bool operator!=(REFGUID guidOne, REFGUID guidOther)
{
    return !(guidOne == guidOther);
}

} /* extern "C++" */
#else
#define InlineIsEqualGUID(rguid1, rguid2) (memcmp((rguid1), (rguid2), sizeof(GUID)) == 0)
#define IsEqualGUID(rguid1, rguid2) (memcmp((rguid1), (rguid2), sizeof(GUID)) == 0)
#endif
#define IsEqualIID(riid1, riid2) IsEqualGUID(riid1, riid2)
#define IsEqualCLSID(rclsid1, rclsid2) IsEqualGUID(rclsid1, rclsid2)

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif

/*
 * Outside the include guard, because initguid.h turns declarations into definitions for what is included after it.
 */
#undef DEFINE_GUID
#ifdef INITGUID
#define DEFINE_GUID(_name, _l, _w1, _w2, _b1, _b2, _b3, _b4, _b5, _b6, _b7, _b8)                                       \
    EXTERN_C const GUID _name __attribute__((__weak__));                                                               \
    const GUID _name = {_l, _w1, _w2, {_b1, _b2, _b3, _b4, _b5, _b6, _b7, _b8}}
#else
#define DEFINE_GUID(_name, _l, _w1, _w2, _b1, _b2, _b3, _b4, _b5, _b6, _b7, _b8) EXTERN_C const GUID _name
#endif
