/* SPDX-License-Identifier: MIT */
/** @file
 * Owners for tests in C++, from C++14 on, with or without exceptions, RTTI and -fshort-wchar. Header only; link
 * wsk_emu::kit. Nothing of it is for drivers.
 *
 * An owner gives back in its destructor what it owns, can be moved but not copied, and owns nothing when it was moved from.
 * Errors are statuses; what can only be a mistake of the test goes to the kit's failure handler (kit.h), as does a wait that
 * cannot end. With gtest.hpp and catch2.hpp that ends the test, see docs/cpp.md. An owner that outlives its kernel
 * does nothing. Unless it says so, a function wants the main thread at PASSIVE_LEVEL. */
#ifndef WSK_EMU_CPP_HPP
#define WSK_EMU_CPP_HPP

#if !defined(__cplusplus) || __cplusplus < 201402L
#error "wsk_emu/cpp.hpp needs C++14 or later"
#endif

#include "wsk_emu/cpp/emulated_test.hpp"
#include "wsk_emu/cpp/guard.hpp"
#include "wsk_emu/cpp/irp.hpp"
#include "wsk_emu/cpp/kernel.hpp"
#include "wsk_emu/cpp/locks.hpp"
#include "wsk_emu/cpp/peers.hpp"
#include "wsk_emu/cpp/status.hpp"
#include "wsk_emu/cpp/wsk.hpp"

#endif
