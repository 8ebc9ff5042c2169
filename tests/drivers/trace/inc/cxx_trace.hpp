/* SPDX-License-Identifier: MIT */
/* More configuration of trace messages, between line comments, as most drivers write it. */
#pragma once

//
// begin_wpp config
// USEPREFIX (TraceObject, "%!STDPREFIX! [%p] %!FUNC!:%!SPACE!", OBJECT);
// FUNC TraceObject{LEVEL=TRACE_LEVEL_WARNING,FLAGS=FLAG_NET}(OBJECT, MSG, ...);
// end_wpp
//
#define WPP_LEVEL_FLAGS_OBJECT_ENABLED(level, flags, object) WPP_LEVEL_FLAGS_ENABLED(level, flags)
#define WPP_LEVEL_FLAGS_OBJECT_LOGGER(level, flags, object) WPP_LEVEL_LOGGER(flags)
