/* SPDX-License-Identifier: MIT */
/* Hashes of bcrypt.h in a build without a library for them: refused from the start. */
#include <bcrypt.h>

#include "host/host_hash.h"
#include "wsk_emu/cmocka.h"

static void test_hashes_are_refused_from_the_start(void **state)
{
    BCRYPT_HASH_HANDLE hash = &hash;
    BCRYPT_ALG_HANDLE algorithm = &hash;
    UCHAR result[32];

    (void)state;
    assert_false(we_host_hash_is_there());
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0), STATUS_NOT_FOUND);
    assert_null(algorithm);
    assert_int_equal(BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_null(hash);
    assert_int_equal(BCryptCreateHash(BCRYPT_RNG_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_NOT_SUPPORTED);
    assert_null(hash);
    assert_int_equal(BCryptHash(BCRYPT_SHA256_ALG_HANDLE, NULL, 0, NULL, 0, result, sizeof(result)),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptHashData(hash, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptFinishHash(hash, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDestroyHash(hash), STATUS_INVALID_HANDLE);
}

static void test_random_numbers_need_no_library(void **state)
{
    BCRYPT_ALG_HANDLE algorithm;
    UCHAR number[8] = { 0 };
    UCHAR zero[8] = { 0 };

    (void)state;
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_RNG_ALGORITHM, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(algorithm, number, sizeof(number), 0), STATUS_SUCCESS);
    assert_memory_not_equal(number, zero, sizeof(zero));
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_hashes_are_refused_from_the_start),
        wsk_emu_unit_test(test_random_numbers_need_no_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
