/* SPDX-License-Identifier: MIT */
/* Hashes of bcrypt.h: known answers, handles, and every wrong argument. */
#include <bcrypt.h>

#include <stdio.h>
#include <string.h>

#include "host/host_mem.h"
#include "wsk_emu/cmocka.h"

#define MESSAGE "The quick brown fox jumps over the lazy dog"

/* As other implementations compute them. */
static const struct row {
    LPCWSTR name;
    BCRYPT_ALG_HANDLE plain;
    BCRYPT_ALG_HANDLE keyed;
    ULONG bytes;
    ULONG block_bytes;
    const char *of_message;
    const char *of_nothing;
    const char *with_key;      /* "key" */
    const char *with_long_key; /* 200 times 'K' */
} s_rows[] = {
    { BCRYPT_MD5_ALGORITHM, BCRYPT_MD5_ALG_HANDLE, BCRYPT_HMAC_MD5_ALG_HANDLE, 16, 64,
      "9e107d9d372bb6826bd81d3542a419d6", "d41d8cd98f00b204e9800998ecf8427e", "80070713463e7749b90c2dc24911e275",
      "f103d6f4f9f7b360f57c8ba9b1dfc68d" },
    { BCRYPT_SHA1_ALGORITHM, BCRYPT_SHA1_ALG_HANDLE, BCRYPT_HMAC_SHA1_ALG_HANDLE, 20, 64,
      "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
      "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9", "b585aaa505ec288183beb2a2ea61d65e7c727a50" },
    { BCRYPT_SHA256_ALGORITHM, BCRYPT_SHA256_ALG_HANDLE, BCRYPT_HMAC_SHA256_ALG_HANDLE, 32, 64,
      "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
      "8fbedc7649194ac574084f544f4a658b06b83e59f9f819b41f3737911ed24b8d" },
    { BCRYPT_SHA384_ALGORITHM, BCRYPT_SHA384_ALG_HANDLE, BCRYPT_HMAC_SHA384_ALG_HANDLE, 48, 128,
      "ca737f1014a48f4c0b6dd43cb177b0afd9e5169367544c494011e3317dbf9a509cb1e5dc1e85a941bbee3d7f2afbc9b1",
      "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
      "d7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35e1e554995fe4e03381c237",
      "55463f4b52512180bb0490e3c4f2ddd2250bfa20bb5b5e0a81e514d11124c55ae38a28bcb197f3cb99a05e5d9c999605" },
    { BCRYPT_SHA512_ALGORITHM, BCRYPT_SHA512_ALG_HANDLE, BCRYPT_HMAC_SHA512_ALG_HANDLE, 64, 128,
      "07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb642e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
      "b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a",
      "c16879d26ba3a803651ccf68660cff99c89a264a42cfc556a495e077b9c552d7be2a25c8a158bb16702d6508bd21bafa8affbc99db2daad59ee79272d1fab740" },
};

static void expect_hash(const UCHAR *hash, const char *expected, ULONG bytes)
{
    char text[129];
    ULONG i;

    for (i = 0; i < bytes; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    }
    assert_string_equal(text, expected);
}

static PUCHAR message(void)
{
    return (PUCHAR)(ULONG_PTR)MESSAGE;
}

#define MESSAGE_BYTES (sizeof(MESSAGE) - 1)

/* --- known answers ------------------------------------------------------------------------------------ */

static void test_BCryptHash_gives_the_known_answers(void **state)
{
    static UCHAR long_key[200];
    UCHAR result[64];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    memset(long_key, 'K', sizeof(long_key));
    for (i = 0; i < ARRAYSIZE(s_rows); i++) {
        const struct row *row = &s_rows[i];

        assert_int_equal(BCryptHash(row->plain, NULL, 0, message(), MESSAGE_BYTES, result, row->bytes), STATUS_SUCCESS);
        expect_hash(result, row->of_message, row->bytes);
        assert_int_equal(BCryptHash(row->plain, NULL, 0, NULL, 0, result, row->bytes), STATUS_SUCCESS);
        expect_hash(result, row->of_nothing, row->bytes);
        assert_int_equal(
            BCryptHash(row->keyed, (PUCHAR)(ULONG_PTR) "key", 3, message(), MESSAGE_BYTES, result, row->bytes),
            STATUS_SUCCESS);
        expect_hash(result, row->with_key, row->bytes);
        assert_int_equal(BCryptHash(row->keyed, long_key, 200, message(), MESSAGE_BYTES, result, row->bytes),
                         STATUS_SUCCESS);
        expect_hash(result, row->with_long_key, row->bytes);
    }
}

