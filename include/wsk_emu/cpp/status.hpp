/* SPDX-License-Identifier: MIT */
/** @file
 * A status with a name, for C++ tests. Part of cpp.hpp. */
#ifndef WSK_EMU_CPP_STATUS_HPP
#define WSK_EMU_CPP_STATUS_HPP

#include <cstdio>
#include <string>

#include "wsk_emu/kit.h"
#include "wsk_emu/wdk/ntstatus.h"
#include "wsk_emu/wdk/wdm.h"

/** A result that is ignored with (void) only. */
#if __cplusplus >= 201703L || !defined(__clang__)
#define WSK_EMU_NODISCARD [[nodiscard]]
#else
#define WSK_EMU_NODISCARD __attribute__((warn_unused_result))
#endif

namespace wsk_emu {

/** An NTSTATUS that test frameworks print by its name. Converts from and to NTSTATUS by itself, so it is compared with
 * STATUS_... and given to NT_SUCCESS as it is. Any IRQL but for text(). */
class status {
  public:
    constexpr status(NTSTATUS value = STATUS_SUCCESS) noexcept : value_(value)
    {
    }
    constexpr operator NTSTATUS() const noexcept
    {
        return value_;
    }
    /** Success, STATUS_PENDING and information. */
    constexpr bool ok() const noexcept
    {
        return value_ >= 0;
    }
    /** "STATUS_INVALID_PARAMETER (0xC000000D)", or the number alone when ntstatus.h has no name for it. */
    std::string text() const
    {
        const char *name = wsk_kit_status_name(value_);
        char number[16];

        std::snprintf(number, sizeof(number), "0x%08X", static_cast<unsigned>(value_));
        return name != nullptr ? std::string(name) + " (" + number + ")" : std::string(number);
    }

  private:
    NTSTATUS value_;
};

/** The characters of a counted string as UTF-8, for messages and comparisons; what is no UTF-16 becomes U+FFFD. Reads
 * nothing behind its end. Tests that are built with -fshort-wchar must not give wide strings to a test framework, whose own
 * code takes them for 32 bits wide: compare these.
 * @param units may be nullptr when count is 0. */
inline std::string utf8(const WCHAR *units, std::size_t count)
{
    std::string text;

    for (std::size_t i = 0; i < count; i++) {
        unsigned long point = static_cast<unsigned short>(units[i]);

        if (point >= 0xd800 && point < 0xdc00 && i + 1 < count &&
            (static_cast<unsigned short>(units[i + 1]) & 0xfc00u) == 0xdc00u) {
            point = 0x10000 + ((point & 0x3ff) << 10) + (static_cast<unsigned short>(units[++i]) & 0x3ff);
        } else if (point >= 0xd800 && point < 0xe000) {
            point = 0xfffd;
        }
        if (point < 0x80) {
            text += static_cast<char>(point);
        } else if (point < 0x800) {
            text += static_cast<char>(0xc0 | point >> 6);
            text += static_cast<char>(0x80 | (point & 0x3f));
        } else if (point < 0x10000) {
            text += static_cast<char>(0xe0 | point >> 12);
            text += static_cast<char>(0x80 | (point >> 6 & 0x3f));
            text += static_cast<char>(0x80 | (point & 0x3f));
        } else {
            text += static_cast<char>(0xf0 | point >> 18);
            text += static_cast<char>(0x80 | (point >> 12 & 0x3f));
            text += static_cast<char>(0x80 | (point >> 6 & 0x3f));
            text += static_cast<char>(0x80 | (point & 0x3f));
        }
    }
    return text;
}

/** The same of a string with its terminator; nullptr is "". */
inline std::string utf8(const WCHAR *text)
{
    std::size_t count = 0;

    while (text != nullptr && text[count] != 0) {
        count++;
    }
    return utf8(text, count);
}

/** The same of a UNICODE_STRING. */
inline std::string utf8(const UNICODE_STRING &string)
{
    return utf8(string.Buffer, string.Buffer != nullptr ? string.Length / sizeof(WCHAR) : 0);
}

} // namespace wsk_emu

#endif
