/* SPDX-License-Identifier: MIT */
/* Headers of the system before those of the WDK. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#ifndef __APPLE__ /* where it brings the socket headers */
#include <sys/ioctl.h>
#endif
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <ntifs.h>
#include <ntstrsafe.h>
#include <wdm.h>
#include <wsk.h>

#define SYSTEM_CHECK SystemFirstCheck
#include "system_body.h"
