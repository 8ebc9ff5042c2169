/* SPDX-License-Identifier: MIT */
/* What the C++ tests of Gate share, whichever framework they are written for. */
#ifndef GATE_FIXTURE_HPP
#define GATE_FIXTURE_HPP

#include <wsk_emu/cpp.hpp>

#include "gate.h"

/* The driver's entry: wsk_emu_add_driver(gate ...) has given DriverEntry this name. */
extern "C" DRIVER_INITIALIZE gate_DriverEntry;

namespace gate {

/* Everybody may come in, at once. */
inline GATE_CONFIG open_to_all()
{
    GATE_CONFIG config = {};

    config.Admission.Default = GateAccept;
    return config;
}

/* Everybody has to wait half a second for this answer. */
inline GATE_CONFIG asking(GATE_ACTION answer)
{
    GATE_CONFIG config = {};

    config.AuthorityDelayMs = 500;
    config.Authority.Default = answer;
    return config;
}

/* What the driver says of itself. */
inline GATE_STATUS status()
{
    GATE_STATUS status;

    GateQueryStatus(&status);
    return status;
}

/* Loads the driver; what it returns unloads it. */
inline wsk_emu::status load(wsk_emu::driver &driver, const GATE_CONFIG &config)
{
    GateConfig = config;
    return driver.load(gate_DriverEntry, "gate");
}

} // namespace gate

#endif
