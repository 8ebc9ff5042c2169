/* SPDX-License-Identifier: MIT */
/* A driver in C++ that uses the older annotations, with the C++ library's headers behind those of the WDK. */
#include <ntddk.h>

#include <algorithm>
#include <utility>

extern "C" {
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD AnnotatedUnload;

__checkReturn NTSTATUS AnnotatedCopy(__in_ecount_opt(Count) const UCHAR *Source, __in_opt PULONG Key,
                                     __out_bcount_part(Size, *Count) __out_data_source(NETWORK) UCHAR *Target,
                                     _In_ ULONG Size, __inout PULONG Count);
}

_Use_decl_annotations_
VOID AnnotatedUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

/* Copies what fits, each byte combined with the key. */
__checkReturn NTSTATUS AnnotatedCopy(__in_ecount_opt(Count) const UCHAR *Source, __in_opt PULONG Key,
                                     __out_bcount_part(Size, *Count) __out_data_source(NETWORK) UCHAR *Target,
                                     _In_ ULONG Size, __inout PULONG Count)
{
    const ULONG key = Key != nullptr ? *Key : 0;

    if (Source == nullptr) {
        return STATUS_NDIS_ADAPTER_NOT_READY;
    }
    *Count = std::min(*Count, Size);
    std::transform(Source, Source + *Count, Target, [key](UCHAR byte) { return static_cast<UCHAR>(byte ^ key); });
    return STATUS_SUCCESS;
}

NTSTATUS DriverEntry(__in_opt PDRIVER_OBJECT DriverObject, __in_opt PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = AnnotatedUnload;
    return STATUS_SUCCESS;
}
