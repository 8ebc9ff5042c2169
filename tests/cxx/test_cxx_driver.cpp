/* SPDX-License-Identifier: MIT */
/* A driver and its test in C++: the headers, the wrapped tests and the kit from that side. */
#include <wsk.h>

#include "wsk_emu/cmocka.h"
#include "wsk_emu/driver.h"

/* --- a driver as a C++ author writes it: a listener that refuses everybody -------------------------------------- */

namespace {

class Gate {
  public:
    NTSTATUS Start();
    void Stop();

    USHORT Port() const
    {
        return port_;
    }
    LONG Refused() const
    {
        return refused_;
    }

  private:
    static WSK_INSPECT_ACTION WSKAPI Inspect(PVOID context, PSOCKADDR, PSOCKADDR, PWSK_INSPECT_ID)
    {
        InterlockedIncrement(&static_cast<Gate *>(context)->refused_);
        return WskInspectReject;
    }

    static NTSTATUS WSKAPI Abort(PVOID, PWSK_INSPECT_ID)
    {
        return STATUS_SUCCESS;
    }

    static NTSTATUS NTAPI Completed(PDEVICE_OBJECT, PIRP, PVOID context)
    {
        KeSetEvent(static_cast<PKEVENT>(context), IO_NO_INCREMENT, FALSE);
        return STATUS_MORE_PROCESSING_REQUIRED;
    }

    /* Runs one WSK call and waits for its IRP. */
    template <typename Call> NTSTATUS Run(Call call, ULONG_PTR *information = nullptr)
    {
        KEVENT event;
        PIRP irp = IoAllocateIrp(1, FALSE);

        if (irp == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        KeInitializeEvent(&event, SynchronizationEvent, FALSE);
        IoSetCompletionRoutine(irp, Completed, &event, TRUE, TRUE, TRUE);
        NTSTATUS returned = call(irp);
        (void)KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        NTSTATUS status = irp->IoStatus.Status;
        /* What was returned agrees with how the IRP was completed. */
        assert_int_equal(irp->PendingReturned != FALSE, returned == STATUS_PENDING);
        assert_true(returned == STATUS_PENDING || returned == status);
        if (information != nullptr) {
            *information = irp->IoStatus.Information;
        }
        IoFreeIrp(irp);
        return status;
    }

    static const WSK_CLIENT_DISPATCH clientDispatch_;
    static const WSK_CLIENT_LISTEN_DISPATCH listenDispatch_;

    WSK_REGISTRATION registration_;
    PWSK_SOCKET listener_;
    USHORT port_;
    volatile LONG refused_;
};

const WSK_CLIENT_DISPATCH Gate::clientDispatch_ = { MAKE_WSK_VERSION(1, 0), 0, nullptr };
const WSK_CLIENT_LISTEN_DISPATCH Gate::listenDispatch_ = { nullptr, Inspect, Abort };

NTSTATUS Gate::Start()
{
    WSK_CLIENT_NPI npi = { nullptr, &clientDispatch_ };
    NTSTATUS status = WskRegister(&npi, &registration_);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WSK_PROVIDER_NPI provider;
    status = WskCaptureProviderNPI(&registration_, WSK_NO_WAIT, &provider);
    if (!NT_SUCCESS(status)) {
        WskDeregister(&registration_);
        return status;
    }
    ULONG_PTR information = 0;
    status = Run(
        [&](PIRP irp) {
            return provider.Dispatch->WskSocket(provider.Client, AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                                WSK_FLAG_LISTEN_SOCKET, this, &listenDispatch_, nullptr, nullptr,
                                                nullptr, irp);
        },
        &information);
    WskReleaseProviderNPI(&registration_);
    if (!NT_SUCCESS(status)) {
        WskDeregister(&registration_);
        return status;
    }
    listener_ = reinterpret_cast<PWSK_SOCKET>(information);

    auto table = static_cast<const WSK_PROVIDER_LISTEN_DISPATCH *>(listener_->Dispatch);
    ULONG on = 1;
    SOCKADDR_IN address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = RtlUlongByteSwap(INADDR_LOOPBACK);
    status = Run([&](PIRP irp) {
        return table->Basic.WskControlSocket(listener_, WskSetOption, SO_CONDITIONAL_ACCEPT, SOL_SOCKET, sizeof(on),
                                             &on, 0, nullptr, nullptr, irp);
    });
    if (NT_SUCCESS(status)) {
        status =
            Run([&](PIRP irp) { return table->WskBind(listener_, reinterpret_cast<PSOCKADDR>(&address), 0, irp); });
    }
    if (NT_SUCCESS(status)) {
        status = Run(
            [&](PIRP irp) { return table->WskGetLocalAddress(listener_, reinterpret_cast<PSOCKADDR>(&address), irp); });
        port_ = RtlUshortByteSwap(address.sin_port);
    }
    if (!NT_SUCCESS(status)) {
        Stop();
    }
    return status;
}

void Gate::Stop()
{
    auto table = static_cast<const WSK_PROVIDER_LISTEN_DISPATCH *>(listener_->Dispatch);
    (void)Run([&](PIRP irp) { return table->WskCloseSocket(listener_, irp); });
    WskDeregister(&registration_);
}

Gate *gate;

} // namespace

extern "C" {

static VOID NTAPI GateUnload(PDRIVER_OBJECT)
{
    gate->Stop();
    ExFreePoolWithTag(gate, 'ateG');
    gate = nullptr;
}

static NTSTATUS NTAPI GateEntry(PDRIVER_OBJECT driver, PUNICODE_STRING)
{
    gate = static_cast<Gate *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Gate), 'ateG'));
    if (gate == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    driver->DriverUnload = GateUnload;
    NTSTATUS status = gate->Start();
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(gate, 'ateG');
        gate = nullptr;
    }
    return status;
}

} // extern "C"

