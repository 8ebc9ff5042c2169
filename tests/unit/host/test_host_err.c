/* SPDX-License-Identifier: MIT */
/* Tests of host_err: the numbers that our calls meet have the errors that callers act upon. */
#include "host/host_err.h"

#include "support/unit.h"

#include <errno.h>

static void test_from_errno_zero_is_ok(void **state)
{
    (void)state;
    assert_int_equal(we_host_err_from_errno(0), WE_OK);
}

static void test_from_errno_would_block_is_again(void **state)
{
    (void)state;
    assert_int_equal(we_host_err_from_errno(EAGAIN), WE_ERR_AGAIN);
    assert_int_equal(we_host_err_from_errno(EWOULDBLOCK), WE_ERR_AGAIN);
    assert_int_equal(we_host_err_from_errno(EINPROGRESS), WE_ERR_AGAIN);
}

static void test_from_errno_known_numbers_have_their_error(void **state)
{
    (void)state;
    assert_int_equal(we_host_err_from_errno(ECONNRESET), WE_ERR_RESET);
    assert_int_equal(we_host_err_from_errno(EPIPE), WE_ERR_RESET);
    assert_int_equal(we_host_err_from_errno(ECONNREFUSED), WE_ERR_REFUSED);
    assert_int_equal(we_host_err_from_errno(ECONNABORTED), WE_ERR_ABORTED);
    assert_int_equal(we_host_err_from_errno(ETIMEDOUT), WE_ERR_TIMED_OUT);
    assert_int_equal(we_host_err_from_errno(ENETUNREACH), WE_ERR_NET_UNREACHABLE);
    assert_int_equal(we_host_err_from_errno(EHOSTUNREACH), WE_ERR_HOST_UNREACHABLE);
    assert_int_equal(we_host_err_from_errno(ENOTCONN), WE_ERR_NOT_CONNECTED);
    assert_int_equal(we_host_err_from_errno(EISCONN), WE_ERR_CONNECTED);
    assert_int_equal(we_host_err_from_errno(EMFILE), WE_ERR_NO_DESCRIPTORS);
    assert_int_equal(we_host_err_from_errno(ENFILE), WE_ERR_NO_DESCRIPTORS);
    assert_int_equal(we_host_err_from_errno(ENOMEM), WE_ERR_NO_MEMORY);
    assert_int_equal(we_host_err_from_errno(ENOBUFS), WE_ERR_NO_MEMORY);
    assert_int_equal(we_host_err_from_errno(EADDRINUSE), WE_ERR_IN_USE);
    assert_int_equal(we_host_err_from_errno(EADDRNOTAVAIL), WE_ERR_ADDRESS);
    assert_int_equal(we_host_err_from_errno(EACCES), WE_ERR_ACCESS);
    assert_int_equal(we_host_err_from_errno(EAFNOSUPPORT), WE_ERR_FAMILY);
    assert_int_equal(we_host_err_from_errno(EOPNOTSUPP), WE_ERR_NOT_SUPPORTED);
    assert_int_equal(we_host_err_from_errno(EINVAL), WE_ERR_INVALID);
}

/* Numbers that mean a mistake of ours, and numbers that nobody knows. */
static void test_from_errno_other_numbers_are_unexpected(void **state)
{
    (void)state;
    assert_int_equal(we_host_err_from_errno(EBADF), WE_ERR_UNEXPECTED);
    assert_int_equal(we_host_err_from_errno(ENOTSOCK), WE_ERR_UNEXPECTED);
    assert_int_equal(we_host_err_from_errno(99999), WE_ERR_UNEXPECTED);
    assert_int_equal(we_host_err_from_errno(-1), WE_ERR_UNEXPECTED);
}

static const struct CMUnitTest s_tests[] = {
    cmocka_unit_test(test_from_errno_zero_is_ok),
    cmocka_unit_test(test_from_errno_would_block_is_again),
    cmocka_unit_test(test_from_errno_known_numbers_have_their_error),
    cmocka_unit_test(test_from_errno_other_numbers_are_unexpected),
};

UNIT_MAIN(s_tests)
