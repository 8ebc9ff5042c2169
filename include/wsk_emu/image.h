/* SPDX-License-Identifier: MIT */
/** @file
 * What wsk_emu_add_driver compiles into a driver: where its code and its variables are. Not meant to be used by hand. */
#ifndef WSK_EMU_IMAGE_H
#define WSK_EMU_IMAGE_H

#include "wsk_emu/export.h"
#include "wsk_emu/wdk/wdm.h"

WSK_EMU_BEGIN

/** A driver in memory. Known to the library from the start of the program, or the loading of the shared object, to its end. */
struct wsk_emu_image {
    PDRIVER_INITIALIZE entry;
    const char *text_begin; /**< code */
    const char *text_end;
    char *data_begin; /**< variables with initial values; NULL when there are none */
    char *data_end;
    char *bss_begin; /**< variables that are zero at first; NULL when there are none */
    char *bss_end;
    struct wsk_emu_image *next; /**< this and the rest belong to the library */
    void *initial_data;
    void *initial_bss;
    int is_kept;
    unsigned load_count; /**< drivers that are loaded from it */
};

/** Makes an image known; called before main, or while its shared object is loaded. */
WSK_EMU_API void wsk_emu_image_add(struct wsk_emu_image *image);
/** Forgets it; called after main, or while its shared object leaves memory. */
WSK_EMU_API void wsk_emu_image_remove(struct wsk_emu_image *image);

/* The ends of the sections, which the linker names. */
#define WSK_EMU_IMAGE_ENDS(part, name)                                                         \
    extern char __start_wsk_emu_##part##_##name[] __attribute__((weak, visibility("hidden"))); \
    extern char __stop_wsk_emu_##part##_##name[] __attribute__((weak, visibility("hidden")))

/** Defines the image of the driver name. */
#define WSK_EMU_IMAGE(name)                                                                     \
    WSK_EMU_IMAGE_ENDS(text, name);                                                             \
    WSK_EMU_IMAGE_ENDS(data, name);                                                             \
    WSK_EMU_IMAGE_ENDS(bss, name);                                                              \
    /* In a section of its own: a load must not reset what the library keeps here. */           \
    static struct wsk_emu_image wsk_emu_image_record __attribute__((section("wsk_emu_image"))); \
    __attribute__((constructor)) static void wsk_emu_image_begin(void)                          \
    {                                                                                           \
        wsk_emu_image_record.entry = DriverEntry;                                               \
        wsk_emu_image_record.text_begin = __start_wsk_emu_text_##name;                          \
        wsk_emu_image_record.text_end = __stop_wsk_emu_text_##name;                             \
        wsk_emu_image_record.data_begin = __start_wsk_emu_data_##name;                          \
        wsk_emu_image_record.data_end = __stop_wsk_emu_data_##name;                             \
        wsk_emu_image_record.bss_begin = __start_wsk_emu_bss_##name;                            \
        wsk_emu_image_record.bss_end = __stop_wsk_emu_bss_##name;                               \
        wsk_emu_image_add(&wsk_emu_image_record);                                               \
    }                                                                                           \
    __attribute__((destructor)) static void wsk_emu_image_end(void)                             \
    {                                                                                           \
        wsk_emu_image_remove(&wsk_emu_image_record);                                            \
    }                                                                                           \
    struct wsk_emu_image

WSK_EMU_END

#endif
