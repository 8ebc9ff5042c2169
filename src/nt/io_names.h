/* SPDX-License-Identifier: MIT */
/* The names of devices and the symbolic links that lead to them. */
#ifndef WE_IO_NAMES_H
#define WE_IO_NAMES_H

#include <stdbool.h>

#include <wdm.h>

/* True for a name of at least one character that begins at the root. */
bool we_io_name_is_absolute(const UNICODE_STRING *string);
/* Gives a device its name. STATUS_OBJECT_NAME_COLLISION; STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_io_name_add(const UNICODE_STRING *text, PDEVICE_OBJECT device);
void we_io_name_remove_of_device(PDEVICE_OBJECT device);

/* Follows a path through symbolic links to a device. *device gets a new reference; rest, a string of its own that the
 * caller frees with we_host_free(rest->Buffer), what stands behind the device's name, with its backslash.
 * STATUS_OBJECT_PATH_SYNTAX_BAD: does not begin at the root; STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND:
 * the last part, or one before it, is not there; STATUS_INSUFFICIENT_RESOURCES. */
NTSTATUS we_io_name_open(const UNICODE_STRING *path, PDEVICE_OBJECT *device, PUNICODE_STRING rest);

/* The name of a device as ASCII for reports and logs, "an unnamed device" if it has none. */
#define WE_IO_NAME_TEXT_SIZE 80
const char *we_io_name_text(PDEVICE_OBJECT device, char text[WE_IO_NAME_TEXT_SIZE]);

/* Reports symbolic links that lead to no device, or all that are left, as UNL-003, and forgets them. */
void we_io_links_report(bool is_any);

#endif
