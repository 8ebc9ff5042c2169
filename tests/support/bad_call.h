/* SPDX-License-Identifier: MIT */
/* Calls of every function of the dispatch tables, right in everything but in what a test spoils. */
#ifndef WE_TEST_BAD_CALL_H
#define WE_TEST_BAD_CALL_H

#include "dgram_client.h"
#include "stream_socket.h"

enum subject {
    NOBODY, /* NULL */
    WILD,   /* memory that never was a socket */
    CLOSED,
    BASIC,
    LISTENER,    /* listens */
    CONDITIONAL, /* listens, and shows its requests */
    UNBOUND,     /* a connection socket, as the two that follow */
    BOUND,
    CONNECTED,
    DATAGRAM_UNBOUND,
    DATAGRAM,       /* bound */
    STREAM_UNBOUND, /* a stream socket, as the three that follow */
    STREAM_BOUND,
    STREAM_LISTENER,
    STREAM_CONNECTED,
    SUBJECT_COUNT
};

/* Which sockets a function is for. */
#define OF_ANY (1u << BASIC | OF_LISTENERS | OF_CONNECTIONS | OF_DATAGRAMS | OF_STREAMS)
#define OF_LISTENERS (1u << LISTENER | 1u << CONDITIONAL)
#define OF_CONNECTIONS (1u << UNBOUND | 1u << BOUND | 1u << CONNECTED)
#define OF_DATAGRAMS (1u << DATAGRAM_UNBOUND | 1u << DATAGRAM)
#define OF_STREAMS (1u << STREAM_UNBOUND | 1u << STREAM_BOUND | 1u << STREAM_LISTENER | 1u << STREAM_CONNECTED)

#define BYTES 16

struct scene {
    struct wsk_fixture *fixture;
    const WSK_PROVIDER_DISPATCH *provider;
    PWSK_CLIENT client;
    PWSK_SOCKET sockets[SUBJECT_COUNT];
    struct wsk_kit_peer *peer;
    struct wsk_kit_peer *stream_peer;
    struct wsk_kit_datagram_peer *datagram_peer;
    USHORT port; /* of the listener */
    USHORT stream_port;
    USHORT datagram_port;
    const WSK_PROVIDER_LISTEN_DISPATCH *listen;
    const WSK_PROVIDER_CONNECTION_DISPATCH *connection;
    const WSK_PROVIDER_STREAM_DISPATCH *stream;
    const WSK_PROVIDER_DATAGRAM_DISPATCH *datagram;
};

/* One call: right in everything when it is made, then spoiled in one thing. */
struct call {
    const struct scene *scene;
    PWSK_CLIENT client;
    PWSK_SOCKET socket;
    SOCKADDR_STORAGE storage;
    PSOCKADDR address;
    WSK_BUF buffer;
    WSK_BUF *buffer_pointer;
    MDL *mdl;
    WSK_BUF_LIST list[2]; /* both over the same bytes */
    WSK_BUF_LIST *list_pointer;
    char bytes[BYTES];
    ULONG flags;
    ADDRESS_FAMILY family;
    USHORT type;
    ULONG protocol;
    PVOID context;
    CONST VOID *dispatch;
    PETHREAD thread;
    WSK_CONTROL_SOCKET_TYPE request_type;
    ULONG code;
    ULONG level;
    ULONG value;
    WSK_EVENT_CALLBACK_CONTROL events;
    SIZE_T input_size;
    PVOID input;
    SIZE_T output_size;
    PVOID output;
    SIZE_T returned_size;
    SIZE_T *returned_size_pointer;
    WSK_INSPECT_ID inspect_id;
    WSK_INSPECT_ID *inspect_id_pointer;
    WSK_INSPECT_ACTION action;
    PWSK_DATA_INDICATION indication;
    PWSK_DATAGRAM_INDICATION datagrams;
    ULONG control_length;
    ULONG *control_length_pointer;
    PCMSGHDR control;
    _Alignas(CMSGHDR) char control_room[64];
    char room[64];
};

enum irp_need { IRP_REQUIRED, IRP_OPTIONAL, IRP_NONE };

struct function {
    const char *name;
    NTSTATUS (*call)(const struct call *call, PIRP irp);
    enum irp_need irp;
    unsigned subjects; /* bits of those that it is for; 0: a function of the provider's table */
};

enum irp_kind {
    GOOD_IRP,
    NO_IRP,
    FULL_IRP, /* without a stack location that is free */
    BUSY_IRP  /* pending in another call */
};

struct expected {
    NTSTATUS status;
    const char *report; /* or NULL */
};

/* All functions, and names for those that tests treat in a special way. */
extern const struct function *const bad_call_functions[];
extern const size_t bad_call_function_count;
extern const struct function fn_socket;
extern const struct function fn_socket_connect;
extern const struct function fn_get_address_info;
extern const struct function fn_get_name_info;
extern const struct function fn_control_client;
extern const struct function fn_control_socket;
extern const struct function fn_close;
extern const struct function fn_bind;
extern const struct function fn_accept;
extern const struct function fn_inspect_complete;
extern const struct function fn_get_local_address;
extern const struct function fn_get_remote_address;
extern const struct function fn_connect;
extern const struct function fn_connect_ex;
extern const struct function fn_send;
extern const struct function fn_send_ex;
extern const struct function fn_receive;
extern const struct function fn_receive_ex;
extern const struct function fn_disconnect;
extern const struct function fn_release;
extern const struct function fn_listen;
extern const struct function fn_send_to;
extern const struct function fn_send_messages;
extern const struct function fn_receive_from;
extern const struct function fn_release_datagrams;

const char *subject_name(enum subject subject);
void scene_open(struct scene *scene, struct wsk_fixture *fixture);
/* Everything works as before; then closes it. */
void scene_close(struct scene *scene);

/* A call with good arguments. call_end after it was made. */
void call_begin(struct call *call, const struct scene *scene, const struct function *function);
void call_end(struct call *call);
/* Makes the call and checks everything about its answer; what names it when it is wrong. */
void call_expect(const struct function *function, struct call *call, enum irp_kind kind,
                 const struct expected *expected, const char *what);

/* --- tables of wrong arguments ------------------------------------------------------------------ */

struct bad_row {
    const char *what;
    const struct function *function;
    enum subject subject; /* NOBODY: the one that call_begin chooses */
    enum irp_kind irp;
    void (*spoil)(struct call *call);
    struct expected expected;
};

void bad_rows_check(void **state, const struct bad_row *rows, size_t count);

/* S(name, statement): the function that spoils a call by this statement. */
#define S(name, statement)                      \
    static void spoil_##name(struct call *call) \
    {                                           \
        statement;                              \
    }

#endif
