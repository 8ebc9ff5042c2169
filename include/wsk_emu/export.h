/* SPDX-License-Identifier: MIT */
/* Visibility of the library's own functions, and the few words that C and C++ spell differently. */
#ifndef WSK_EMU_EXPORT_H
#define WSK_EMU_EXPORT_H

#define WSK_EMU_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define WSK_EMU_BEGIN extern "C" {
#define WSK_EMU_END }
#else
#define WSK_EMU_BEGIN
#define WSK_EMU_END
#endif

#endif