/* --- its tests ------------------------------------------------------------------------------------------------------ */

static int load(void **state)
{
    PDRIVER_OBJECT driver;

    if (!NT_SUCCESS(wsk_emu_driver_load(GateEntry, "cxxgate", &driver))) {
        return -1;
    }
    *state = driver;
    return 0;
}

static int unload(void **state)
{
    wsk_emu_driver_unload(static_cast<PDRIVER_OBJECT>(*state));
    return 0;
}

static void test_cxx_driver_refuses_every_client(void **state)
{
    (void)state;
    struct wsk_kit_peer *first = wsk_kit_connect(WSK_KIT_IPV4, gate->Port());
    struct wsk_kit_peer *second = wsk_kit_connect(WSK_KIT_IPV4, gate->Port());

    wsk_kit_peer_expect_rejected(first);
    wsk_kit_peer_expect_rejected(second);
    assert_int_equal(gate->Refused(), 2);
}

static void test_cxx_guarded_block_catches_a_raise(void **state)
{
    volatile bool caught = false;

    (void)state;
    __try {
        ExRaiseStatus(STATUS_DATA_NOT_ACCEPTED);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        caught = static_cast<NTSTATUS>(GetExceptionCode()) == STATUS_DATA_NOT_ACCEPTED;
    }
    assert_true(caught);
}

static void test_cxx_expected_report_is_consumed(void **state)
{
    KSPIN_LOCK lock;

    (void)state;
    KeInitializeSpinLock(&lock);
    wsk_kit_expect_report("LOCK-010");
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeReleaseSpinLockFromDpcLevel(&lock);
    assert_int_equal(wsk_kit_report_count("LOCK-010"), 1);
}

/* The host's functions would read characters of 32 bits. */
static void test_cxx_wide_strings_have_sixteen_bits(void **state)
{
    const WCHAR *volatile text = L"abcd";
    WCHAR copy[5];

    (void)state;
    assert_int_equal(wcslen(text), 4);
    assert_int_equal(wcscpy_s(copy, 5, text), 0);
    assert_int_equal(wcscmp(copy, L"abcd"), 0);
    assert_int_equal(wcslen(__FUNCTIONW__), sizeof("test_cxx_wide_strings_have_sixteen_bits") - 1);
}

static const struct wsk_emu_config &live_config()
{
    static struct wsk_emu_config config = WSK_EMU_CONFIG_INIT;

    config.execution = WSK_EMU_EXECUTION_THREADS;
    config.network = WSK_EMU_NETWORK_SOCKETS;
    return config;
}

int main()
{
    const struct CMUnitTest tests[] = {
        wsk_emu_unit_test_setup_teardown(test_cxx_driver_refuses_every_client, load, unload),
        wsk_emu_unit_test_config(test_cxx_driver_refuses_every_client, load, unload, &live_config()),
        wsk_emu_unit_test(test_cxx_guarded_block_catches_a_raise),
        wsk_emu_unit_test(test_cxx_expected_report_is_consumed),
        wsk_emu_unit_test(test_cxx_wide_strings_have_sixteen_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