static void test_data_comes_in_any_pieces(void **state)
{
    UCHAR object[1024];
    UCHAR result[64];
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    ULONG needed;
    ULONG size;
    ULONG i;
    ULONG j;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(s_rows); i++) {
        const struct row *row = &s_rows[i];

        assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, row->name, MS_PRIMITIVE_PROVIDER, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptGetProperty(algorithm, BCRYPT_OBJECT_LENGTH, (PUCHAR)&size, sizeof(size), &needed, 0),
                         STATUS_SUCCESS);
        assert_true(size <= sizeof(object));
        assert_int_equal(BCryptCreateHash(algorithm, &hash, object, size, NULL, 0, 0), STATUS_SUCCESS);
        for (j = 0; j < MESSAGE_BYTES; j++) {
            assert_int_equal(BCryptHashData(hash, message() + j, 1, 0), STATUS_SUCCESS);
            assert_int_equal(BCryptHashData(hash, NULL, 0, 0), STATUS_SUCCESS);
        }
        assert_int_equal(BCryptFinishHash(hash, result, row->bytes, 0), STATUS_SUCCESS);
        expect_hash(result, row->of_message, row->bytes);
        assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
        assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS);
    }
}

static void test_a_duplicate_goes_its_own_way(void **state)
{
    BCRYPT_HASH_HANDLE hash;
    BCRYPT_HASH_HANDLE copy;
    UCHAR result[64];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(s_rows); i++) {
        const struct row *row = &s_rows[i];

        assert_int_equal(BCryptCreateHash(row->keyed, &hash, NULL, 0, (PUCHAR)(ULONG_PTR) "key", 3, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptHashData(hash, message(), 10, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptDuplicateHash(hash, &copy, NULL, 0, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptHashData(hash, (PUCHAR)(ULONG_PTR) "other", 5, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptFinishHash(hash, result, row->bytes, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
        assert_int_equal(BCryptHashData(copy, message() + 10, MESSAGE_BYTES - 10, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptFinishHash(copy, result, row->bytes, 0), STATUS_SUCCESS);
        expect_hash(result, row->with_key, row->bytes);
        assert_int_equal(BCryptDestroyHash(copy), STATUS_SUCCESS);
    }
}

static void use_twice(BCRYPT_HASH_HANDLE hash, const struct row *row, const char *expected)
{
    UCHAR result[64];
    ULONG i;

    for (i = 0; i < 2; i++) {
        assert_int_equal(BCryptHashData(hash, message(), MESSAGE_BYTES, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptFinishHash(hash, result, row->bytes, 0), STATUS_SUCCESS);
        expect_hash(result, expected, row->bytes);
    }
    assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
}

static void test_a_reusable_hash_begins_anew(void **state)
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    BCRYPT_HASH_HANDLE copy;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(s_rows); i++) {
        const struct row *row = &s_rows[i];

        assert_int_equal(BCryptCreateHash(row->plain, &hash, NULL, 0, NULL, 0, BCRYPT_HASH_REUSABLE_FLAG),
                         STATUS_SUCCESS);
        use_twice(hash, row, row->of_message);
        assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, row->name, NULL,
                                                     BCRYPT_ALG_HANDLE_HMAC_FLAG | BCRYPT_HASH_REUSABLE_FLAG),
                         STATUS_SUCCESS);
        assert_int_equal(BCryptCreateHash(algorithm, &hash, NULL, 0, (PUCHAR)(ULONG_PTR) "key", 3, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS); /* the hash has all it needs */
        assert_int_equal(BCryptDuplicateHash(hash, &copy, NULL, 0, 0), STATUS_SUCCESS);
        use_twice(hash, row, row->with_key);
        use_twice(copy, row, row->with_key);
    }
}

static void test_a_finished_hash_can_only_be_destroyed(void **state)
{
    BCRYPT_HASH_HANDLE hash;
    BCRYPT_HASH_HANDLE copy;
    UCHAR result[32];

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptFinishHash(hash, result, 32, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptHashData(hash, message(), 1, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptFinishHash(hash, result, 32, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDuplicateHash(hash, &copy, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_null(copy);
    assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
    assert_int_equal(BCryptDestroyHash(hash), STATUS_INVALID_HANDLE);
}

/* --- properties ------------------------------------------------------------------------------------------- */

static void test_properties_are_told_of_providers_and_hashes(void **state)
{
    BCRYPT_HASH_HANDLE hash;
    WCHAR name[16];
    ULONG number;
    ULONG needed;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(s_rows); i++) {
        const struct row *row = &s_rows[i];

        assert_int_equal(BCryptGetProperty(row->keyed, BCRYPT_HASH_LENGTH, (PUCHAR)&number, 4, &needed, 0),
                         STATUS_SUCCESS);
        assert_int_equal(number, row->bytes);
        assert_int_equal(needed, 4);
        assert_int_equal(BCryptGetProperty(row->plain, BCRYPT_HASH_BLOCK_LENGTH, (PUCHAR)&number, 4, &needed, 0),
                         STATUS_SUCCESS);
        assert_int_equal(number, row->block_bytes);
        assert_int_equal(BCryptGetProperty(row->plain, BCRYPT_ALGORITHM_NAME, (PUCHAR)name, sizeof(name), &needed, 0),
                         STATUS_SUCCESS);
        assert_int_equal(needed, (wcslen(row->name) + 1) * sizeof(WCHAR));
        assert_memory_equal(name, row->name, needed);
    }
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA512_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGetProperty(hash, BCRYPT_HASH_LENGTH, (PUCHAR)&number, 4, &needed, 0), STATUS_SUCCESS);
    assert_int_equal(number, 64);
    assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
}

static void test_properties_that_do_not_fit_or_exist_are_refused(void **state)
{
    UCHAR buffer[4] = { 0xa5, 0xa5, 0xa5, 0xa5 };
    ULONG needed = 0;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, BCRYPT_HASH_LENGTH, buffer, 3, &needed, 0),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, 4);
    assert_int_equal(buffer[0], 0xa5);
    needed = 0;
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, BCRYPT_HASH_LENGTH, NULL, 0, &needed, 0),
                     STATUS_SUCCESS);
    assert_int_equal(needed, 4);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, L"HashDigestLengths", buffer, 4, &needed, 0),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, L"Hash", buffer, 4, &needed, 0), STATUS_NOT_SUPPORTED);
    assert_int_equal(needed, 0);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, BCRYPT_HASH_LENGTH, buffer, 4, &needed, 1),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, NULL, buffer, 4, &needed, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGetProperty(BCRYPT_SHA1_ALG_HANDLE, BCRYPT_HASH_LENGTH, buffer, 4, NULL, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptGetProperty(&needed, BCRYPT_HASH_LENGTH, buffer, 4, &needed, 0), STATUS_INVALID_HANDLE);
}

