/* SPDX-License-Identifier: MIT */
/* Where the keys of drivers stand in the registry. */
#ifndef WE_DRV_REGISTRY_H
#define WE_DRV_REGISTRY_H

/* In front of a driver's name: together its RegistryPath. */
#define WE_DRV_SERVICES "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\"

#endif
