/* SPDX-License-Identifier: MIT */
/* Control information of datagrams in Windows' layout. */
#include "wsk/wsk_cmsg.h"

#include <string.h>

#include "wsk/wsk_socket.h"

#include "base/base_assert.h"
#include "vrf/vrf_report.h"

/* Design
 *
 * Over which protocol a datagram travelled decides about the level of its objects: IPv4 gives objects of level
 * IPPROTO_IP, on a dual-stack socket too, as far as the option of that level was set. A dual-stack socket that has set
 * IPv6's options alone gets IPv6's objects, with a mapped address.
 *
 * Clients' memory is read and written through copies: nothing says that it is aligned.
 */

#define ECN_MASK 3
#define HEADER_BYTES WSA_CMSGDATA_ALIGN(sizeof(CMSGHDR))

bool we_wsk_cmsg_wants_details(const struct we_wsk_dgram_options *options)
{
    return (options->v4_hop_limit | options->v6_hop_limit | options->v4_traffic_class | options->v6_traffic_class |
            options->v4_ecn | options->v6_ecn) != 0;
}

/* --- received ------------------------------------------------------------------------------------- */

struct writer {
    unsigned char *control;
    ULONG size_bytes;
    ULONG used_bytes;
    bool is_cut;
};

static void write_object(struct writer *writer, INT level, INT type, const void *data, ULONG length_bytes)
{
    ULONG space_bytes = (ULONG)WSA_CMSG_SPACE(length_bytes);
    CMSGHDR header;

    if (writer->size_bytes - writer->used_bytes < space_bytes) {
        writer->is_cut = true;
        return;
    }
    memset(writer->control + writer->used_bytes, 0, space_bytes);
    header.cmsg_len = WSA_CMSG_LEN(length_bytes);
    header.cmsg_level = level;
    header.cmsg_type = type;
    memcpy(writer->control + writer->used_bytes, &header, sizeof(header));
    memcpy(writer->control + writer->used_bytes + HEADER_BYTES, data, length_bytes);
    writer->used_bytes += space_bytes;
}

