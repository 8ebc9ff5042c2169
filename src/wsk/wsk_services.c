/* SPDX-License-Identifier: MIT */
/* The names of well-known ports: the same on every host, whatever its own list says. */
#include "wsk/wsk_lookup.h"

#include "base/base_assert.h"

#define TCP WE_SERVICE_TCP
#define UDP WE_SERVICE_UDP

struct service {
    const char *name;
    uint16_t port;
    unsigned protocols; /* enum we_wsk_service_protocol bits */
};

/* By port. Of two names of one port the first is the one that a port is turned into. */
static const struct service s_services[] = {
    { "echo", 7, TCP | UDP },
    { "discard", 9, TCP | UDP },
    { "daytime", 13, TCP | UDP },
    { "chargen", 19, TCP | UDP },
    { "ftp-data", 20, TCP },
    { "ftp", 21, TCP },
    { "ssh", 22, TCP },
    { "telnet", 23, TCP },
    { "smtp", 25, TCP },
    { "time", 37, TCP | UDP },
    { "domain", 53, TCP | UDP },
    { "bootps", 67, UDP },
    { "bootpc", 68, UDP },
    { "tftp", 69, UDP },
    { "gopher", 70, TCP },
    { "finger", 79, TCP },
    { "http", 80, TCP },
    { "www", 80, TCP },
    { "kerberos", 88, TCP | UDP },
    { "pop3", 110, TCP },
    { "sunrpc", 111, TCP | UDP },
    { "nntp", 119, TCP },
    { "ntp", 123, UDP },
    { "epmap", 135, TCP | UDP },
    { "netbios-ns", 137, TCP | UDP },
    { "netbios-dgm", 138, UDP },
    { "netbios-ssn", 139, TCP },
    { "imap", 143, TCP },
    { "snmp", 161, UDP },
    { "snmptrap", 162, UDP },
    { "ldap", 389, TCP },
    { "https", 443, TCP | UDP },
    { "microsoft-ds", 445, TCP | UDP },
    { "syslog", 514, UDP },
    { "printer", 515, TCP },
    { "ldaps", 636, TCP },
    { "imaps", 993, TCP },
    { "pop3s", 995, TCP },
    { "nfs", 2049, TCP | UDP },
    { "iscsi-target", 3260, TCP },
    { "ms-wbt-server", 3389, TCP },
};

static char lower(char character)
{
    return character >= 'A' && character <= 'Z' ? (char)(character - 'A' + 'a') : character;
}

static bool is_name(const char *name, const char *wanted)
{
    while (*name != '\0' && *name == lower(*wanted)) {
        name++;
        wanted++;
    }
    return *name == '\0' && *wanted == '\0';
}

bool we_wsk_service_find(const char *name, unsigned protocols, uint16_t *port)
{
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_services); i++) {
        if ((s_services[i].protocols & protocols) != 0 && is_name(s_services[i].name, name)) {
            *port = s_services[i].port;
            return true;
        }
    }
    return false;
}

const char *we_wsk_service_name(uint16_t port, enum we_wsk_service_protocol protocol)
{
    size_t i;

    for (i = 0; i < WE_ARRAY_COUNT(s_services); i++) {
        if (s_services[i].port == port && (s_services[i].protocols & (unsigned)protocol) != 0) {
            return s_services[i].name;
        }
    }
    return NULL;
}
