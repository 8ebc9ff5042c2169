/* SPDX-License-Identifier: MIT */
/* Knows where drivers are in memory; keeps the initial values of their variables, and puts them back. */
#include "drv/drv_image.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base_assert.h"
#include "host/host_lock.h"

/* Design
 *
 * On Windows a driver that is unloaded leaves memory, and loading it reads its file again. A driver that is linked into a
 * program would find the variables as the last load left them: the second test of a program would test something else than
 * the first. So the first load copies what the linker put into the driver's sections, and later ones copy it back. The
 * first load and not the start of the program, because constructors of C++ have run by then.
 *
 * The copies live as long as the image. They are no part of an emulated kernel, so they come from malloc and not through
 * the fault point of the library's own memory: a test that lets allocations fail counts the same ones in each of its runs.
 *
 * Nobody else runs code of the image meanwhile, if the last unload was clean; what still does is reported elsewhere. The
 * bytes are copied one by one in functions that no sanitizer watches, because they include the gaps between variables.
 */

#define UNWATCHED __attribute__((noinline, no_sanitize("address", "thread", "undefined")))

static struct we_host_mutex s_lock = WE_HOST_MUTEX_INIT(WE_RANK_IMAGE);
static struct wsk_emu_image *s_images; /* guarded by s_lock */

void wsk_emu_image_add(struct wsk_emu_image *image)
{
    we_host_mutex_lock(&s_lock);
    image->next = s_images;
    s_images = image;
    we_host_mutex_unlock(&s_lock);
}

void wsk_emu_image_remove(struct wsk_emu_image *image)
{
    struct wsk_emu_image **link = &s_images;

    we_host_mutex_lock(&s_lock);
    while (*link != image) {
        link = &(*link)->next;
    }
    *link = image->next;
    we_host_mutex_unlock(&s_lock);
    free(image->initial_data);
    free(image->initial_bss);
}

/* --- bytes ----------------------------------------------------------------------------------------------------- */

/* Volatile: else the compiler makes a call of memcpy or memset out of the loops, which a sanitizer replaces. */
typedef volatile uint64_t __attribute__((aligned(1), may_alias)) unaligned_word;

/* from NULL: zeros. */
UNWATCHED static void bytes_put(char *to, const char *from, size_t count)
{
    size_t i = 0;

    for (; i + sizeof(uint64_t) <= count; i += sizeof(uint64_t)) {
        *(unaligned_word *)(to + i) = from == NULL ? 0 : *(const unaligned_word *)(from + i);
    }
    for (; i < count; i++) {
        *(volatile char *)(to + i) = from == NULL ? 0 : *(const volatile char *)(from + i);
    }
}

UNWATCHED static bool bytes_are_zero(const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

/* --- one image ------------------------------------------------------------------------------------------------- */

static size_t data_size(const struct wsk_emu_image *image)
{
    return (size_t)(image->data_end - image->data_begin);
}

static size_t bss_size(const struct wsk_emu_image *image)
{
    return (size_t)(image->bss_end - image->bss_begin);
}

/* A constructor may have written to what was zero. */
static bool image_keep(struct wsk_emu_image *image)
{
    bool has_data = data_size(image) > 0;
    bool has_bss = bss_size(image) > 0 && !bytes_are_zero(image->bss_begin, bss_size(image));
    char *data = has_data ? malloc(data_size(image)) : NULL;
    char *bss = has_bss ? malloc(bss_size(image)) : NULL;

    if ((has_data && data == NULL) || (has_bss && bss == NULL)) {
        free(data);
        free(bss);
        return false;
    }
    if (has_data) {
        bytes_put(data, image->data_begin, data_size(image));
    }
    if (has_bss) {
        bytes_put(bss, image->bss_begin, bss_size(image));
    }
    image->initial_data = data;
    image->initial_bss = bss;
    image->is_kept = 1;
    return true;
}

static void image_renew(struct wsk_emu_image *image)
{
    bytes_put(image->data_begin, image->initial_data, data_size(image));
    bytes_put(image->bss_begin, image->initial_bss, bss_size(image));
}

static struct wsk_emu_image *image_find_locked(PDRIVER_INITIALIZE entry)
{
    struct wsk_emu_image *image = s_images;

    while (image != NULL && image->entry != entry) {
        image = image->next;
    }
    return image;
}

/* --- loading --------------------------------------------------------------------------------------------------- */

bool we_drv_image_load(PDRIVER_INITIALIZE entry, struct wsk_emu_image **image)
{
    bool is_done = true;

    we_host_mutex_lock(&s_lock);
    *image = image_find_locked(entry);
    if (*image != NULL) {
        if ((*image)->load_count > 0) {
            /* Another driver runs from it, and shares its variables. */
        } else if ((*image)->is_kept) {
            image_renew(*image);
        } else {
            is_done = image_keep(*image);
        }
        if (is_done) {
            (*image)->load_count++;
        } else {
            *image = NULL;
        }
    }
    we_host_mutex_unlock(&s_lock);
    return is_done;
}

void we_drv_image_unload(struct wsk_emu_image *image)
{
    if (image == NULL) {
        return;
    }
    we_host_mutex_lock(&s_lock);
    WE_ASSERT(image->load_count > 0);
    image->load_count--;
    we_host_mutex_unlock(&s_lock);
}

/* --- whose an address is --------------------------------------------------------------------------------------- */

static bool is_between(const char *address, const char *begin, const char *end)
{
    /* As numbers: they need not point into one object. */
    return (uintptr_t)address >= (uintptr_t)begin && (uintptr_t)address < (uintptr_t)end;
}

static const struct wsk_emu_image *image_at_locked(const void *address)
{
    const struct wsk_emu_image *image = s_images;

    while (image != NULL && !is_between(address, image->text_begin, image->text_end) &&
           !is_between(address, image->data_begin, image->data_end) &&
           !is_between(address, image->bss_begin, image->bss_end)) {
        image = image->next;
    }
    return image;
}

const struct wsk_emu_image *we_drv_image_at(const void *address)
{
    const struct wsk_emu_image *image;

    we_host_mutex_lock(&s_lock);
    image = image_at_locked(address);
    we_host_mutex_unlock(&s_lock);
    return image;
}

const struct wsk_emu_image *we_drv_image_in(const struct we_host_trace *trace)
{
    const struct wsk_emu_image *image = NULL;

    we_host_mutex_lock(&s_lock);
    for (size_t i = 0; i < WE_HOST_TRACE_DEPTH && trace->frames[i] != NULL && image == NULL; i++) {
        /* A return address may be that of the next function, if the call was the last thing that one did. */
        image = image_at_locked((const char *)trace->frames[i] - 1);
    }
    we_host_mutex_unlock(&s_lock);
    return image;
}