/* --- wrong arguments ------------------------------------------------------------------------------------------ */

static void test_bad_arguments_of_providers_are_refused(void **state)
{
    BCRYPT_ALG_HANDLE algorithm = &algorithm;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, L"SHA3-256", NULL, 0), STATUS_NOT_FOUND);
    assert_null(algorithm);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0x1000),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(NULL, BCRYPT_SHA256_ALGORITHM, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_RNG_ALGORITHM, NULL, BCRYPT_ALG_HANDLE_HMAC_FLAG),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, L"sha256", NULL, 0), STATUS_SUCCESS); /* in any case */
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptCloseAlgorithmProvider(BCRYPT_SHA256_ALG_HANDLE, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptGenRandom(BCRYPT_SHA256_ALG_HANDLE, (PUCHAR)&algorithm, 1, 0), STATUS_INVALID_HANDLE);
}

static void test_bad_arguments_of_hashes_are_refused(void **state)
{
    BCRYPT_HASH_HANDLE hash = &hash;
    BCRYPT_HASH_HANDLE copy;
    UCHAR object[383];
    UCHAR result[33];
    PUCHAR key = message();

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptCreateHash(NULL, &hash, NULL, 0, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_null(hash);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, NULL, NULL, 0, NULL, 0, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 1, NULL, 0, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, object, sizeof(object), NULL, 0, 0),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 0, key, 3, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCreateHash(BCRYPT_HMAC_SHA256_ALG_HANDLE, &hash, NULL, 0, NULL, 3, 0),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptCreateHash(BCRYPT_RNG_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptCreateHash(BCRYPT_SHA256_ALG_HANDLE, &hash, NULL, 0, NULL, 0, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptHashData(hash, NULL, 1, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHashData(hash, key, 1, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHashData(NULL, key, 1, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptHashData(BCRYPT_SHA256_ALG_HANDLE, key, 1, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptFinishHash(hash, result, 31, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptFinishHash(hash, result, 33, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptFinishHash(hash, NULL, 32, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptFinishHash(hash, result, 32, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptFinishHash(NULL, result, 32, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDuplicateHash(hash, NULL, NULL, 0, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptDuplicateHash(hash, &copy, NULL, 0, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptDuplicateHash(hash, &copy, object, sizeof(object), 0), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(BCryptDuplicateHash(NULL, &copy, NULL, 0, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDestroyHash(NULL), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
    assert_int_equal(BCryptHash(NULL, NULL, 0, key, 1, result, 32), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptHash(BCRYPT_SHA256_ALG_HANDLE, NULL, 0, NULL, 1, result, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHash(BCRYPT_SHA256_ALG_HANDLE, NULL, 0, key, 1, result, 31), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHash(BCRYPT_SHA256_ALG_HANDLE, NULL, 0, key, 1, NULL, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHash(BCRYPT_SHA256_ALG_HANDLE, key, 1, key, 1, result, 32), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptHash(BCRYPT_RNG_ALG_HANDLE, NULL, 0, key, 1, result, 32), STATUS_NOT_SUPPORTED);
}

/* --- level, memory, leaks ----------------------------------------------------------------------------------------- */

static void test_hashes_at_dispatch_need_a_provider_for_it(void **state)
{
    BCRYPT_ALG_HANDLE algorithms[2];
    BCRYPT_HASH_HANDLE hash;
    UCHAR result[32];
    KIRQL irql;
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithms[0], BCRYPT_SHA256_ALGORITHM, NULL, BCRYPT_PROV_DISPATCH),
                     STATUS_SUCCESS);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithms[1], BCRYPT_SHA256_ALGORITHM, NULL, 0), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < 4; i++) {
        wsk_kit_expect_report("IRQL-001"); /* each of the second four */
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(BCryptCreateHash(algorithms[i], &hash, NULL, 0, NULL, 0, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptHashData(hash, message(), 3, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptFinishHash(hash, result, 32, 0), STATUS_SUCCESS);
        assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
        assert_int_equal(wsk_kit_report_count("IRQL-001"), 4 * i);
    }
    KeLowerIrql(irql);
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithms[0], 0), STATUS_SUCCESS);
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithms[1], 0), STATUS_SUCCESS);
}

static NTSTATUS whole_life(void)
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;
    BCRYPT_HASH_HANDLE copy = NULL;
    UCHAR result[48];
    UCHAR key[200] = { 1 };
    NTSTATUS status = BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_SHA384_ALGORITHM, NULL,
                                                  BCRYPT_ALG_HANDLE_HMAC_FLAG | BCRYPT_HASH_REUSABLE_FLAG);

    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = BCryptCreateHash(algorithm, &hash, NULL, 0, key, sizeof(key), 0);
    if (NT_SUCCESS(status)) {
        status = BCryptDuplicateHash(hash, &copy, NULL, 0, 0);
        if (NT_SUCCESS(status)) {
            status = BCryptFinishHash(copy, result, sizeof(result), 0);
            assert_int_equal(BCryptDestroyHash(copy), STATUS_SUCCESS);
        }
        assert_int_equal(BCryptDestroyHash(hash), STATUS_SUCCESS);
    }
    if (NT_SUCCESS(status)) {
        status = BCryptHash(algorithm, key, sizeof(key), key, 1, result, sizeof(result));
    }
    assert_int_equal(BCryptCloseAlgorithmProvider(algorithm, 0), STATUS_SUCCESS);
    return status;
}

static void test_hashes_without_memory_fail_and_leave_nothing(void **state)
{
    unsigned long index;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(state);
    for (index = 1;; index++) {
        (void)we_host_mem_fail(index);
        status = whole_life();
        if (!we_host_mem_fail(0)) {
            break;
        }
        assert_int_equal(status, STATUS_NO_MEMORY);
    }
    assert_int_equal(status, STATUS_SUCCESS);
    assert_true(index > 10);
}

static void test_hashes_and_providers_that_are_left_are_reported(void **state)
{
    BCRYPT_ALG_HANDLE algorithm;
    BCRYPT_HASH_HANDLE hash;

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_MD5_ALGORITHM, NULL, 0), STATUS_SUCCESS);
    assert_int_equal(BCryptCreateHash(algorithm, &hash, NULL, 0, NULL, 0, 0), STATUS_SUCCESS);
    wsk_kit_expect_report("UNL-015"); /* they come when the emulated kernel stops */
    wsk_kit_expect_report("UNL-015");
}

/* --- keys, of which there are none ---------------------------------------------------------------------------------- */

static void test_keys_are_refused_by_every_provider_that_there_is(void **state)
{
    BCRYPT_KEY_HANDLE key = &key;
    BCRYPT_ALG_HANDLE algorithm;
    UCHAR secret[16] = { 0 };

    UNREFERENCED_PARAMETER(state);
    assert_int_equal(BCryptOpenAlgorithmProvider(&algorithm, BCRYPT_AES_ALGORITHM, NULL, 0), STATUS_NOT_FOUND);
    assert_int_equal(BCryptGenerateSymmetricKey(BCRYPT_SHA256_ALG_HANDLE, &key, NULL, 0, secret, sizeof(secret), 0),
                     STATUS_NOT_SUPPORTED);
    assert_null(key);
    assert_int_equal(BCryptGenerateKeyPair(BCRYPT_RNG_ALG_HANDLE, &key, 256, 0), STATUS_NOT_SUPPORTED);
    assert_int_equal(
        BCryptImportKeyPair(BCRYPT_SHA256_ALG_HANDLE, NULL, BCRYPT_ECCPUBLIC_BLOB, &key, secret, sizeof(secret), 0),
        STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptGenerateSymmetricKey(NULL, &key, NULL, 0, secret, sizeof(secret), 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptGenerateKeyPair(BCRYPT_RNG_ALG_HANDLE, NULL, 256, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(BCryptSetProperty(BCRYPT_SHA256_ALG_HANDLE, BCRYPT_CHAINING_MODE, secret, 4, 0),
                     STATUS_NOT_SUPPORTED);
    assert_int_equal(BCryptSetProperty(NULL, BCRYPT_CHAINING_MODE, secret, 4, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptSetProperty(BCRYPT_SHA256_ALG_HANDLE, NULL, secret, 4, 0), STATUS_INVALID_PARAMETER);
}

static void test_no_handle_is_one_of_a_key(void **state)
{
    BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO info;
    BCRYPT_SECRET_HANDLE agreed = NULL;
    UCHAR data[16] = { 0 };
    ULONG size = 99;

    UNREFERENCED_PARAMETER(state);
    BCRYPT_INIT_AUTH_MODE_INFO(info);
    assert_int_equal(info.cbSize, sizeof(info));
    assert_int_equal(BCryptEncrypt(data, data, 16, &info, NULL, 0, data, 16, &size, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(size, 0);
    assert_int_equal(BCryptDecrypt(NULL, data, 16, &info, NULL, 0, data, 16, &size, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptExportKey(data, NULL, BCRYPT_ECCPUBLIC_BLOB, data, 16, &size, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptFinalizeKeyPair(data, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptVerifySignature(data, NULL, data, 16, data, 16, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptSecretAgreement(data, data, &agreed, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDeriveKey(agreed, BCRYPT_KDF_RAW_SECRET, NULL, data, 16, &size, 0), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDestroyKey(BCRYPT_SHA256_ALG_HANDLE), STATUS_INVALID_HANDLE);
    assert_int_equal(BCryptDestroySecret(agreed), STATUS_INVALID_HANDLE);
}

/* --- threads --------------------------------------------------------------------------------------------------------- */

static VOID hash_a_lot(PVOID context)
{
    UCHAR result[64];
    ULONG i;

    for (i = 0; i < 200; i++) {
        const struct row *row = &s_rows[i % ARRAYSIZE(s_rows)];

        if (!NT_SUCCESS(
                BCryptHash(row->keyed, (PUCHAR)(ULONG_PTR) "key", 3, message(), MESSAGE_BYTES, result, row->bytes))) {
            InterlockedIncrement((volatile LONG *)context);
        }
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void test_threads_hash_side_by_side(void **state)
{
    volatile LONG failures = 0;
    HANDLE threads[3];
    ULONG i;

    UNREFERENCED_PARAMETER(state);
    for (i = 0; i < ARRAYSIZE(threads); i++) {
        assert_int_equal(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, hash_a_lot,
                                              (PVOID)(ULONG_PTR)&failures),
                         STATUS_SUCCESS);
    }
    for (i = 0; i < ARRAYSIZE(threads); i++) {
        assert_int_equal(ZwWaitForSingleObject(threads[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(threads[i]);
    }
    assert_int_equal(InterlockedExchange(&failures, 0), 0);
}

static const struct wsk_emu_config s_threads = { .size = sizeof(s_threads),
                                                 .execution = WSK_EMU_EXECUTION_THREADS,
                                                 .network = WSK_EMU_NETWORK_VIRTUAL };

int main(void)
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test(test_BCryptHash_gives_the_known_answers),
        wsk_emu_unit_test(test_data_comes_in_any_pieces),
        wsk_emu_unit_test(test_a_duplicate_goes_its_own_way),
        wsk_emu_unit_test(test_a_reusable_hash_begins_anew),
        wsk_emu_unit_test(test_a_finished_hash_can_only_be_destroyed),
        wsk_emu_unit_test(test_properties_are_told_of_providers_and_hashes),
        wsk_emu_unit_test(test_properties_that_do_not_fit_or_exist_are_refused),
        wsk_emu_unit_test(test_bad_arguments_of_providers_are_refused),
        wsk_emu_unit_test(test_bad_arguments_of_hashes_are_refused),
        wsk_emu_unit_test(test_hashes_at_dispatch_need_a_provider_for_it),
        wsk_emu_unit_test(test_hashes_without_memory_fail_and_leave_nothing),
        wsk_emu_unit_test(test_hashes_and_providers_that_are_left_are_reported),
        wsk_emu_unit_test(test_keys_are_refused_by_every_provider_that_there_is),
        wsk_emu_unit_test(test_no_handle_is_one_of_a_key),
        wsk_emu_unit_test(test_threads_hash_side_by_side),
        wsk_emu_unit_test_config(test_threads_hash_side_by_side, NULL, NULL, &s_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
