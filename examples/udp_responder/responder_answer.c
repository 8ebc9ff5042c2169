/* SPDX-License-Identifier: MIT */
/* Responder, the answers.
 *
 * WskReceiveFromEvent gets a list of datagrams, takes it apart, and keeps each datagram that it answers: its MDLs go to
 * WskSendTo as they are, and WskRelease gives it back when that is complete. Those that it does not answer are given back at
 * once, inside of the callback. So the whole list is taken (STATUS_PENDING), whatever became of its elements.
 *
 * A machine has more than one address. A client that has asked one of them does not accept an answer from another, so the
 * control information of the question (IP_PKTINFO: the address to which it was sent, and the interface) goes with the
 * answer, where it chooses the source. A question to a broadcast or multicast address cannot be answered from there: the
 * interface stays, the address is up to the system. */
#include "responder_private.h"

#define PKTINFO_SPACE WSA_CMSG_SPACE(sizeof(IN6_PKTINFO)) /* the larger one */

/* An answer under way. */
typedef struct _RESPONDER_ANSWER {
    RESPONDER_REQUEST Request;
    PRESPONDER_DEVICE Device;
    PWSK_DATAGRAM_INDICATION Question; /* ours until WskRelease */
    ULONG ControlLength;               /* 0: none */
    union {
        CMSGHDR Header;
        UCHAR Bytes[PKTINFO_SPACE];
    } Control; /* valid until WskSendTo is complete, as documented */
} RESPONDER_ANSWER, *PRESPONDER_ANSWER;

CONST SIZE_T ResponderAnswerSize = sizeof(RESPONDER_ANSWER);

static IO_COMPLETION_ROUTINE AnswerComplete;

/*
 * Control information.
 */

/* Copies the one object that is of use, if it is there: when memory is short WSK may leave control information out. */
static VOID AnswerFromWhereAsked(_Inout_ PRESPONDER_ANSWER Answer, _In_ CONST WSK_DATAGRAM_INDICATION *Question,
                                 _In_ ULONG Flags)
{
    WSAMSG message;
    PCMSGHDR object;

    RtlZeroMemory(&message, sizeof(message));
    message.Control.buf = (CHAR *)Question->ControlInfo;
    message.Control.len = Question->ControlInfoLength;
    Answer->ControlLength = 0;
    for (object = WSA_CMSG_FIRSTHDR(&message); object != NULL; object = WSA_CMSG_NXTHDR(&message, object)) {
        PIN_PKTINFO ipv4 = (PIN_PKTINFO)WSA_CMSG_DATA(&Answer->Control.Header);
        PIN6_PKTINFO ipv6 = (PIN6_PKTINFO)WSA_CMSG_DATA(&Answer->Control.Header);
        BOOLEAN isIpv4 = object->cmsg_level == IPPROTO_IP && object->cmsg_type == IP_PKTINFO &&
                         object->cmsg_len == WSA_CMSG_LEN(sizeof(*ipv4));
        BOOLEAN isIpv6 = object->cmsg_level == IPPROTO_IPV6 && object->cmsg_type == IPV6_PKTINFO &&
                         object->cmsg_len == WSA_CMSG_LEN(sizeof(*ipv6));

        if (isIpv4 || isIpv6) {
            RtlZeroMemory(&Answer->Control, sizeof(Answer->Control));
            RtlCopyMemory(&Answer->Control, object, object->cmsg_len);
            Answer->ControlLength = (ULONG)(isIpv4 ? WSA_CMSG_SPACE(sizeof(*ipv4)) : WSA_CMSG_SPACE(sizeof(*ipv6)));
            if (Flags & (MSG_BCAST | MSG_MCAST)) {
                if (isIpv4) {
                    RtlZeroMemory(&ipv4->ipi_addr, sizeof(ipv4->ipi_addr));
                } else {
                    RtlZeroMemory(&ipv6->ipi6_addr, sizeof(ipv6->ipi6_addr));
                }
            }
        }
    }
}

/*
 * Answers.
 */

