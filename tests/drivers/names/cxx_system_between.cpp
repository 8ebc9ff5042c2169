/* SPDX-License-Identifier: MIT */
/* The system's socket headers between two parts with Windows' names. In C++. */
#include "wsk_emu/names/windows_begin.h"

#include <ntddk.h>
#include <wsk.h>

#include "wsk_emu/names/windows_end.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wsk_emu/names/windows_begin.h"

#include "names_own.h"

#include "wsk_emu/names/windows_end.h"

#define NAMES_CHECK CxxNamesSystemBetween
#include "names_body.h"
