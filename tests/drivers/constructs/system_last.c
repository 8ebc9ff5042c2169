/* SPDX-License-Identifier: MIT */
/* Headers of the system after those of the WDK. */
#include <ntifs.h>
#include <ntstrsafe.h>
#include <wdm.h>
#include <wsk.h>

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

#define SYSTEM_CHECK SystemLastCheck
#include "system_body.h"
