/* SPDX-License-Identifier: MIT */
/* For tests of multicast groups: a socket that enters them, in each way there is to say so, and somebody who sends. */
#ifndef WE_TEST_GROUP_SCENE_H
#define WE_TEST_GROUP_SCENE_H

#include "dgram_client.h"

enum group_change {
    GROUP_JOIN,
    GROUP_LEAVE,
    GROUP_BLOCK,
    GROUP_UNBLOCK,
    GROUP_JOIN_SOURCE,
    GROUP_LEAVE_SOURCE,
    GROUP_CHANGE_COUNT
};

/* How a change is said. */
enum group_form {
    GROUP_BY_MREQ, /* IP_..._MEMBERSHIP and IP_..._SOURCE, with IP_MREQ and IP_MREQ_SOURCE */
    GROUP_BY_REQ,  /* MCAST_..., with GROUP_REQ and GROUP_SOURCE_REQ */
    GROUP_BY_REQ6, /* the same of IPv6 */
    GROUP_FORM_COUNT
};

struct group_scene {
    enum group_form form;
    ADDRESS_FAMILY family;
    struct dgram_client *client; /* bound to the wildcard address; in no group; records what comes */
    PWSK_SOCKET sender;
    ULONG interface_index; /* where client and sender find each other */
    SOCKADDR_STORAGE group;
    SOCKADDR_STORAGE source;   /* what the client sees of the sender */
    SOCKADDR_STORAGE stranger; /* an address beside it, from which nothing comes */
    ULONG seen_count;
};

/* False: the machine has no interface on which multicasts of this family come back. Never on the virtual network. */
bool group_scene_open(struct group_scene *scene, struct wsk_fixture *fixture, enum group_form form);
void group_scene_close(struct group_scene *scene);
/* Changes a socket's membership; source NULL for the changes that have none. */
NTSTATUS group_order(const struct group_scene *scene, PWSK_SOCKET socket, enum group_change change,
                     const SOCKADDR_STORAGE *source);
/* The same of the scene's client, and the status that is expected. */
void group_expect(const struct group_scene *scene, enum group_change change, const SOCKADDR_STORAGE *source,
                  NTSTATUS status);
/* To the scene's group at a port. */
void group_send(const struct group_scene *scene, PWSK_SOCKET sender, USHORT port, const char *text);
/* The sender sends to the group: the client hears it; or it hears the next datagram, which is to itself alone. */
void group_expect_heard(struct group_scene *scene);
void group_expect_unheard(struct group_scene *scene);
/* An address that differs from another in its last byte. */
SOCKADDR_STORAGE group_address_beside(const SOCKADDR_STORAGE *address, UCHAR distance);

#endif
