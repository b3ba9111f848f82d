/* net.h: IP addresses and nets: 192.0.2.1, 192.0.2.0/24, 2001:db8::/32. */
#ifndef NET_H
#define NET_H

#include <maillog/base.h>

#include <stdbool.h>

typedef struct ip_net {
    uint8_t ip[16]; /* IPv4 as ::ffff:a.b.c.d */
    unsigned bits;  /* of 128 */
} ip_net;

typedef enum net_error { NET_OK, NET_NO_IP, NET_BAD_BITS } net_error;

net_error net_parse(maillog_str text, ip_net *out);
bool net_has(const ip_net *net, maillog_str ip);

#endif