static void write_v4_pktinfo(struct writer *writer, const struct we_host_dgram *about)
{
    IN_PKTINFO info;

    memset(&info, 0, sizeof(info));
    memcpy(&info.ipi_addr, about->local.bytes, sizeof(info.ipi_addr));
    info.ipi_ifindex = about->interface_index;
    write_object(writer, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void write_v6_pktinfo(struct writer *writer, const struct we_host_dgram *about)
{
    struct we_base_addr local = we_base_addr_mapped(&about->local);
    IN6_PKTINFO info;

    memset(&info, 0, sizeof(info));
    memcpy(&info.ipi6_addr, local.bytes, sizeof(info.ipi6_addr));
    info.ipi6_ifindex = about->interface_index;
    write_object(writer, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
}

/* A number that has one object for each protocol. */
struct number {
    ULONG wants_v4;
    ULONG wants_v6;
    INT v4_type;
    INT v6_type;
    INT value; /* WE_DGRAM_NONE: not known */
};

static void write_number(struct writer *writer, const struct number *number, bool is_v4)
{
    if (number->value == WE_DGRAM_NONE) {
        return;
    }
    if (is_v4 && number->wants_v4) {
        write_object(writer, IPPROTO_IP, number->v4_type, &number->value, sizeof(number->value));
    } else if (number->wants_v6) {
        write_object(writer, IPPROTO_IPV6, number->v6_type, &number->value, sizeof(number->value));
    }
}

ULONG we_wsk_cmsg_write(const struct we_wsk_dgram_options *options, const struct we_host_dgram *about,
                        ULONG segment_bytes, void *control, ULONG size_bytes, bool *is_cut)
{
    const INT ecn = about->traffic_class == WE_DGRAM_NONE ? WE_DGRAM_NONE : about->traffic_class & ECN_MASK;
    const struct number numbers[] = {
        { options->v4_hop_limit, options->v6_hop_limit, IP_TTL, IPV6_HOPLIMIT, about->hop_limit },
        { options->v4_traffic_class, options->v6_traffic_class, IP_TOS, IPV6_TCLASS, about->traffic_class },
        { options->v4_ecn, options->v6_ecn, IP_ECN, IPV6_ECN, ecn },
        { options->v4_arrival_interface, options->v6_arrival_interface, IP_ORIGINAL_ARRIVAL_IF,
          IPV6_ORIGINAL_ARRIVAL_IF, (INT)about->interface_index },
    };
    struct writer writer = { control, control == NULL ? 0 : size_bytes, 0, false };
    bool is_v4 = about->local.family == WE_FAMILY_IPV4;

    if (about->local.family != WE_FAMILY_NONE) {
        if (is_v4 && options->v4_pktinfo) {
            write_v4_pktinfo(&writer, about);
        } else if (options->v6_pktinfo) {
            write_v6_pktinfo(&writer, about);
        }
        for (size_t i = 0; i < WE_ARRAY_COUNT(numbers); i++) {
            write_number(&writer, &numbers[i], is_v4);
        }
    }
    if (segment_bytes != 0) {
        write_object(&writer, IPPROTO_UDP, UDP_COALESCED_INFO, &segment_bytes, sizeof(segment_bytes));
    }
    *is_cut = writer.is_cut;
    return writer.used_bytes;
}

/* --- sent ----------------------------------------------------------------------------------------- */

struct object {
    CMSGHDR header;
    const unsigned char *data;
    SIZE_T length_bytes;
};

static bool object_copy(const struct object *object, void *to, SIZE_T length_bytes)
{
    if (object->length_bytes < length_bytes) {
        return false;
    }
    memcpy(to, object->data, length_bytes);
    return true;
}

static bool read_v4_pktinfo(const struct object *object, struct we_host_dgram *dgram)
{
    IN_PKTINFO info;

    if (!object_copy(object, &info, sizeof(info)) || we_base_addr_unmapped(&dgram->remote).family != WE_FAMILY_IPV4) {
        return false;
    }
    dgram->local = we_base_addr_any(WE_FAMILY_IPV4, 0);
    memcpy(dgram->local.bytes, &info.ipi_addr, sizeof(info.ipi_addr));
    dgram->interface_index = info.ipi_ifindex;
    return true;
}

static bool read_v6_pktinfo(const struct object *object, struct we_host_dgram *dgram)
{
    enum we_base_family travels = we_base_addr_unmapped(&dgram->remote).family;
    struct we_base_addr local = we_base_addr_any(WE_FAMILY_IPV6, 0);
    IN6_PKTINFO info;

    if (!object_copy(object, &info, sizeof(info))) {
        return false;
    }
    memcpy(local.bytes, &info.ipi6_addr, sizeof(info.ipi6_addr));
    local = we_base_addr_is_any(&local) ? we_base_addr_any(travels, 0) : we_base_addr_unmapped(&local);
    if (local.family != travels) {
        return false;
    }
    dgram->local = local;
    dgram->interface_index = info.ipi6_ifindex;
    return true;
}

static bool read_byte(const struct object *object, int *value)
{
    INT number;

    if (!object_copy(object, &number, sizeof(number)) || number < 0 || number > UINT8_MAX) {
        return false;
    }
    *value = number;
    return true;
}

/* No datagram gets anywhere with 0. */
static bool read_hop_limit(const struct object *object, struct we_host_dgram *dgram)
{
    return read_byte(object, &dgram->hop_limit) && dgram->hop_limit > 0;
}

static bool read_ecn(const struct object *object, struct we_host_dgram *dgram)
{
    int ecn;

    if (!read_byte(object, &ecn) || (ecn & ~ECN_MASK) != 0) {
        return false;
    }
    dgram->traffic_class = (dgram->traffic_class == WE_DGRAM_NONE ? 0 : dgram->traffic_class & ~ECN_MASK) | ecn;
    return true;
}

/* The types of both levels that a sender may use have the same numbers, but for the names of the first ones. */
WE_STATIC_ASSERT(IP_ECN == IPV6_ECN && IP_TCLASS == IPV6_TCLASS && IP_HOPLIMIT == IPV6_HOPLIMIT,
                 "control objects of IPv4 and IPv6 have the same types");

static bool read_ip(const struct object *object, struct we_host_dgram *dgram)
{
    bool is_v4 = object->header.cmsg_level == IPPROTO_IP;

    switch (object->header.cmsg_type) {
    case IP_PKTINFO:
        return is_v4 ? read_v4_pktinfo(object, dgram) : read_v6_pktinfo(object, dgram);
    case IP_TTL:
        return !is_v4 || read_hop_limit(object, dgram);
    case IP_HOPLIMIT:
        return read_hop_limit(object, dgram);
    case IP_TOS:
        return !is_v4 || read_byte(object, &dgram->traffic_class);
    case IP_TCLASS:
        return read_byte(object, &dgram->traffic_class);
    case IP_ECN:
        return read_ecn(object, dgram);
    default:
        return true;
    }
}

static bool read_object(const struct object *object, struct we_host_dgram *dgram, ULONG *segment_bytes)
{
    if (object->length_bytes == 0) {
        return true; /* real drivers pad with empty objects */
    }
    switch (object->header.cmsg_level) {
    case IPPROTO_IP:
    case IPPROTO_IPV6:
        return read_ip(object, dgram);
    case IPPROTO_UDP:
        return object->header.cmsg_type != UDP_SEND_MSG_SIZE ||
               object_copy(object, segment_bytes, sizeof(*segment_bytes));
    default:
        return true;
    }
}

/* The object at offset; what is wrong with its place or length, or NULL. */
static const char *object_find(const unsigned char *control, ULONG size_bytes, ULONG offset, struct object *object)
{
    if (size_bytes - offset < sizeof(object->header)) {
        return "ends inside a header";
    }
    memcpy(&object->header, control + offset, sizeof(object->header));
    if (object->header.cmsg_len < sizeof(object->header)) {
        return "is shorter than its own header";
    }
    if (object->header.cmsg_len > size_bytes - offset) {
        return "is longer than the rest of the control information";
    }
    object->data = control + offset + HEADER_BYTES;
    object->length_bytes = object->header.cmsg_len < HEADER_BYTES ? 0 : object->header.cmsg_len - HEADER_BYTES;
    return NULL;
}

static NTSTATUS report_object(const struct we_wsk_socket *socket, ULONG offset, const char *fault, const char *function)
{
    (void)we_vrf_report_entry(WE_RULE_SOCK_028, &socket->entry,
                              "%s was called for socket %p with a control object at byte %u that %s", function,
                              (const void *)socket, (unsigned)offset, fault);
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS we_wsk_cmsg_read(const struct we_wsk_socket *socket, const void *control, ULONG size_bytes,
                          struct we_host_dgram *dgram, ULONG *segment_bytes, const char *function)
{
    SIZE_T offset = 0;

    /* Each turn moves by a header at least. */
    while (offset < size_bytes) {
        struct object object;
        const char *fault = object_find(control, size_bytes, (ULONG)offset, &object);

        if (fault != NULL) {
            return report_object(socket, (ULONG)offset, fault, function);
        }
        if (!read_object(&object, dgram, segment_bytes)) {
            return report_object(socket, (ULONG)offset, "does not fit its type or the datagram", function);
        }
        offset += WSA_CMSGHDR_ALIGN(object.header.cmsg_len);
    }
    return STATUS_SUCCESS;
}
