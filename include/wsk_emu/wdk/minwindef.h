/* SPDX-License-Identifier: MIT */
/* Basic types that kernel sources share with programs. */
#ifndef WSK_EMU_WDK_MINWINDEF_H
#define WSK_EMU_WDK_MINWINDEF_H

#include "ntdef.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MAX_PATH
#define MAX_PATH 260
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#define MAKEWORD(_low, _high) ((WORD)((BYTE)(_low) | ((WORD)(BYTE)(_high) << 8)))
#define MAKELONG(_low, _high) ((LONG)((WORD)(_low) | ((DWORD)(WORD)(_high) << 16)))

typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM, LRESULT;
typedef WORD ATOM;
typedef HANDLE *SPHANDLE, *LPHANDLE, HGLOBAL, HLOCAL;

typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#ifdef __cplusplus
}
#endif

#endif