static VOID AnswerFree(_In_ PRESPONDER_ANSWER Answer)
{
    PRESPONDER_DEVICE device = Answer->Device;

    ExFreeToNPagedLookasideList(&device->Answers, Answer); /* with the IRP */
    InterlockedDecrement(&device->AnswerCount);
}

/* NULL: the question is dropped. */
static PRESPONDER_ANSWER AnswerAllocate(_Inout_ PRESPONDER_DEVICE Device)
{
    PRESPONDER_ANSWER answer = NULL;

    if ((ULONG)InterlockedIncrement(&Device->AnswerCount) <= Device->Config.MaxAnswers) {
        answer = ExAllocateFromNPagedLookasideList(&Device->Answers);
    }
    if (answer == NULL) {
        InterlockedDecrement(&Device->AnswerCount);
        return NULL;
    }
    answer->Device = Device;
    ResponderRequestInitialize(&answer->Request);
    return answer;
}

/* The caller has a use. The answer may be complete, and the question gone, before WskSendTo returns; it takes the address
 * and the description of the buffer from us in the call. */
static VOID AnswerStart(_In_ PRESPONDER_ANSWER Answer, _Inout_ PRESPONDER_DEVICE Device,
                        _In_ PWSK_DATAGRAM_INDICATION Question, _In_ ULONG Flags)
{
    WSK_BUF buffer = Question->Buffer;

    Answer->Question = Question;
    AnswerFromWhereAsked(Answer, Question, Flags);
    InterlockedIncrement(&Device->Uses);
    (void)Device->Dispatch->WskSendTo(Device->Socket, &buffer, 0, Question->RemoteAddress, Answer->ControlLength,
                                      Answer->ControlLength != 0 ? &Answer->Control.Header : NULL,
                                      ResponderRequestPrepare(&Answer->Request, AnswerComplete, Answer));
}

_Use_decl_annotations_
static NTSTATUS AnswerComplete(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PRESPONDER_ANSWER answer = (PRESPONDER_ANSWER)Context;
    PRESPONDER_DEVICE device = answer->Device;

    UNREFERENCED_PARAMETER(DeviceObject);
    if (NT_SUCCESS(Irp->IoStatus.Status)) {
        InterlockedIncrement(&ResponderCounters.Answered);
    } else {
        InterlockedIncrement(&ResponderCounters.Failed);
    }
    (void)device->Dispatch->WskRelease(device->Socket, answer->Question);
    AnswerFree(answer);
    ResponderRelease(device);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/*
 * The event.
 */

/* Two responders on ports of the same number would answer each other for ever. */
static BOOLEAN IsFromPortLikeOurs(_In_ PRESPONDER_DEVICE Device, _In_ CONST SOCKADDR *Remote)
{
    return RtlUshortByteSwap(((CONST SOCKADDR_IN *)Remote)->sin_port) == Device->Port;
}

_Use_decl_annotations_
NTSTATUS WSKAPI ResponderReceiveFromEvent(PVOID SocketContext, ULONG Flags, PWSK_DATAGRAM_INDICATION DataIndication)
{
    PRESPONDER_DEVICE device = (PRESPONDER_DEVICE)SocketContext;
    PWSK_DATAGRAM_INDICATION question;
    PRESPONDER_ANSWER answer;

    if (DataIndication == NULL) {
        ResponderStop(device); /* the socket is dead: it is closed when the answers are done */
        return STATUS_SUCCESS;
    }
    if (!ResponderAcquire(device)) {
        return STATUS_SUCCESS; /* taken, and forgotten */
    }
    while (DataIndication != NULL) {
        question = DataIndication;
        DataIndication = question->Next;
        question->Next = NULL; /* given back alone */
        InterlockedIncrement(&ResponderCounters.Received);
        answer = IsFromPortLikeOurs(device, question->RemoteAddress) ? NULL : AnswerAllocate(device);
        if (answer != NULL) {
            AnswerStart(answer, device, question, Flags);
        } else {
            InterlockedIncrement(&ResponderCounters.Dropped);
            (void)device->Dispatch->WskRelease(device->Socket, question);
        }
    }
    ResponderRelease(device);
    return STATUS_PENDING;
}
