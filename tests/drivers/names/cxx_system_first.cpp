/* SPDX-License-Identifier: MIT */
/* The system's socket headers first, then Windows' names. In C++. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wsk_emu/names/windows_begin.h"

#include <ntddk.h>
#include <wsk.h>

#include "wsk_emu/names/windows_end.h"

#include "wsk_emu/names/windows_begin.h"

#include "names_own.h"

#include "wsk_emu/names/windows_end.h"

#define NAMES_CHECK CxxNamesSystemFirst
#include "names_body.h"
